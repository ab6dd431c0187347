//! Unsubscriptions that could not be passed on, kept until they can be: whoever leaves has left, though nothing behind
//! this page answers.
//!
//! A file for each token, synced before the reader is told. Whether a token is one of ours only subscriptions can say, which
//! has the key. So whatever has the form of one is taken, up to a limit for all and one for each machine, and those that
//! turn out to be none are let go.
//!
//! Two processes may have one folder, while one of them takes over from the other: each passes on what is there.

#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write as _},
    net::IpAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kit::places::{Share, Shares};
use proto::subscriptions::v1::UnsubscribeRequest;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::answer::hash_of;
use crate::peers::{Fault, Peers, ask, request};

/// So many tokens are kept at most. A file takes a block of the disk, which is 4 KiB mostly.
const MAX_KEPT: usize = 50_000;
/// So many of them from one machine, until they are passed on: far from all that there is room for, and enough for a mail
/// provider's, which press the button for many of its readers (RFC 8058).
const MAX_FROM_ONE: usize = 1000;
/// A token is 45 bytes in base 64 for URLs (subscriptions' `domain::token`).
const TOKEN_CHARS: usize = 60;
/// After so many in a row that cannot be passed on, the rest is left for later.
const MAX_FAILED: usize = 3;
/// How often it is tried to pass them on.
const PAUSE: Duration = Duration::from_secs(5);
/// A file that is half written for so long was left by a crash. It takes moments, and another process may be at it.
const LEFT: Duration = Duration::from_secs(60 * 60);

/// The journal. Cheap to clone; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    folder: PathBuf,
    noted: Arc<Notify>,
    shares: Arc<Shares>,
    kept: Arc<Mutex<Kept>>,
    /// How many could not be passed on so far: the next ones are the first to be tried.
    tried: Arc<AtomicUsize>,
}

/// What is kept, as far as it is known: another process may add to it and take from it.
#[derive(Debug, Default)]
struct Kept {
    count: usize,
    /// By the file that each was taken for.
    shares: HashMap<PathBuf, Share>,
}

impl Journal {
    /// The journal in this folder, made if there is none, with what an earlier process left in it.
    ///
    /// # Errors
    /// If the folder cannot be made or read.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        for file in fs::read_dir(folder)? {
            let path = file?.path();
            if is_half(&path) {
                clear(&path)?;
            }
        }
        let journal = Self {
            folder: folder.to_owned(),
            noted: Arc::default(),
            shares: Shares::new(MAX_FROM_ONE),
            kept: Arc::default(),
            tried: Arc::default(),
        };
        journal.look()?;
        Ok(journal)
    }

    /// Keeps a token that comes from this address.
    ///
    /// # Errors
    /// [`Fault::NotFound`] if it cannot be one; [`Fault::Away`] if it cannot be kept.
    pub(super) async fn note(&self, token: &str, from: Option<IpAddr>) -> Result<(), Fault> {
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if token.len() != TOKEN_CHARS || !token.bytes().all(is_good) {
            return Err(Fault::NotFound);
        }
        let (journal, token) = (self.clone(), token.to_owned());
        let kept = tokio::task::spawn_blocking(move || journal.keep(&token, from)).await;
        // if there is no room, it is time to look whether there still is none
        self.noted.notify_one();
        kept.map_err(io::Error::other).flatten().map_err(|error| {
            // whoever brings too many would fill the log too
            if error.kind() != ErrorKind::QuotaExceeded {
                tracing::error!(%error, "an unsubscription could not be kept");
            }
            Fault::Away
        })
    }

    /// Writes a token down, if it is a new one.
    fn keep(&self, token: &str, from: Option<IpAddr>) -> io::Result<()> {
        let path = self.folder.join(hash_of(token.as_bytes()));
        if path.exists() {
            return Ok(());
        }
        let share = self.shares.take(from).ok_or_else(|| io::Error::from(ErrorKind::QuotaExceeded))?;
        if self.kept().count >= MAX_KEPT {
            return Err(io::Error::other("there is no room for another"));
        }
        // each has a half of its own: the same token may come twice at once, and to two processes
        let half = path.with_extension(format!("half-{}", Uuid::now_v7().simple()));
        let written = write(&half, token).and_then(|()| {
            let mut kept = self.kept();
            let is_new = !path.exists();
            fs::rename(&half, &path)?;
            if is_new {
                kept.count += 1;
                kept.shares.insert(path, share);
            }
            Ok(())
        });
        if written.is_err() {
            let _gone = fs::remove_file(half);
        }
        written?;
        File::open(&self.folder)?.sync_all()
    }

    /// The files that are there now, by which it is known how many are kept. What another process let go is nobody's share
    /// any longer.
    fn look(&self) -> io::Result<Vec<PathBuf>> {
        // nothing is added meanwhile
        let mut kept = self.kept();
        let mut files = Vec::new();
        for file in fs::read_dir(&self.folder)? {
            let path = file?.path();
            // what a crash left half written was promised to nobody
            if !is_half(&path) {
                files.push(path);
            }
        }
        kept.count = files.len();
        let there = files.iter().collect::<HashSet<_>>();
        kept.shares.retain(|file, _| there.contains(file));
        Ok(files)
    }

    /// Lets go of a file whose token was passed on.
    async fn let_go(&self, file: &Path) {
        // its machine is not to pay for a file that cannot be removed
        drop(self.kept().shares.remove(file));
        match tokio::fs::remove_file(file).await {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                tracing::warn!(%error, "an unsubscription that was passed on is kept, and will be again");
            }
            Ok(()) | Err(_) => {
                let mut kept = self.kept();
                kept.count = kept.count.saturating_sub(1);
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes on what is kept, until told to stop.
    pub(crate) async fn pass_on(self, peers: Peers, stop: CancellationToken) {
        let tell = |token| {
            let mut subscribers = peers.subscribers();
            async move {
                let told = ask(subscribers.unsubscribe(request(UnsubscribeRequest { token }))).await;
                told.map(drop).map_err(Fault::from)
            }
        };
        loop {
            let passed = stop.run_until_cancelled(self.pass_all_on(tell)).await;
            let next = match passed {
                None => break,
                Some(Ok(())) => stop.run_until_cancelled(self.noted.notified()).await,
                Some(Err(error)) => {
                    tracing::debug!(%error, "unsubscriptions cannot be passed on yet");
                    stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await
                }
            };
            if next.is_none() {
                break;
            }
        }
    }

    /// Passes all on. One that cannot be is in nobody's way; when several in a row cannot, the rest waits, and comes first
    /// the next time.
    async fn pass_all_on<F>(&self, tell: impl Fn(String) -> F) -> io::Result<()>
    where
        F: Future<Output = Result<(), Fault>>,
    {
        let journal = self.clone();
        let kept = tokio::task::spawn_blocking(move || journal.look().map(read));
        let mut kept = kept.await.map_err(io::Error::other)??;
        let first = self.tried.load(Ordering::Relaxed) % kept.len().max(1);
        kept.rotate_left(first);
        let (count, mut passed, mut in_a_row) = (kept.len(), 0, 0);
        for (file, token) in kept {
            match tell(token).await {
                Ok(()) | Err(Fault::NotFound) => {
                    (passed, in_a_row) = (passed + 1, 0);
                    self.let_go(&file).await;
                }
                Err(Fault::Away) => in_a_row += 1,
            }
            if in_a_row > MAX_FAILED {
                break;
            }
        }
        self.tried.fetch_add(in_a_row, Ordering::Relaxed);
        if passed > 0 {
            tracing::info!(passed, "unsubscriptions that were kept have been passed on");
        }
        if passed < count {
            return Err(io::Error::other("subscriptions does not take all of them"));
        }
        Ok(())
    }
}

fn is_half(path: &Path) -> bool {
    path.extension().is_some()
}

/// Removes what a crash left half written. What is gone already was another process's.
fn clear(half: &Path) -> io::Result<()> {
    // a file's time is the system's, and so is what it is compared with
    let written = fs::metadata(half).and_then(|half| half.modified());
    let cleared = written.and_then(|written| match written.elapsed() {
        Ok(age) if age > LEFT => fs::remove_file(half),
        Ok(_) | Err(_) => Ok(()),
    });
    cleared.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

fn write(half: &Path, token: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(half)?;
    file.write_all(token.as_bytes())?;
    file.sync_all()
}

/// Files with their tokens. What cannot be read is in nobody's way.
fn read(files: Vec<PathBuf>) -> Vec<(PathBuf, String)> {
    let mut kept = Vec::new();
    for path in files {
        match fs::read_to_string(&path) {
            Ok(token) if !token.is_empty() => kept.push((path, token)),
            Ok(_) => tracing::warn!(file = %path.display(), "an unsubscription that was kept is empty"),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(%error, file = %path.display(), "an unsubscription that was kept cannot be read");
            }
        }
    }
    kept
}
