//! Following a document: it, and then each that is made in its place.

use std::{sync::Arc, time::Duration};

use axum::body::Bytes;
use tokio::time::timeout;

use super::{Found, Snapshots, page::Page};
use crate::{pages::document::Document, peers::Fault};

/// After so long it is looked at anew, whatever was heard.
const SILENCE: Duration = Duration::from_secs(15);

/// What one follower has seen.
#[derive(Debug)]
pub(in crate::pages) struct Following {
    snapshots: Snapshots,
    page: Arc<Page>,
    document: Document,
    seen: Option<i64>,
}

/// A document with the version of its page.
pub(in crate::pages) type Seen = (i64, Bytes);

impl Following {
    pub(super) fn new(snapshots: Snapshots, page: Arc<Page>, document: Document, seen: Option<i64>) -> Self {
        Self { snapshots, page, document, seen }
    }

    /// The document if it is newer than what was seen.
    ///
    /// # Errors
    /// If there is none such, or nothing of it is kept and the services cannot be asked.
    pub(in crate::pages) async fn look(&mut self) -> Result<Option<Seen>, Fault> {
        let found = self.snapshots.find(&self.page, &self.document).await?;
        let (Found::Good(now) | Found::Old(now)) = found;
        if self.seen.is_some_and(|seen| now.version <= seen) {
            return Ok(None);
        }
        let plain = self.snapshots.0.unpacked.of(&self.page, &now.content).await?;
        // not before: this may be given up on its way
        self.seen = Some(now.version);
        Ok(Some((now.version, plain)))
    }

    /// The document as soon as it is newer than what was seen; nothing after some silence. Those in between may be left out.
    ///
    /// # Errors
    /// As [`Following::look`].
    pub(in crate::pages) async fn next(&mut self) -> Result<Option<Seen>, Fault> {
        let page = Arc::clone(&self.page);
        let newer = async {
            loop {
                // before the look, so that nothing falls between the two
                let mut news = std::pin::pin!(page.news.notified());
                news.as_mut().enable();
                if let Some(newer) = self.look().await? {
                    return Ok(Some(newer));
                }
                news.await;
            }
        };
        timeout(SILENCE, newer).await.unwrap_or(Ok(None))
    }
}
