//! Writing snapshots down, beside everything else: nobody who reads a page waits for the disk, and what the disk cannot
//! take in time is left out.

use std::{io, num::NonZero, path::Path, sync::Arc, time::Duration};

use kit::Clock;
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    disk::{Folder, Read, Way},
    snapshot::Snapshot,
};
use crate::pages::slug::Slug;

/// What waits to be written.
const WAITING: usize = 1024;
/// A copy of what has not changed is written anew after so long, with the time when it was right.
pub(super) const REPEAT: Duration = Duration::from_secs(5 * 60);
/// How often the folder is tidied.
const TIDY: Duration = Duration::from_secs(60 * 60);
/// It is tidied too when such a part of its room was written.
const TIDY_SHARE: u64 = 8;

/// The way to the disk. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::pages) struct Writer {
    folder: Folder,
    tasks: mpsc::Sender<Task>,
}

/// What is to be done in the folder.
#[derive(Debug)]
enum Task {
    Write(Arc<str>, Arc<Snapshot>),
    Remove(Slug, Arc<str>),
    /// What a page's documents were before a version, but for those at these addresses.
    Forget(Slug, i64, Vec<Arc<str>>),
    /// How to find a page's copies by its id.
    Note(Arc<str>, Way),
}

/// The work of writing down.
#[derive(Debug)]
pub(crate) struct Writing {
    folder: Folder,
    tasks: mpsc::Receiver<Task>,
    clock: Clock,
}

/// The way to copies in this folder, and the work at its end.
///
/// # Errors
/// If the folder cannot be made.
pub(in crate::pages) fn writing(
    path: &Path,
    mib: NonZero<u32>,
    clock: &Clock,
) -> io::Result<(Writer, Writing)> {
    let folder = Folder::open(path, u64::from(mib.get()) * 1024 * 1024)?;
    let (tasks, received) = mpsc::channel(WAITING);
    let writing = Writing { folder: folder.clone(), tasks: received, clock: clock.clone() };
    Ok((Writer { folder, tasks }, writing))
}

impl Writer {
    /// The copy of a document.
    pub(super) async fn read(&self, slug: Slug, address: Arc<str>) -> Option<Read> {
        let folder = self.folder.clone();
        tokio::task::spawn_blocking(move || folder.read(&slug, &address)).await.ok().flatten()
    }

    /// The ways from pages' ids to their copies.
    pub(super) async fn ways(&self, page_ids: Vec<String>) -> Vec<Option<Way>> {
        let folder = self.folder.clone();
        let look = move || page_ids.iter().map(|page_id| folder.way(page_id)).collect();
        tokio::task::spawn_blocking(look).await.unwrap_or_default()
    }

    /// Has a document written, unless it is what was written a moment ago.
    pub(super) fn write(&self, address: Arc<str>, made: &Arc<Snapshot>, before: Option<&Snapshot>) {
        let now = Instant::now();
        // what is of an older version is forgotten, though it be the same
        let is_same =
            |before: &&Snapshot| before.version == made.version && before.content.tag == made.content.tag;
        let written = before.filter(is_same).and_then(|before| before.written.get().copied());
        let written = written.filter(|at| now.saturating_duration_since(*at) < REPEAT).unwrap_or(now);
        if written == now && self.tasks.try_send(Task::Write(address, Arc::clone(made))).is_err() {
            tracing::debug!("the disk does not keep up; a page is not copied");
            return;
        }
        // it is set here alone
        let _first = made.written.set(written);
    }

    /// Whether a document is on the disk or on its way there, to which it is sent if it was not.
    pub(super) fn has(&self, address: Arc<str>, snapshot: &Arc<Snapshot>) -> bool {
        // one that this process did not make is from there
        if snapshot.known.is_some() && snapshot.written.get().is_none() {
            self.write(address, snapshot, None);
        }
        snapshot.known.is_none() || snapshot.written.get().is_some()
    }

    /// Has a copy removed.
    pub(super) fn remove(&self, slug: Slug, address: Arc<str>) {
        self.must(Task::Remove(slug, address));
    }

    /// Has forgotten what a page's documents were before a version, but for those at these addresses.
    pub(super) fn forget(&self, slug: Slug, before: i64, but: Vec<Arc<str>>) {
        self.must(Task::Forget(slug, before, but));
    }

    /// Has noted how to find a page's copies by its id; answers whether there is room for that.
    pub(super) fn note(&self, page_id: Arc<str>, way: Way) -> bool {
        self.tasks.try_send(Task::Note(page_id, way)).is_ok()
    }

    /// What must not be shown again is not left out, however much waits.
    fn must(&self, task: Task) {
        if let Err(TrySendError::Full(task)) = self.tasks.try_send(task) {
            let tasks = self.tasks.clone();
            tokio::spawn(async move { tasks.send(task).await });
        }
    }
}

impl Writing {
    /// Writes down what is to be written, and tidies the folder, until told to stop.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut tidied = None;
        let mut written = 0;
        loop {
            let now = Instant::now();
            let is_time = tidied.is_none_or(|at| now.saturating_duration_since(at) > TIDY);
            if is_time || written > self.folder.max_bytes() / TIDY_SHARE {
                (tidied, written) = (Some(now), 0);
                let (folder, now) = (self.folder.clone(), self.clock.now().into());
                in_the_folder(move || folder.tidy(now).map(|()| 0)).await;
            }
            let next = tokio::time::timeout(TIDY, self.tasks.recv());
            match stop.run_until_cancelled(next).await {
                Some(Ok(Some(task))) => written += do_it(&self.folder, task).await,
                Some(Err(_)) => {}
                Some(Ok(None)) | None => break,
            }
        }
        // what waits already is written: it is little, and all that a next process will have
        while let Ok(task) = self.tasks.try_recv() {
            do_it(&self.folder, task).await;
        }
    }
}

/// Does it, and answers how many bytes that wrote.
async fn do_it(folder: &Folder, task: Task) -> u64 {
    let folder = folder.clone();
    in_the_folder(move || match task {
        Task::Write(address, snapshot) => folder.write(&address, &snapshot),
        Task::Remove(slug, address) => folder.remove(&slug, &address).map(|()| 0),
        Task::Forget(slug, before, but) => folder.forget(&slug, before, &but).map(|()| 0),
        Task::Note(page_id, way) => folder.note(&page_id, &way).map(|()| 0),
    })
    .await
}

async fn in_the_folder(work: impl FnOnce() -> io::Result<u64> + Send + 'static) -> u64 {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(written)) => return written,
        Ok(Err(error)) => tracing::warn!(%error, "the copies of pages cannot be written"),
        Err(error) => tracing::error!(%error, "writing the copies of pages failed by a fault of ours"),
    }
    0
}

#[cfg(test)]
mod tests {
    use super::{
        super::{page::Pages, snapshot::tests::snapshot},
        *,
    };

    #[tokio::test]
    async fn what_found_no_room_on_the_way_to_the_disk_is_not_taken_for_copied() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, mut writing) = writing(folder.path(), NonZero::<u32>::MIN, &Clock::system()).unwrap();
        let page = Pages::default().enter(&Slug::try_from("demo".to_owned()).unwrap());
        let [other, made] = [1, 2].map(|version| snapshot(&page, version, Some(Instant::now())));
        for _ in 0..WAITING {
            writer.write("/other".into(), &other, None);
        }
        writer.write("/p/demo".into(), &made, None);
        assert!(!writer.has("/p/demo".into(), &made));
        assert!(writer.has("/p/demo".into(), &snapshot(&page, 1, None)));
        writing.tasks.recv().await.unwrap();
        assert!(writer.has("/p/demo".into(), &made));
        for _ in 1..WAITING {
            writing.tasks.recv().await.unwrap();
        }
        assert!(
            matches!(writing.tasks.recv().await, Some(Task::Write(address, _)) if *address == *"/p/demo")
        );
        // once is enough
        assert!(writer.has("/p/demo".into(), &made) && writing.tasks.try_recv().is_err());
    }
}
