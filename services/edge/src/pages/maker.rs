//! Making documents: what is asked of the services for each, and what is made of the answers.

use std::sync::Arc;

use askama::Template;
use http::HeaderValue;
use proto::incidents::v1::{GetPageRequest, get_page_request};

use super::{
    answer::Frame,
    brand,
    document::Document,
    formats, front,
    lookups::Lookups,
    press::{PagePress, Press},
    preview,
    slug::Slug,
    snapshots::{Kind, Made},
    stories, uptime,
};
use crate::{
    formats::Source,
    peers::{Fault, Peers, ask, request},
};

/// What making needs. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Maker {
    pub(super) peers: Peers,
    press: Press,
    lookups: Lookups,
    public_url: Arc<str>,
}

impl Maker {
    pub(super) fn new(peers: &Peers, press: &Press, public_url: &str) -> Self {
        let (peers, press, lookups) = (peers.clone(), press.clone(), Lookups::new());
        Self { peers, press, lookups, public_url: public_url.into() }
    }

    /// Where documents of the page at this place are made.
    pub(super) fn press(&self, slug: &str) -> PagePress {
        self.press.of(slug)
    }

    /// A page, as it is now; that there is none may be a second old.
    pub(super) async fn read(&self, slug: &Slug) -> Result<Source, Fault> {
        let look = async {
            let page = Some(get_page_request::Page::Slug(slug.to_string()));
            Ok(ask(self.peers.status().get_page(request(GetPageRequest { page }))).await?)
        };
        let front = self.lookups.find(slug, look).await?;
        let public_url = Arc::clone(&self.public_url);
        self.press(slug.as_str()).run(move || Source::new(&public_url, front)).await?.ok_or(Fault::Away)
    }

    /// A document of a page that was read.
    pub(super) async fn make(&self, source: Arc<Source>, document: &Document) -> Result<Made, Fault> {
        match document {
            Document::Front => front::made(self, source).await,
            Document::History { page_token } => stories::history(self, source, page_token.clone()).await,
            Document::Incident(id) => stories::incident(self, source, id.clone()).await,
            Document::Maintenance(id) => stories::maintenance(self, source, id.clone()).await,
            Document::Uptime { before } => uptime::months(self, source, before.clone()).await,
            Document::Format(format, place) => formats::made(self, source, *format, place.clone()).await,
            Document::Story(code) => formats::story(self, source, *code).await,
            Document::Preview(subject) => preview::made(self, source, subject.clone()).await,
            Document::Brand => brand::made(&source),
        }
    }

    /// A page for people, of what was asked for already; `None` is one that cannot be shown.
    pub(super) async fn page<T: Template>(
        &self,
        source: Arc<Source>,
        template: impl FnOnce(Frame, &Source) -> Option<T> + Send + 'static,
    ) -> Result<Made, Fault> {
        let press = self.press(&source.head.slug);
        let made = press.run(move || {
            let texts = source.texts;
            let template = template(Frame::live(&source), &source)?;
            let html = template.render().inspect_err(|error| {
                // our templates call nothing that fails, and a `String` takes every write
                tracing::error!(%error, "a page could not be rendered");
            });
            let as_of = source.head.zone.moment(source.now);
            Some(Made {
                kind: Kind::Page { language: HeaderValue::from_static(texts.tag()) },
                bytes: html.ok()?.into_bytes(),
                notice: Notice { text: texts.say_of("as-of", &as_of.text) }.render().ok()?,
            })
        });
        made.await?.ok_or(Fault::Away)
    }
}

/// What a page says that may not be the newest.
#[derive(Template)]
#[template(source = "<p class=\"as-of\" role=\"status\">{{ text }}</p>", ext = "html")]
struct Notice {
    text: String,
}
