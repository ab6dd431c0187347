//! Unsubscriptions that could not be passed on, kept until they can be: whoever leaves has left, though nothing behind
//! this page answers.
//!
//! A file for each token, synced before the reader is told. Whether a token is one of ours only subscriptions can say, which
//! has the key. So whatever has the form of one is taken, up to a limit for all and one for each machine, and those that
//! turn out to be none are let go.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    net::IpAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use proto::subscriptions::v1::UnsubscribeRequest;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::answer::hash_of;
use crate::{
    peers::{Fault, Peers, ask, request},
    places::{Share, Shares},
};

/// So many tokens are kept at most. A file takes a block of the disk, which is 4 KiB mostly.
const MAX_KEPT: usize = 50_000;
/// So many of them from one machine, until all are passed on: far from all that there is room for, and enough for a mail
/// provider's, which press the button for many of its readers (RFC 8058).
const MAX_FROM_ONE: usize = 1000;
/// A token is 45 bytes in base 64 for URLs (subscriptions' `domain::token`).
const TOKEN_CHARS: usize = 60;
/// After so many in a row that cannot be passed on, the rest is left for later.
const MAX_FAILED: usize = 3;
/// How often it is tried to pass them on.
const PAUSE: Duration = Duration::from_secs(5);

/// The journal. Cheap to clone; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    folder: PathBuf,
    noted: Arc<Notify>,
    /// How many are kept, about.
    count: Arc<AtomicUsize>,
    shares: Arc<Shares>,
    /// One for each that was kept since all were passed on.
    taken: Arc<Mutex<Vec<Share>>>,
}

impl Journal {
    /// The journal in this folder, made if there is none, with what an earlier process left in it.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut count = 0;
        for file in fs::read_dir(folder)? {
            let path = file?.path();
            if path.extension().is_some() {
                fs::remove_file(path)?;
            } else {
                count += 1;
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            noted: Arc::default(),
            count: Arc::new(count.into()),
            shares: Shares::new(MAX_FROM_ONE),
            taken: Arc::default(),
        })
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
        let share = self.shares.take(from).ok_or(Fault::Away)?;
        if self.count.load(Ordering::Relaxed) >= MAX_KEPT {
            tracing::error!("there is no room for another unsubscription");
            return Err(Fault::Away);
        }
        let (folder, token) = (self.folder.clone(), token.to_owned());
        let kept = tokio::task::spawn_blocking(move || keep(&folder, &token)).await;
        let kept = kept.unwrap_or_else(|error| Err(io::Error::other(error)));
        if kept.as_ref().is_ok_and(|is_new| *is_new) {
            self.count.fetch_add(1, Ordering::Relaxed);
            self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(share);
        }
        self.noted.notify_one();
        kept.map(drop).map_err(|error| {
            tracing::error!(%error, "an unsubscription could not be kept");
            Fault::Away
        })
    }

    /// Passes on what is kept, until told to stop.
    pub(crate) async fn pass_on(self, peers: Peers, stop: CancellationToken) {
        loop {
            let passed = stop.run_until_cancelled(self.pass_all_on(&peers)).await;
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

    /// Passes all on. One that cannot be is in nobody's way; when several in a row cannot, the rest waits.
    async fn pass_all_on(&self, peers: &Peers) -> io::Result<()> {
        let folder = self.folder.clone();
        let kept = tokio::task::spawn_blocking(move || list(&folder)).await.map_err(io::Error::other)??;
        let (mut passed, mut failed) = (0, 0);
        for (file, token) in kept {
            let told = ask(peers.subscribers().unsubscribe(request(UnsubscribeRequest { token }))).await;
            match told.map_err(Fault::from) {
                Ok(_) | Err(Fault::NotFound) => {
                    (passed, failed) = (passed + 1, 0);
                    let _gone = tokio::fs::remove_file(file).await.inspect_err(|error| {
                        tracing::warn!(%error, "an unsubscription that was passed on is kept, and will be again");
                    });
                    self.count.fetch_sub(1, Ordering::Relaxed);
                }
                Err(Fault::Away) if failed < MAX_FAILED => failed += 1,
                Err(Fault::Away) => break,
            }
        }
        if passed > 0 {
            tracing::info!(passed, "unsubscriptions that were kept have been passed on");
        }
        if failed > 0 {
            return Err(io::Error::other("subscriptions does not take all of them"));
        }
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }
}

/// Writes a token down; answers whether it is a new one.
fn keep(folder: &Path, token: &str) -> io::Result<bool> {
    static HALVES: AtomicUsize = AtomicUsize::new(0);
    let path = folder.join(hash_of(token.as_bytes()));
    if path.exists() {
        return Ok(false);
    }
    // each has a half of its own: the same token may come twice at once
    let half = path.with_extension(format!("half{}", HALVES.fetch_add(1, Ordering::Relaxed)));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half)?;
    file.write_all(token.as_bytes())?;
    file.sync_all()?;
    fs::rename(half, path)?;
    File::open(folder)?.sync_all()?;
    Ok(true)
}

/// Files with their tokens. What cannot be read is in nobody's way.
fn list(folder: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    let mut kept = Vec::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        // what a crash left half written was promised to nobody
        if path.extension().is_some() {
            continue;
        }
        match fs::read_to_string(&path) {
            Ok(token) if !token.is_empty() => kept.push((path, token)),
            Ok(_) => tracing::warn!(file = %path.display(), "an unsubscription that was kept is empty"),
            Err(error) => {
                tracing::warn!(%error, file = %path.display(), "an unsubscription that was kept cannot be read");
            }
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_token_is_kept_once_and_what_cannot_be_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        let of = |text: &str| text.to_owned() + &"x".repeat(TOKEN_CHARS - text.len());
        for token in [of("to-ken_1"), of("to-ken_1"), of("2")] {
            assert_eq!(journal.note(&token, None).await, Ok(()), "{token}");
        }
        let (short, long) = ("x".repeat(TOKEN_CHARS - 1), "x".repeat(TOKEN_CHARS + 1));
        for bad in ["", &short, &long, &of("to ken"), &of("tök"), &of("../"), &of("=")] {
            assert_eq!(journal.note(bad, None).await, Err(Fault::NotFound), "{bad}");
        }
        fs::write(folder.path().join("x.half7"), "half").unwrap();
        fs::write(folder.path().join("00"), [0xff, 0xfe]).unwrap();
        fs::write(folder.path().join("01"), "").unwrap();
        let mut kept = list(folder.path()).unwrap().into_iter().map(|(_, token)| token).collect::<Vec<_>>();
        kept.sort();
        assert_eq!(kept, [of("2"), of("to-ken_1")]);
    }

    #[tokio::test]
    async fn one_machine_cannot_fill_the_journal_and_a_proxy_of_ours_is_not_counted() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal { shares: Shares::new(2), ..Journal::open(folder.path()).unwrap() };
        let [greedy, other, proxy] = ["203.0.113.1", "203.0.113.2", "10.0.0.1"].map(|ip| ip.parse().ok());
        for (number, from, kept) in [
            (1, greedy, Ok(())),
            // the same again is no further one
            (1, greedy, Ok(())),
            (2, greedy, Ok(())),
            (3, greedy, Err(Fault::Away)),
            (3, other, Ok(())),
            (4, proxy, Ok(())),
            (5, proxy, Ok(())),
            (6, proxy, Ok(())),
        ] {
            let token = format!("{number:060}");
            assert_eq!(journal.note(&token, from).await, kept, "{number} from {from:?}");
        }
    }

    #[tokio::test]
    async fn a_journal_without_a_folder_keeps_nothing_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        folder.close().unwrap();
        assert_eq!(journal.note(&"x".repeat(TOKEN_CHARS), None).await, Err(Fault::Away));
    }
}
