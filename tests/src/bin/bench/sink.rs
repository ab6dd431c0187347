//! A mail server that only counts: a few microseconds a mail, so that it is not what is measured.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The sink. It takes everything.
#[derive(Debug)]
pub(crate) struct FastSink {
    pub(crate) address: SocketAddr,
    heard: Arc<Heard>,
    _stop: DropGuard,
}

#[derive(Debug)]
struct Heard {
    mails: AtomicUsize,
    /// Whose mails are noted.
    watched: &'static str,
    noted: Mutex<Vec<(String, Instant)>>,
}

impl FastSink {
    /// One on a free port that notes the mails to the addresses of this domain.
    pub(crate) fn start(watched: &'static str) -> anyhow::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let heard = Arc::new(Heard { mails: AtomicUsize::new(0), watched, noted: Mutex::default() });
        let stop = CancellationToken::new();
        let (taker, ending) = (Arc::clone(&heard), stop.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        // a thread of its own: what is timed beside it must not wait for it
        std::thread::spawn(move || {
            runtime.block_on(ending.run_until_cancelled_owned(async move {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                while let Ok((stream, _)) = listener.accept().await {
                    let heard = Arc::clone(&taker);
                    // a client that is gone is none that is waited for
                    tokio::spawn(async move { converse(stream, &heard).await.ok() });
                }
            }))
        });
        Ok(Self { address, heard, _stop: stop.drop_guard() })
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}?tls=never", self.address)
    }

    /// How many mails came.
    pub(crate) fn mails(&self) -> usize {
        self.heard.mails.load(Ordering::Relaxed)
    }

    /// The noted mails since the last call: to whom and when.
    pub(crate) fn take_noted(&self) -> Vec<(String, Instant)> {
        std::mem::take(&mut *self.heard.noted())
    }

    /// How many noted mails wait to be taken.
    pub(crate) fn noted(&self) -> usize {
        self.heard.noted().len()
    }
}

impl Heard {
    fn noted(&self) -> std::sync::MutexGuard<'_, Vec<(String, Instant)>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, recipient: &str) {
        self.mails.fetch_add(1, Ordering::Relaxed);
        if recipient.ends_with(self.watched) {
            self.noted().push((recipient.to_owned(), Instant::now()));
        }
    }
}

async fn converse(stream: TcpStream, heard: &Heard) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::with_capacity(64 * 1024, read);
    let mut replies = b"220 sink ESMTP\r\n".to_vec();
    let (mut line, mut recipient, mut in_message) = (Vec::new(), String::new(), false);
    loop {
        // one write for all that came in one group
        if read.buffer().is_empty() && !replies.is_empty() {
            write.write_all(&replies).await?;
            replies.clear();
        }
        line.clear();
        if read.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        if in_message {
            if line == b".\r\n" {
                in_message = false;
                heard.take(&recipient);
                replies.extend_from_slice(b"250 2.0.0 taken\r\n");
            }
            continue;
        }
        let reply: &[u8] = match line.get(..4) {
            Some(b"EHLO") => b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n",
            Some(b"RCPT") => {
                let text = String::from_utf8_lossy(&line);
                let address = text.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
                recipient = address.map_or_else(String::new, |(address, _)| address.to_owned());
                b"250 2.1.5 ok\r\n"
            }
            Some(b"DATA") => {
                in_message = true;
                b"354 go on\r\n"
            }
            Some(b"QUIT") => {
                replies.extend_from_slice(b"221 2.0.0 bye\r\n");
                return write.write_all(&replies).await;
            }
            Some(_) | None => b"250 2.0.0 ok\r\n",
        };
        replies.extend_from_slice(reply);
    }
}
