//! Unsubscriptions that could not be passed on, kept until they can be: whoever leaves has left, though nothing behind
//! this page answers.
//!
//! A file for each token, synced before the reader is told. Tokens cannot be judged here, so whatever looks like one is
//! taken, up to a limit, and those that turn out to be none are let go.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use proto::subscriptions::v1::UnsubscribeRequest;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::answer::hex;
use crate::peers::{Fault, Peers, ask, request};

/// So many tokens are kept at most. A file takes a block of the disk, which is 4 KiB mostly.
const MAX_KEPT: usize = 50_000;
/// The longest token (`UnsubscribeRequest.token`).
const MAX_TOKEN_CHARS: usize = 200;
/// How often it is tried to pass them on.
const PAUSE: Duration = Duration::from_secs(5);

/// The journal. Cheap to clone; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    folder: PathBuf,
    noted: Arc<Notify>,
}

impl Journal {
    /// The journal in this folder, made if there is none, with what an earlier process left in it.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned(), noted: Arc::default() })
    }

    /// Keeps a token.
    ///
    /// # Errors
    /// [`Fault::NotFound`] if it cannot be one; [`Fault::Away`] if it cannot be kept.
    pub(super) async fn note(&self, token: &str) -> Result<(), Fault> {
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if token.is_empty() || token.len() > MAX_TOKEN_CHARS || !token.bytes().all(is_good) {
            return Err(Fault::NotFound);
        }
        let (folder, token) = (self.folder.clone(), token.to_owned());
        let kept = tokio::task::spawn_blocking(move || keep(&folder, &token)).await;
        let kept = kept.unwrap_or_else(|error| Err(io::Error::other(error)));
        self.noted.notify_one();
        kept.map_err(|error| {
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

    /// Passes all on, one after the other, until one cannot be.
    async fn pass_all_on(&self, peers: &Peers) -> io::Result<()> {
        let folder = self.folder.clone();
        let kept = tokio::task::spawn_blocking(move || list(&folder)).await.map_err(io::Error::other)??;
        let count = kept.len();
        for (file, token) in kept {
            let told = ask(peers.subscribers().unsubscribe(request(UnsubscribeRequest { token }))).await;
            match told.map_err(Fault::from) {
                Ok(_) | Err(Fault::NotFound) => tokio::fs::remove_file(file).await?,
                Err(Fault::Away) => return Err(io::Error::other("subscriptions does not answer")),
            }
        }
        if count > 0 {
            tracing::info!(count, "unsubscriptions that were kept have been passed on");
        }
        Ok(())
    }
}

fn keep(folder: &Path, token: &str) -> io::Result<()> {
    let path = folder.join(hex(&digest(&SHA256, token.as_bytes()).as_ref()[..16]));
    if path.exists() {
        return Ok(());
    }
    if fs::read_dir(folder)?.count() >= MAX_KEPT {
        return Err(io::Error::other("there is no room for more"));
    }
    let half = path.with_extension("half");
    let mut file = File::create(&half)?;
    file.write_all(token.as_bytes())?;
    file.sync_all()?;
    fs::rename(half, path)?;
    File::open(folder)?.sync_all()
}

/// Files with their tokens.
fn list(folder: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    let mut kept = Vec::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        // what a crash left half written was promised to nobody
        if path.extension().is_none() {
            kept.push((path.clone(), fs::read_to_string(path)?));
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
        let longest = "a".repeat(MAX_TOKEN_CHARS);
        for token in ["to-ken_1", "to-ken_1", &longest] {
            assert_eq!(journal.note(token).await, Ok(()), "{token}");
        }
        let too_long = "a".repeat(MAX_TOKEN_CHARS + 1);
        for bad in ["", "to ken", "tök", "../token", &too_long] {
            assert_eq!(journal.note(bad).await, Err(Fault::NotFound), "{bad}");
        }
        fs::write(folder.path().join("x.half"), "half").unwrap();
        let mut kept = list(folder.path()).unwrap().into_iter().map(|(_, token)| token).collect::<Vec<_>>();
        kept.sort();
        assert_eq!(kept, [longest, "to-ken_1".to_owned()]);
    }

    #[tokio::test]
    async fn a_journal_without_a_folder_keeps_nothing_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        folder.close().unwrap();
        assert_eq!(journal.note("token").await, Err(Fault::Away));
    }
}
