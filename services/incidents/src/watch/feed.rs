//! What readers of all pages' changes are told.

use std::{
    collections::{HashMap, VecDeque},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, ready},
    time::Duration,
};

use kit::ids::PageId;
use proto::internal::v1::{PageChange, WatchPageChangesResponse};
use tokio::sync::Notify;
use tokio_stream::Stream;
use tokio_util::sync::ReusableBoxFuture;
use tonic::Status;

/// How long nothing changes before that is said, from the contract.
const SILENCE: Duration = Duration::from_secs(1);
/// How many changes an answer has at most, from the contract.
const MAX_CHANGES: usize = 1_000;
/// How many changes are kept for a reader who is slow; beyond that they become a gap. Some 8 MB.
const MAX_UNSAID: usize = 100_000;

/// The changes of all pages, as they are heard.
#[derive(Debug, Default)]
pub(super) struct Feed(Mutex<Readers>);

#[derive(Debug, Default)]
struct Readers {
    is_listening: bool,
    all: Vec<Weak<Reader>>,
}

#[derive(Debug)]
struct Reader {
    unsaid: Mutex<Unsaid>,
    news: Notify,
}

/// What a reader has to be told.
#[derive(Debug)]
struct Unsaid {
    /// Whether changes can be heard of: else nothing is said.
    is_listening: bool,
    is_gap: bool,
    /// The pages that changed, longest ago first, so that none waits behind those that change often.
    pages: VecDeque<PageId>,
    newest: HashMap<PageId, i64>,
}

/// The changes of all pages since a reader came, and the gaps in them. It never ends by itself.
pub(crate) struct Changes(ReusableBoxFuture<'static, (WatchPageChangesResponse, Arc<Reader>)>);

impl Feed {
    /// For a new reader, who knows nothing.
    pub(super) fn enter(&self) -> Changes {
        let mut readers = self.readers();
        let reader = Arc::new(Reader {
            unsaid: Mutex::new(Unsaid {
                is_listening: readers.is_listening,
                is_gap: true,
                pages: VecDeque::new(),
                newest: HashMap::new(),
            }),
            news: Notify::new(),
        });
        readers.all.push(Arc::downgrade(&reader));
        Changes(ReusableBoxFuture::new(next(reader)))
    }

    /// Changes are heard of from now on.
    pub(super) fn begin(&self) {
        let mut readers = self.readers();
        readers.is_listening = true;
        readers.tell(|unsaid| {
            unsaid.is_listening = true;
            unsaid.gap();
        });
    }

    /// Changes are not heard of from now on.
    pub(super) fn lose(&self) {
        let mut readers = self.readers();
        readers.is_listening = false;
        readers.tell(|unsaid| unsaid.is_listening = false);
    }

    /// A change may have been missed.
    pub(super) fn gap(&self) {
        self.readers().tell(Unsaid::gap);
    }

    /// A page has this version.
    pub(super) fn learn(&self, page: PageId, version: i64) {
        self.readers().tell(|unsaid| unsaid.learn(page, version));
    }

    fn readers(&self) -> MutexGuard<'_, Readers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Readers {
    fn tell(&mut self, news: impl Fn(&mut Unsaid)) {
        self.all.retain(|reader| {
            let Some(reader) = reader.upgrade() else { return false };
            news(&mut reader.unsaid());
            reader.news.notify_one();
            true
        });
    }
}

impl Reader {
    async fn news(&self) -> WatchPageChangesResponse {
        loop {
            if let Some(news) = self.unsaid().take() {
                return news;
            }
            self.news.notified().await;
        }
    }

    fn unsaid(&self) -> MutexGuard<'_, Unsaid> {
        self.unsaid.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unsaid {
    fn learn(&mut self, page: PageId, version: i64) {
        if let Some(newest) = self.newest.get_mut(&page) {
            *newest = version.max(*newest);
        } else if self.pages.len() < MAX_UNSAID {
            self.newest.insert(page, version);
            self.pages.push_back(page);
        } else {
            self.gap();
        }
    }

    /// A gap covers the changes before it.
    fn gap(&mut self) {
        self.is_gap = true;
        self.pages = VecDeque::new();
        self.newest = HashMap::new();
    }

    fn take(&mut self) -> Option<WatchPageChangesResponse> {
        let has_news = self.is_gap || !self.pages.is_empty();
        (self.is_listening && has_news).then(|| self.answer())
    }

    fn take_or_silence(&mut self) -> Option<WatchPageChangesResponse> {
        self.is_listening.then(|| self.answer())
    }

    fn answer(&mut self) -> WatchPageChangesResponse {
        let told = self.pages.drain(..self.pages.len().min(MAX_CHANGES));
        let changes = told.filter_map(|page| {
            let version = self.newest.remove(&page)?;
            Some(PageChange { page_id: page.to_string(), version })
        });
        WatchPageChangesResponse { gap: std::mem::take(&mut self.is_gap), changes: changes.collect() }
    }
}

async fn next(reader: Arc<Reader>) -> (WatchPageChangesResponse, Arc<Reader>) {
    loop {
        let news = tokio::time::timeout(SILENCE, reader.news()).await.ok();
        // What came in the very last moment is told, and no silence.
        let answer = news.or_else(|| reader.unsaid().take_or_silence());
        if let Some(answer) = answer {
            return (answer, reader);
        }
    }
}

impl Stream for Changes {
    type Item = Result<WatchPageChangesResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (response, reader) = ready!(self.0.poll(context));
        self.0.set(next(reader));
        Poll::Ready(Some(Ok(response)))
    }
}

#[cfg(test)]
mod tests {
    use kit::Clock;
    use tokio::time::Instant;
    use tokio_stream::StreamExt as _;
    use uuid::Uuid;

    use super::*;

    fn listening() -> Feed {
        let feed = Feed::default();
        feed.begin();
        feed
    }

    fn page(number: usize) -> PageId {
        PageId::from_uuid(Uuid::from_u128(u128::try_from(number).unwrap()))
    }

    async fn next(changes: &mut Changes) -> (bool, Vec<(String, i64)>) {
        let response = changes.next().await.unwrap().unwrap();
        (response.gap, response.changes.into_iter().map(|change| (change.page_id, change.version)).collect())
    }

    async fn is_pending(changes: &mut Changes) -> bool {
        let poll = |context: &mut Context<'_>| Poll::Ready(Pin::new(&mut *changes).poll_next(context));
        std::future::poll_fn(poll).await.is_pending()
    }

    const GAP: (bool, Vec<(String, i64)>) = (true, Vec::new());
    const SILENT: (bool, Vec<(String, i64)>) = (false, Vec::new());

    #[tokio::test(start_paused = true)]
    async fn the_first_answer_comes_at_once_and_is_a_gap() {
        let feed = listening();
        feed.learn(page(1), 1);
        let began = Instant::now();
        assert_eq!(next(&mut feed.enter()).await, GAP);
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn every_reader_is_told_of_a_change_at_once_with_its_newest_version() {
        let feed = listening();
        let (mut one, mut other) = (feed.enter(), feed.enter());
        assert_eq!(next(&mut one).await, GAP);
        assert_eq!(next(&mut other).await, GAP);
        assert!(is_pending(&mut one).await);
        let began = Instant::now();
        feed.learn(page(1), 7);
        assert_eq!(next(&mut one).await, (false, vec![(page(1).to_string(), 7)]));
        feed.learn(page(2), 3);
        feed.learn(page(1), 9);
        feed.learn(page(1), 8);
        let both = vec![(page(2).to_string(), 3), (page(1).to_string(), 9)];
        assert_eq!(next(&mut one).await, (false, both));
        let both = vec![(page(1).to_string(), 9), (page(2).to_string(), 3)];
        assert_eq!(next(&mut other).await, (false, both));
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn each_second_without_a_change_is_told() {
        let feed = listening();
        let mut changes = feed.enter();
        assert_eq!(next(&mut changes).await, GAP);
        for _ in 0..3 {
            let began = Instant::now();
            assert_eq!(next(&mut changes).await, SILENT);
            assert_eq!(began.elapsed(), SILENCE);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn while_nothing_can_be_heard_nothing_is_said_and_then_there_is_a_gap() {
        let feed = Feed::default();
        let mut early = feed.enter();
        assert!(tokio::time::timeout(Duration::from_secs(60), next(&mut early)).await.is_err());
        feed.begin();
        assert_eq!(next(&mut early).await, GAP);

        feed.learn(page(1), 1);
        feed.lose();
        let mut late = feed.enter();
        for changes in [&mut early, &mut late] {
            assert!(tokio::time::timeout(Duration::from_secs(60), next(changes)).await.is_err());
        }
        let began = Instant::now();
        feed.begin();
        for changes in [&mut early, &mut late] {
            assert_eq!(next(changes).await, GAP, "it covers the change before it");
            assert!(is_pending(changes).await);
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_has_a_thousand_changes_and_the_rest_follow_at_once_in_their_order() {
        let feed = listening();
        let mut changes = feed.enter();
        assert_eq!(next(&mut changes).await, GAP);
        for number in 0..2_500 {
            feed.learn(page(number), 1);
        }
        let began = Instant::now();
        let mut told = Vec::new();
        for count in [1_000, 1_000, 501] {
            let (gap, some) = next(&mut changes).await;
            assert!(!gap);
            assert_eq!(some.len(), count);
            told.extend(some.into_iter().map(|(page, _)| page));
            // What changes again and again keeps none waiting.
            feed.learn(page(0), 2);
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(told.pop(), Some(page(0).to_string()));
        assert_eq!(told, (0..2_500).map(|number| page(number).to_string()).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn more_changes_than_are_kept_become_a_gap_and_the_later_ones_are_told() {
        let feed = listening();
        let mut changes = feed.enter();
        assert_eq!(next(&mut changes).await, GAP);
        for number in 0..=MAX_UNSAID {
            feed.learn(page(number), 1);
        }
        feed.learn(page(7), 2);
        assert_eq!(next(&mut changes).await, (true, vec![(page(7).to_string(), 2)]));
        assert_eq!(next(&mut changes).await, SILENT);
    }

    #[tokio::test]
    async fn a_reader_leaves_the_feed_when_the_stream_ends() {
        let feed = listening();
        let (staying, leaving) = (feed.enter(), feed.enter());
        drop(leaving);
        feed.learn(PageId::new(&Clock::system()), 1);
        assert_eq!(feed.readers().all.len(), 1);
        drop(staying);
    }
}
