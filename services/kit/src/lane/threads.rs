//! The threads of the short way, which do nothing but answer what is ready.
//!
//! On the threads that everything else runs on a reader would wait behind whatever is at work there, and a scheduler that
//! moves work between threads costs each request some. Here a connection stays with its thread.

use std::{io, pin::Pin, thread};

use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

type Carried = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The threads, each of which takes every so many connections. They end when this is dropped, with what is still open
/// there.
#[derive(Debug)]
pub struct Lanes {
    lanes: Vec<UnboundedSender<Carried>>,
    next: usize,
}

impl Lanes {
    /// Starts as many as the runtime that it is called on has threads.
    ///
    /// # Errors
    /// If the system has no threads left.
    pub fn start() -> io::Result<Self> {
        let count = Handle::current().metrics().num_workers();
        let lanes = (0..count).map(|_| start()).collect::<io::Result<_>>()?;
        Ok(Self { lanes, next: 0 })
    }

    /// Has the next thread carry a connection.
    pub(crate) fn spawn(&mut self, connection: impl Future<Output = ()> + Send + 'static) {
        self.next = (self.next + 1) % self.lanes.len();
        if self.lanes[self.next].send(Box::pin(connection)).is_err() {
            tracing::error!("a thread for readers is gone");
        }
    }
}

fn start() -> io::Result<UnboundedSender<Carried>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (lane, connections) = unbounded_channel();
    thread::Builder::new().name("lane".to_owned()).spawn(move || carry(&runtime, connections))?;
    Ok(lane)
}

fn carry(runtime: &Runtime, mut connections: UnboundedReceiver<Carried>) {
    runtime.block_on(async {
        while let Some(connection) = connections.recv().await {
            tokio::spawn(connection);
        }
    });
}
