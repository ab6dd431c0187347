//! Unsubscriptions that could not be passed on, kept until they can be: whoever leaves has left, though nothing behind
//! this page answers.
//!
//! A file for each token, synced before the reader is told. Whether a token is one of ours only subscriptions can say, which
//! has the key. So whatever has the form of one is taken, up to a limit for all and one for each machine, and those that
//! turn out to be none are let go.
//!
//! Two processes may have one folder, while one of them takes over from the other: each passes on what is there.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write as _},
    net::IpAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
        let share = self.shares.take(from).ok_or(Fault::Away)?;
        let (journal, token) = (self.clone(), token.to_owned());
        let kept = tokio::task::spawn_blocking(move || journal.keep(&token, share)).await;
        // if there is no room, it is time to look whether there still is none
        self.noted.notify_one();
        kept.map_err(io::Error::other).flatten().map_err(|error| {
            tracing::error!(%error, "an unsubscription could not be kept");
            Fault::Away
        })
    }

    /// Writes a token down, if it is a new one.
    fn keep(&self, token: &str, share: Share) -> io::Result<()> {
        let path = self.folder.join(hash_of(token.as_bytes()));
        if path.exists() {
            return Ok(());
        }
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

    /// Passes all on. One that cannot be is in nobody's way; when several in a row cannot, the rest waits.
    async fn pass_all_on<F>(&self, tell: impl Fn(String) -> F) -> io::Result<()>
    where
        F: Future<Output = Result<(), Fault>>,
    {
        let journal = self.clone();
        let kept = tokio::task::spawn_blocking(move || journal.look().map(read));
        let (mut passed, mut failed) = (0, 0);
        for (file, token) in kept.await.map_err(io::Error::other)?? {
            match tell(token).await {
                Ok(()) | Err(Fault::NotFound) => {
                    (passed, failed) = (passed + 1, 0);
                    self.let_go(&file).await;
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

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    const GREEDY: &str = "203.0.113.1";

    fn token(number: usize) -> String {
        format!("{number:0TOKEN_CHARS$}")
    }

    /// A journal in which one machine has so many places.
    fn journal(folder: &Path, most: usize) -> Journal {
        Journal { shares: Shares::new(most), ..Journal::open(folder).unwrap() }
    }

    async fn note(journal: &Journal, number: usize) -> Result<(), Fault> {
        journal.note(&token(number), GREEDY.parse().ok()).await
    }

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
        let mut kept = read(journal.look().unwrap()).into_iter().map(|(_, token)| token).collect::<Vec<_>>();
        kept.sort();
        assert_eq!(kept, [of("2"), of("to-ken_1")]);
    }

    #[tokio::test]
    async fn one_machine_cannot_fill_the_journal_and_a_proxy_of_ours_is_not_counted() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(folder.path(), 2);
        let [greedy, other, proxy] = [GREEDY, "203.0.113.2", "10.0.0.1"].map(|ip| ip.parse().ok());
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
            assert_eq!(journal.note(&token(number), from).await, kept, "{number} from {from:?}");
        }
    }

    #[tokio::test]
    async fn a_token_that_cannot_be_passed_on_takes_one_place_of_its_machine_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(folder.path(), 2);
        for (number, kept) in [(1, Ok(())), (2, Ok(())), (3, Err(Fault::Away))] {
            assert_eq!(note(&journal, number).await, kept, "{number}");
        }
        let but_the_first = async |given: String| if given == token(1) { Err(Fault::Away) } else { Ok(()) };
        assert!(journal.pass_all_on(but_the_first).await.is_err());
        assert_eq!([note(&journal, 3).await, note(&journal, 4).await], [Ok(()), Err(Fault::Away)]);
        // what turns out to be no token is let go too
        journal.pass_all_on(async |_| Err(Fault::NotFound)).await.unwrap();
        for (number, kept) in [(4, Ok(())), (5, Ok(())), (6, Err(Fault::Away))] {
            assert_eq!(note(&journal, number).await, kept, "{number}");
        }
    }

    #[tokio::test]
    async fn what_another_process_adds_and_takes_is_counted_as_it_is_and_never_below_none() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(folder.path(), 1);
        let added = folder.path().join("00");
        for _ in 0..2 {
            fs::write(&added, token(1)).unwrap();
            journal.let_go(&added).await;
            assert_eq!(journal.kept().count, 0);
        }
        fs::write(&added, token(1)).unwrap();
        assert_eq!(note(&journal, 2).await, Ok(()));
        assert_eq!(note(&journal, 3).await, Err(Fault::Away));
        let files = journal.look().unwrap();
        assert_eq!((files.len(), journal.kept().count), (2, 2));
        files.iter().for_each(|file| fs::remove_file(file).unwrap());
        journal.pass_all_on(async |_| Err(Fault::Away)).await.unwrap();
        assert_eq!(journal.kept().count, 0);
        assert_eq!(note(&journal, 3).await, Ok(()));
        // taken by another process just before it is let go here
        fs::remove_file(&journal.look().unwrap()[0]).unwrap();
        journal.let_go(&added).await;
        assert_eq!(journal.kept().count, 0);
    }

    #[tokio::test]
    async fn a_full_journal_takes_more_once_there_is_room_again() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(folder.path(), 2);
        journal.kept().count = MAX_KEPT;
        assert_eq!(note(&journal, 1).await, Err(Fault::Away));
        // asked for by who found none
        journal.noted.notified().await;
        journal.look().unwrap();
        assert_eq!(note(&journal, 1).await, Ok(()));
    }

    #[test]
    fn what_a_crash_left_half_written_goes_and_what_another_process_is_writing_stays() {
        let folder = tempfile::tempdir().unwrap();
        let [left, new, kept] = ["00.half-1", "01.half-2", "02"].map(|name| folder.path().join(name));
        for file in [&left, &new, &kept] {
            fs::write(file, "half").unwrap();
        }
        for file in [&left, &kept] {
            File::options().write(true).open(file).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        }
        assert_eq!(Journal::open(folder.path()).unwrap().kept().count, 1);
        assert_eq!([left.exists(), new.exists(), kept.exists()], [false, true, true]);
        // another process was faster
        clear(&left).unwrap();
    }

    #[tokio::test]
    async fn a_journal_without_a_folder_keeps_nothing_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        folder.close().unwrap();
        assert_eq!(journal.note(&"x".repeat(TOKEN_CHARS), None).await, Err(Fault::Away));
    }
}
