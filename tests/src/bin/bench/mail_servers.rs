//! Postfix's programs for measuring: smtp-sink, which takes every mail and drops it, and smtp-source, which sends as fast
//! as it can with nothing to compose and nothing to keep.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use pharos_tests::eventually;

use super::machine;

/// A running smtp-sink.
#[derive(Debug)]
pub(crate) struct Sink {
    child: Child,
    pub(crate) address: SocketAddr,
}

fn program(name: &str) -> anyhow::Result<Command> {
    let path = machine::tree().join(".tools/mail/bin").join(name);
    anyhow::ensure!(path.is_file(), "{name} is not there; run: make mail-servers");
    Ok(Command::new(path))
}

impl Sink {
    /// On a free port, with room for many sessions.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut command = program("smtp-sink")?;
        if rustix::process::geteuid().is_root() {
            command.args(["-u", "nobody"]);
        }
        command.args(["-m", "400", &address.to_string(), "1000"]).stdin(Stdio::null());
        let child = command.spawn().context("smtp-sink does not start")?;
        let sink = Self { child, address };
        eventually("smtp-sink to listen", || std::future::ready(TcpStream::connect(address).ok())).await;
        Ok(sink)
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}?tls=never", self.address)
    }

    /// Its CPU seconds so far.
    pub(crate) fn cpu(&self) -> f64 {
        machine::cpu(self.child.id())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// So many mails by smtp-source to this server, over so many connections that it keeps, each with a payload of `octets`.
pub(crate) async fn source(
    to: SocketAddr,
    count: usize,
    connections: usize,
    octets: usize,
) -> anyhow::Result<Duration> {
    let mut command = tokio::process::Command::from(program("smtp-source")?);
    command
        .args(["-d", "-l", &octets.to_string(), "-m", &count.to_string(), "-s", &connections.to_string()])
        .args(["-f", "status@localhost", "-t", "reader@example.net", &to.to_string()])
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let began = Instant::now();
    let status = command.status().await.context("smtp-source does not start")?;
    anyhow::ensure!(status.success(), "smtp-source: {status}");
    Ok(began.elapsed())
}
