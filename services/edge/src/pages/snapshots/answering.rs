//! Answering with what is kept: unpacked once for all who take it so, and marked where it may not be right any longer.

use std::sync::Arc;

use axum::{body::Bytes, response::Response};
use http::{HeaderMap, HeaderValue};
use moka::future::Cache;

use super::{Inner, RIGHT, content::Content, disk, page::Page, snapshot::Snapshot, weight};
use crate::{
    pages::press::{PagePress, Press},
    peers::Fault,
};

/// Bytes of long documents that are kept as they were before they were packed.
const UNPACKED_BYTES: u32 = 32 * 1024 * 1024;

/// Long documents as programs take them that know no encoding.
#[derive(Debug)]
pub(super) struct Unpacked {
    /// By their tags, which are of these bytes alone.
    kept: Cache<HeaderValue, Bytes>,
    /// For readers alone: however many ask, pages are made meanwhile.
    press: Press,
}

impl Unpacked {
    pub(super) fn new() -> Self {
        let kept = Cache::builder()
            // the longest has to find room too
            .weigher(|_, plain: &Bytes| weight(plain.len()).min(UNPACKED_BYTES))
            .max_capacity(UNPACKED_BYTES.into())
            .build();
        Self { kept, press: Press::new() }
    }

    /// Where work is done for those who read a page.
    fn press(&self, page: &Page) -> PagePress {
        self.press.of(page.slug.as_str())
    }

    /// The bytes of a page's document, unpacked once for all who ask.
    ///
    /// # Errors
    /// [`Fault::Away`] if there was no room for that in time.
    pub(super) async fn of(&self, page: &Page, content: &Content) -> Result<Bytes, Fault> {
        if content.forms.has_plain() {
            return Ok(content.forms.plain());
        }
        let unpack = async {
            let forms = content.forms.clone();
            self.press(page).run(move || forms.plain()).await
        };
        self.kept.try_get_with_by_ref(&content.tag, unpack).await.map_err(|fault| *fault)
    }
}

impl Inner {
    /// Whether a document has to say that it may not be right any longer; nothing if it is too old to be shown.
    pub(super) fn is_old(&self, snapshot: &Snapshot) -> Option<bool> {
        // a clock may have been set back
        let since = |at| self.clock.now().duration_since(at).unsigned_abs();
        let age = since(snapshot.as_of);
        // of what no change was told of for as long as changes were heard of, it is known that it was right until then
        let is_current = snapshot.known.is_some_and(|known| known.gap == self.hearing.gap())
            && snapshot.version >= snapshot.page.wanted();
        let age = self.hearing.heard_at().filter(|_| is_current).map_or(age, |heard| age.min(since(heard)));
        (age < disk::KEPT).then_some(age > RIGHT)
    }

    /// The answer, unpacked first where that takes time.
    pub(super) async fn answer(&self, snapshot: &Snapshot, request: &HeaderMap) -> Result<Response, Fault> {
        if let Some(answer) = snapshot.answer(request, self.guards, None) {
            return Ok(answer);
        }
        let plain = self.unpacked.of(&snapshot.page, &snapshot.content).await?;
        snapshot.answer(request, self.guards, Some(plain)).ok_or(Fault::Away)
    }

    /// The answer with what may not be right any longer.
    pub(super) async fn show_old(
        &self,
        kept: &Arc<Snapshot>,
        request: &HeaderMap,
    ) -> Result<Response, Fault> {
        match self.is_old(kept) {
            None => return Err(Fault::Away),
            Some(false) => return self.answer(kept, request).await,
            Some(true) => {}
        }
        if kept.marked().is_none() {
            kept.mark(&self.unpacked.press(&kept.page)).await?;
            self.weigh_again(kept);
        }
        if let Some(answer) = kept.stale_answer(request, self.guards, None) {
            return Ok(answer);
        }
        let plain = self.unpacked.of(&kept.page, kept.marked().ok_or(Fault::Away)?).await?;
        kept.stale_answer(request, self.guards, Some(plain)).ok_or(Fault::Away)
    }

    /// Counts what a document takes now, if it is still kept.
    fn weigh_again(&self, kept: &Arc<Snapshot>) {
        let (cache, address) = (self.cache(&kept.document), kept.document.address(&kept.page.slug));
        kept.page.in_order(|_| {
            if cache.get(&address).is_some_and(|there| Arc::ptr_eq(&there, kept)) {
                cache.insert(address, Arc::clone(kept));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{page::Pages, snapshot::tests::snapshot},
        *,
    };
    use crate::pages::slug::Slug;

    #[tokio::test]
    async fn a_long_document_is_unpacked_once_however_many_take_it_so() {
        let unpacked = Unpacked::new();
        let page = Pages::default().enter(&Slug::try_from("demo".to_owned()).unwrap());
        let (one, other) = (snapshot(&page, 1, None), snapshot(&page, 2, None));
        assert!(!one.content.forms.has_plain());
        let (first, second) = tokio::join!(
            unpacked.of(&page, &one.content),
            // the same bytes in another document
            unpacked.of(&page, &other.content)
        );
        let third = unpacked.of(&page, &one.content).await.unwrap();
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!(first, one.content.forms.plain());
        assert_eq!([first.as_ptr(), second.as_ptr()], [third.as_ptr(); 2]);
    }
}
