//! The logos of pages: fetched once, and answered from memory.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use moka::future::Cache;
use proto::tenants::v1::{GetPageLogoRequest, GetPageLogoResponse};
use tokio::time::Instant;

use super::{
    answer::Refused,
    reader::{Reader, Segments},
    slug::Slug,
    snapshots::Snapshots,
};
use crate::{
    formats::Source,
    peers::{Fault, Peers, ask, request},
    view::Digest,
};

/// Bytes of pictures that are kept.
const MEMORY: u64 = 32 * 1024 * 1024;
/// Whether a picture that is kept is still the page's is looked after so often, while it is asked for.
const CHECK: Duration = Duration::from_secs(60);
/// An address stands for one picture for ever.
const CACHING: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The pictures of those pages whose readers asked for them. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Logos {
    peers: Peers,
    snapshots: Snapshots,
    kept: Cache<(Slug, Digest), Arc<Picture>>,
}

#[derive(Debug)]
struct Picture {
    content_type: HeaderValue,
    image: Bytes,
    checked: Mutex<Instant>,
}

impl Picture {
    /// A type that the contract does not have is none that a browser may be given.
    fn new(told: GetPageLogoResponse) -> Option<Self> {
        let content_type = match told.content_type.as_str() {
            "image/png" => "image/png",
            "image/jpeg" => "image/jpeg",
            "image/webp" => "image/webp",
            _ => return None,
        };
        Some(Self {
            content_type: HeaderValue::from_static(content_type),
            image: told.image.into(),
            checked: Mutex::new(Instant::now()),
        })
    }

    /// Whether it is time to look after it; for the first who asks.
    fn is_due(&self) -> bool {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = checked.elapsed() > CHECK;
        if is_due {
            *checked = Instant::now();
        }
        is_due
    }
}

impl Logos {
    pub(super) fn new(peers: &Peers, snapshots: &Snapshots) -> Self {
        let weight = |_: &_, picture: &Arc<Picture>| u32::try_from(picture.image.len()).unwrap_or(u32::MAX);
        Self {
            peers: peers.clone(),
            snapshots: snapshots.clone(),
            kept: Cache::builder().weigher(weight).max_capacity(MEMORY).build(),
        }
    }

    /// A picture. One that the page no longer has is gone about a minute later; while nobody can be asked, it stays.
    async fn find(&self, slug: Slug, digest: Digest) -> Result<Arc<Picture>, Fault> {
        let key = (slug, digest);
        if let Some(kept) = self.kept.get(&key).await {
            if kept.is_due() {
                tokio::spawn(self.clone().check(key));
            }
            return Ok(kept);
        }
        let load = self.load(&key.0, &key.1);
        self.kept.try_get_with_by_ref(&key, load).await.map_err(|fault| *fault)
    }

    /// Lets a picture go that the page no longer has.
    async fn check(self, key: (Slug, Digest)) {
        match self.snapshots.source(&key.0).await {
            Ok(source) if is_of(&source, &key.1) => {}
            Ok(_) | Err(Fault::NotFound) => self.kept.invalidate(&key).await,
            Err(Fault::Away) => {}
        }
    }

    async fn load(&self, slug: &Slug, digest: &Digest) -> Result<Arc<Picture>, Fault> {
        let source = self.snapshots.source(slug).await?;
        if !is_of(&source, digest) {
            return Err(Fault::NotFound);
        }
        let wanted = GetPageLogoRequest { page_id: source.page.page_id.clone(), digest: digest.to_string() };
        let told = ask(self.peers.page_logos().get_page_logo(request(wanted))).await?;
        Picture::new(told).map(Arc::new).ok_or(Fault::Away)
    }
}

fn is_of(source: &Source, digest: &Digest) -> bool {
    source.head.brand.logo.as_ref().is_some_and(|logo| logo.digest == *digest)
}

/// `GET /p/{slug}/logo/{digest}`
pub(super) async fn show(
    State(logos): State<Logos>,
    Segments((slug, digest)): Segments<(Slug, Digest)>,
    reader: Reader,
) -> Result<Response, Refused> {
    let picture = logos.find(slug, digest).await.map_err(|fault| reader.refuse(fault))?;
    let headers = [(CONTENT_TYPE, picture.content_type.clone()), (CACHE_CONTROL, CACHING)];
    Ok((headers, picture.image.clone()).into_response())
}
