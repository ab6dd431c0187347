//! What stands at the top of every page of a status page, remembered for a moment: finding it costs the
//! service the whole front.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use proto::incidents::v1::{GetPageRequest, GetPageResponse, get_page_request};
use serde::Deserialize;

use crate::{
    peers::{Fault, Peers, ask, request},
    view::PageHead,
};

/// How long a head is kept: as long as anybody may keep a page.
const FRESH: Duration = Duration::from_secs(5);
const MAX_KEPT: u64 = 10_000;

/// The place of a page in addresses. What breaks the contract's rule for it (`CreatePageRequest.slug`) is
/// the address of nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Slug(String);

impl TryFrom<String> for Slug {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let good = (3..=63).contains(&text.len())
            && text.bytes().all(is_inner)
            && !text.starts_with('-')
            && !text.ends_with('-');
        if good { Ok(Self(text)) } else { Err("not the place of a page") }
    }
}

/// A page, as it is now.
pub(super) async fn page(peers: &Peers, slug: Slug) -> Result<GetPageResponse, Fault> {
    let mut status = peers.status();
    let page = Some(get_page_request::Page::Slug(slug.0));
    Ok(ask(status.get_page(request(GetPageRequest { page }))).await?)
}

/// Heads as last read.
#[derive(Debug, Clone)]
pub(super) struct Heads {
    peers: Peers,
    kept: Cache<Slug, Arc<PageHead>>,
}

impl Heads {
    pub(super) fn new(peers: &Peers) -> Self {
        Self {
            peers: peers.clone(),
            kept: Cache::builder().max_capacity(MAX_KEPT).time_to_live(FRESH).build(),
        }
    }

    /// The head of a page; many readers at once are one call. That there is none is not remembered.
    pub(super) async fn find(&self, slug: Slug) -> Result<Arc<PageHead>, Fault> {
        let load = async {
            let told = page(&self.peers, slug.clone()).await?;
            PageHead::new(&told).map(Arc::new).ok_or(Fault::Away)
        };
        self.kept.try_get_with_by_ref(&slug, load).await.map_err(|fault| *fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_follows_the_contracts_rule() {
        let longest = "a".repeat(63);
        for good in ["abc", "a-b", "9-9", "a--b", &longest] {
            assert!(Slug::try_from(good.to_owned()).is_ok(), "{good}");
        }
        let too_long = "a".repeat(64);
        for bad in ["", "ab", "-ab", "ab-", "a\0b", "Abc", "a_b", "a.b", "abç", "abc\n", &too_long] {
            assert!(Slug::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }
}
