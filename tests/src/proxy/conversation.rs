//! One conversation through the proxy: who said what, and what gets through.

use std::{
    collections::VecDeque,
    io::ErrorKind,
    mem,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::net::{
    TcpStream,
    tcp::{OwnedReadHalf, OwnedWriteHalf},
};
use tokio_util::sync::CancellationToken;

use super::{Shared, Stage, Trouble, reset};

pub(super) async fn converse(
    client: TcpStream,
    target: SocketAddr,
    shared: Arc<Shared>,
    away: CancellationToken,
) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let talk = Arc::new(Mutex::new(Talk::default()));
    let mut up = Up { talk: Arc::clone(&talk), shared: Arc::clone(&shared), line: Vec::new() };
    let mut down = Down { talk, shared, reply: Vec::new(), ill: None };
    let ended = tokio::select! {
        () = away.cancelled() => Ended::Reset,
        ended = up.run(&from_client, &to_server) => ended,
        ended = down.run(&from_server, to_client) => ended,
    };
    if ended == Ended::Reset {
        reset(from_client.as_ref());
        reset(from_server.as_ref());
    }
}

/// Reads what is there; none if the other side is gone.
async fn read(from: &TcpStream, buffer: &mut [u8]) -> Option<usize> {
    loop {
        from.readable().await.ok()?;
        match from.try_read(buffer) {
            Ok(0) => return None,
            Ok(count) => return Some(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return None,
        }
    }
}

/// Writes it all; none if the other side is gone.
async fn write(to: &TcpStream, mut bytes: &[u8]) -> Option<()> {
    while !bytes.is_empty() {
        to.writable().await.ok()?;
        match to.try_write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return None,
        }
    }
    Some(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Closed,
    Reset,
}

/// What the client said that was not answered yet, and what its next line is.
#[derive(Debug, Default)]
struct Talk {
    awaited: VecDeque<Stage>,
    is_text: bool,
    is_body_begun: bool,
}

impl Talk {
    fn heard(&mut self, line: &[u8]) -> Stage {
        let stage = if self.is_text {
            match line {
                b".\r\n" => {
                    self.is_text = false;
                    Stage::Dot
                }
                _ => return Stage::Body,
            }
        } else {
            match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_slice() {
                b"EHLO" | b"HELO" => Stage::Ehlo,
                b"MAIL" => Stage::Mail,
                b"RCPT" => Stage::Rcpt,
                b"DATA" => Stage::Data,
                _ => Stage::Other,
            }
        };
        self.awaited.push_back(stage);
        stage
    }

    /// The stage that this reply answers.
    fn answered(&mut self, code: &[u8]) -> Stage {
        let stage = self.awaited.pop_front().unwrap_or(Stage::Greeting);
        if stage == Stage::Data && code == b"354" {
            (self.is_text, self.is_body_begun) = (true, false);
        }
        stage
    }
}

fn lock(talk: &Mutex<Talk>) -> MutexGuard<'_, Talk> {
    talk.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Up {
    talk: Arc<Mutex<Talk>>,
    shared: Arc<Shared>,
    /// The beginning of a line.
    line: Vec<u8>,
}

impl Up {
    async fn run(&mut self, from: &OwnedReadHalf, to: &OwnedWriteHalf) -> Ended {
        let (mut buffer, mut out) = (vec![0; 64 * 1024], Vec::new());
        while let Some(count) = read(from.as_ref(), &mut buffer).await {
            let is_reset = self.pass(&buffer[..count], &mut out);
            if write(to.as_ref(), &out).await.is_none() {
                break;
            }
            out.clear();
            if is_reset {
                return Ended::Reset;
            }
        }
        Ended::Closed
    }

    /// Lets lines through; `true` if the connection is to be reset.
    fn pass(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> bool {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (rest, after) = bytes.split_at(end + 1);
            self.line.extend_from_slice(rest);
            bytes = after;
            let stage = lock(&self.talk).heard(&self.line);
            let is_first = stage != Stage::Body || !mem::replace(&mut lock(&self.talk).is_body_begun, true);
            if is_first && self.shared.trouble(stage, true).is_some() {
                if stage == Stage::Body {
                    out.extend_from_slice(&self.line[..self.line.len() / 2]);
                }
                return true;
            }
            out.append(&mut self.line);
        }
        self.line.extend_from_slice(bytes);
        false
    }
}

/// What a conversation suffers from until it is healed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Illness {
    Silent,
    Slow,
}

struct Down {
    talk: Arc<Mutex<Talk>>,
    shared: Arc<Shared>,
    /// The lines of a reply that is not complete.
    reply: Vec<u8>,
    /// Since the healing with this number.
    ill: Option<(Illness, u64)>,
}

/// What becomes of the server's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    GoOn,
    Close,
    Reset,
}

impl Down {
    async fn run(&mut self, from: &OwnedReadHalf, to: OwnedWriteHalf) -> Ended {
        let (mut buffer, mut out) = (vec![0; 64 * 1024], Vec::new());
        while let Some(count) = read(from.as_ref(), &mut buffer).await {
            let delay = *self.shared.delay.borrow();
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            let then = self.pass(&buffer[..count], &mut out);
            if self.send(&to, &mut out).await.is_none() {
                break;
            }
            match then {
                Then::GoOn => {}
                Then::Reset => return Ended::Reset,
                Then::Close => {
                    // Dropped, it says that nothing more comes; the client's own words are still taken.
                    drop(to);
                    std::future::pending::<()>().await;
                    break;
                }
            }
        }
        Ended::Closed
    }

    /// Lets whole replies through, up to one that is in trouble.
    fn pass(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Then {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (rest, after) = bytes.split_at(end + 1);
            let begun = self.reply.len() - self.reply.iter().rev().take_while(|byte| **byte != b'\n').count();
            self.reply.extend_from_slice(rest);
            bytes = after;
            let line = &self.reply[begun..];
            if line.get(3) == Some(&b'-') {
                continue;
            }
            let code = [0, 1, 2].map(|at| line.get(at).copied().unwrap_or_default());
            let then = self.pass_one(code, out);
            if then != Then::GoOn {
                return then;
            }
        }
        self.reply.extend_from_slice(bytes);
        Then::GoOn
    }

    /// Takes a whole reply.
    fn pass_one(&mut self, code: [u8; 3], out: &mut Vec<u8>) -> Then {
        let stage = lock(&self.talk).answered(&code);
        let trouble = self.shared.trouble(stage, false);
        let healed = *self.shared.healed.borrow();
        match trouble {
            None => {}
            Some(Trouble::Silence) => self.ill = Some((Illness::Silent, healed)),
            Some(Trouble::OneByteASecond) => self.ill = Some((Illness::Slow, healed)),
            Some(Trouble::HalfClose) => return Then::Close,
            Some(Trouble::Says(words)) => {
                out.extend_from_slice(words.as_bytes());
                out.extend_from_slice(b"\r\n");
                return Then::Close;
            }
            Some(Trouble::Reset | Trouble::ResetAfter) => return Then::Reset,
        }
        if stage == Stage::Dot && code[0] == b'2' {
            self.shared.state().passed += 1;
        }
        out.append(&mut self.reply);
        Then::GoOn
    }

    async fn send(&mut self, to: &OwnedWriteHalf, out: &mut Vec<u8>) -> Option<()> {
        if let Some((illness, since)) = self.ill {
            let mut healed = self.shared.healed.subscribe();
            match illness {
                Illness::Silent => {
                    healed.wait_for(|healed| *healed > since).await.ok()?;
                }
                Illness::Slow => {
                    while !out.is_empty() && *healed.borrow() == since {
                        write(to.as_ref(), &out[..1]).await?;
                        out.remove(0);
                        let second = tokio::time::sleep(Duration::from_secs(1));
                        tokio::select! {
                            () = second => {}
                            _ = healed.wait_for(|healed| *healed > since) => {}
                        }
                    }
                }
            }
            if *healed.borrow() > since {
                self.ill = None;
            }
        }
        write(to.as_ref(), out).await?;
        out.clear();
        Some(())
    }
}
