//! Hearing of changes: what incidents tells of all pages, over one stream.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Duration,
};

use jiff::Timestamp;
use kit::peer::Peer;
use proto::internal::v1::{
    WatchPageChangesRequest, WatchPageChangesResponse, page_change_service_client::PageChangeServiceClient,
};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::Snapshots;

/// After so long without a word nothing is known: the contract has one every second.
const SILENCE: Duration = Duration::from_secs(3);
/// How long to wait before asking again, at first and at most.
const PAUSE: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];

/// What is known of changes.
#[derive(Debug)]
pub(super) struct Hearing {
    began: Instant,
    /// Until when all changes are heard of, in milliseconds since the process began.
    until: AtomicU64,
    /// When anything was heard last, in microseconds since 1970.
    heard_at: AtomicI64,
    /// How often changes may have been missed.
    gap: AtomicU64,
}

impl Hearing {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            until: AtomicU64::new(0),
            heard_at: AtomicI64::new(i64::MIN),
            gap: AtomicU64::new(0),
        }
    }

    /// Milliseconds since the process began.
    pub(super) fn millis(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.began).as_millis()).unwrap_or(u64::MAX)
    }

    /// The same now.
    pub(super) fn now(&self) -> u64 {
        self.millis(Instant::now())
    }

    /// Whether every change is heard of at this time, in milliseconds since the process began.
    pub(super) fn is_sure(&self, now: u64) -> bool {
        now < self.until.load(Ordering::Relaxed)
    }

    /// How often changes may have been missed so far.
    pub(super) fn gap(&self) -> u64 {
        self.gap.load(Ordering::Acquire)
    }

    /// When anything was heard last.
    pub(super) fn heard_at(&self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.heard_at.load(Ordering::Relaxed)).ok()
    }

    /// Notes that something was heard, at this time.
    pub(super) fn heard(&self, is_gap: bool, at: Timestamp) {
        if is_gap {
            self.gap.fetch_add(1, Ordering::Release);
        }
        let now = Instant::now();
        self.heard_at.store(at.as_microsecond(), Ordering::Relaxed);
        self.until.store(self.millis(now + SILENCE), Ordering::Relaxed);
    }

    fn lost(&self) {
        self.until.store(0, Ordering::Relaxed);
    }
}

/// Hears of changes until told to stop.
pub(crate) async fn follow(
    snapshots: Snapshots,
    mut client: PageChangeServiceClient<Peer>,
    stop: CancellationToken,
) {
    let [mut pause, longest] = PAUSE;
    while !stop.is_cancelled() {
        let hearing = hear(&snapshots, &mut client, || pause = PAUSE[0]);
        let Some(ended) = stop.run_until_cancelled(hearing).await else {
            break;
        };
        snapshots.hearing().lost();
        tracing::debug!(error = %ended, "nothing is told of changes; asking again");
        stop.run_until_cancelled(tokio::time::sleep(pause)).await;
        pause = longest.min(pause * 2);
    }
}

/// Hears until the stream ends, and answers why it did.
async fn hear(
    snapshots: &Snapshots,
    client: &mut PageChangeServiceClient<Peer>,
    mut well: impl FnMut(),
) -> Status {
    let silent = || Status::deadline_exceeded("incidents says nothing");
    let begun = timeout(SILENCE, client.watch_page_changes(WatchPageChangesRequest {})).await;
    let mut stream = match begun {
        Ok(Ok(stream)) => stream.into_inner(),
        Ok(Err(status)) => return status,
        Err(_) => return silent(),
    };
    loop {
        let told: WatchPageChangesResponse = match timeout(SILENCE, stream.message()).await {
            Ok(Ok(Some(told))) => told,
            Ok(Ok(None)) => return Status::unavailable("the stream ended"),
            Ok(Err(status)) => return status,
            Err(_) => return silent(),
        };
        well();
        snapshots.hear(told);
    }
}

impl Snapshots {
    /// Takes what was told of changes.
    fn hear(&self, told: WatchPageChangesResponse) {
        let inner = &self.0;
        inner.hearing.heard(told.gap, inner.clock.now());
        // what is over leaves the memory, though nobody reads anything now
        inner.sources.run_pending_tasks();
        let mut elsewhere = Vec::new();
        for change in told.changes {
            // before the look: a page that is being read for the first time looks here for what it could not hear
            inner.told.insert(change.page_id.clone(), change.version);
            match inner.pages.find(&change.page_id) {
                Some(page) => self.tell(page, change.version),
                None => elsewhere.push(change),
            }
        }
        if let Some(writer) = inner.writer.clone().filter(|_| !elsewhere.is_empty()) {
            tokio::spawn(self.clone().look_up(writer, elsewhere));
        }
    }
}
