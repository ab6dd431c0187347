//! What one reader is told.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use proto::incidents::v1::WatchPageResponse;
use tokio::sync::watch;
use tokio_stream::Stream;
use tokio_util::sync::ReusableBoxFuture;
use tonic::Status;

use super::hub::Page;

/// The versions of a page: the current one at once, then the newest whenever there is a newer one. It never
/// ends by itself.
///
/// A reader costs one allocation here, used again for each answer. Its timer is in it: tokio's timers are one
/// wheel for all, so that a shared one of ours would save little and be less exact.
pub(crate) struct Versions(ReusableBoxFuture<'static, (WatchPageResponse, Reader)>);

struct Reader {
    /// Keeps the page in the hub.
    _page: Arc<Page>,
    version: watch::Receiver<i64>,
    /// The last version told, or before that the one asked after; 0 if there is none.
    seen: i64,
    is_first: bool,
    silence: Duration,
}

impl Versions {
    /// For a reader who has seen `after`; the last answer is repeated after so much silence. The page's version
    /// must be known.
    pub(super) fn new(page: Arc<Page>, after: i64, silence: Duration) -> Self {
        let version = page.subscribe();
        let reader = Reader { _page: page, version, seen: after, is_first: true, silence };
        Self(ReusableBoxFuture::new(reader.next()))
    }
}

impl Reader {
    async fn next(mut self) -> (WatchPageResponse, Self) {
        let heartbeat = if self.is_first {
            self.is_first = false;
            let version = *self.version.borrow_and_update();
            self.seen != 0 && version == self.seen
        } else {
            // It cannot fail: the sender is in the page.
            tokio::time::timeout(self.silence, self.version.changed()).await.is_err()
        };
        self.seen = *self.version.borrow_and_update();
        (WatchPageResponse { version: self.seen, heartbeat }, self)
    }
}

impl Stream for Versions {
    type Item = Result<WatchPageResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (response, reader) = ready!(self.0.poll(context));
        self.0.set(reader.next());
        Poll::Ready(Some(Ok(response)))
    }
}

#[cfg(test)]
mod tests {
    use kit::{
        Clock,
        ids::{PageId, TenantId},
    };
    use tokio_stream::StreamExt as _;

    use super::*;
    use crate::watch::{Hub, hub::SILENCE};

    fn page(hub: &Hub, version: i64) -> Arc<Page> {
        let clock = Clock::system();
        let page = hub.enter(TenantId::new(&clock), PageId::new(&clock));
        page.learn(version);
        page
    }

    async fn next(versions: &mut Versions) -> (i64, bool) {
        let response = versions.next().await.unwrap().unwrap();
        (response.version, response.heartbeat)
    }

    async fn is_silent(versions: &mut Versions) -> bool {
        std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut *versions).poll_next(context).is_pending()))
            .await
    }

    #[tokio::test]
    async fn the_current_version_comes_at_once_whatever_was_seen() {
        let hub = super::super::hub::tests::hub();
        for (current, after, is_heartbeat) in
            [(7, 0, false), (7, 3, false), (7, 7, true), (7, 9, false), (0, 0, false)]
        {
            let mut versions = Versions::new(page(&hub, current), after, SILENCE);
            assert_eq!(next(&mut versions).await, (current, is_heartbeat), "{current} after {after}");
            assert!(is_silent(&mut versions).await);
        }
    }

    #[tokio::test]
    async fn a_reader_who_was_away_gets_the_newest_version_only() {
        let page = page(&super::super::hub::tests::hub(), 7);
        let mut versions = Versions::new(Arc::clone(&page), 0, SILENCE);
        assert_eq!(next(&mut versions).await, (7, false));
        assert!(is_silent(&mut versions).await);
        for version in 8..=10 {
            page.learn(version);
        }
        assert_eq!(next(&mut versions).await, (10, false));
        assert!(is_silent(&mut versions).await);
    }

    #[tokio::test]
    async fn after_silence_the_last_is_repeated() {
        let page = page(&super::super::hub::tests::hub(), 7);
        let mut versions = Versions::new(Arc::clone(&page), 0, Duration::from_millis(1));
        assert_eq!(next(&mut versions).await, (7, false));
        assert_eq!(next(&mut versions).await, (7, true));
        assert_eq!(next(&mut versions).await, (7, true));
        page.learn(8);
        assert_eq!(next(&mut versions).await, (8, false));
        assert_eq!(next(&mut versions).await, (8, true));
    }
}
