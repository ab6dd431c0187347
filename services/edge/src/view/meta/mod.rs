//! What the head of a document says of it to programs that people pass its address on with: search engines, chats,
//! social networks (<https://ogp.me>, <https://schema.org>).

mod data;
mod plain;
#[cfg(test)]
mod tests;

use kit::{locale::Locale, markdown};
use proto::incidents::v1::{Incident, Maintenance};
use serde_json::Value;

use self::data::{Datum, Teller, time};

use super::{Mark, PageHead, PageView, maintenances};
use crate::wire::read;

/// The width and the height of the picture that stands for a document, in pixels: what those who show it take whole.
pub(crate) const PREVIEW: (u16, u16) = (1200, 630);
/// So many characters of a description are shown by those who show it.
const MOST_OF_DESCRIPTION: usize = 200;

/// What the head of a document says.
#[derive(Debug)]
pub(crate) struct Meta {
    /// The kind of thing (`og:type`).
    pub(crate) kind: &'static str,
    pub(crate) title: String,
    pub(crate) description: String,
    /// What it is part of.
    pub(crate) site: String,
    /// Where it is, whatever address it was asked for by; nothing of what is no beginning of anything.
    pub(crate) url: Option<String>,
    /// The language as Open Graph has it: `pt_BR`.
    pub(crate) locale: &'static str,
    /// The address of its picture.
    pub(crate) image: String,
    /// When it began and when it changed last, as HTML's `datetime`.
    pub(crate) published: Option<String>,
    pub(crate) modified: Option<String>,
    data: Value,
}

impl Meta {
    /// What it is in the vocabulary of schema.org, as microdata.
    pub(crate) fn data(&self) -> Vec<Datum> {
        data::flat(&self.data)
    }
}

/// A document of a page, of which something is to be said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) head: &'a PageHead,
    /// Where the page is, without a slash at the end.
    pub(crate) page_url: &'a str,
    /// What the page's version was: a picture that shows another state has another address.
    pub(crate) version: i64,
}

impl Place<'_> {
    /// The front of the page.
    pub(crate) fn front(self, page: &PageView) -> Meta {
        let said = self.head.texts.say_with(
            "labelled",
            [("label", self.head.title().into()), ("text", page.overall.text.as_str().into())],
        );
        let description = [said].into_iter().chain(page.overall_notes.iter().cloned()).collect::<Vec<_>>();
        let title = format!("{} – {}", page.overall.text, self.head.title());
        self.page("WebPage", "", title, description.join(" · "))
    }

    /// A lot of the history; one that is not the newest has an address for the moment.
    pub(crate) fn history(self, is_newest: bool) -> Meta {
        let texts = self.head.texts;
        let about = texts.say_of("about-history", &self.head.name);
        let meta = self.page("CollectionPage", "/history", texts.say("history"), about);
        Meta { url: meta.url.filter(|_| is_newest), ..meta }
    }

    /// The uptime of the months before this one, or of the newest.
    pub(crate) fn uptime(self, before: Option<&str>) -> Meta {
        let texts = self.head.texts;
        let place = before.map_or_else(|| "/uptime".to_owned(), |before| format!("/uptime?before={before}"));
        let about = texts.say_of("about-uptime", &self.head.name);
        self.page("WebPage", &place, texts.say("uptime"), about)
    }

    /// An incident.
    pub(crate) fn incident(self, incident: &Incident) -> Meta {
        let told = Told {
            place: format!("/incidents/{}", incident.incident_id),
            title: &incident.title,
            phase: Mark::phase(incident.phase(), self.head.texts),
            text: told(incident.updates.iter().map(|update| update.body.as_str())),
        };
        let newest = incident.updates.iter().filter_map(|update| read(update.displayed_at.as_ref())).max();
        let meta = self.story(told, |teller| teller.incident(incident));
        Meta { published: time(read(incident.started_at.as_ref())), modified: time(newest), ..meta }
    }

    /// A maintenance.
    pub(crate) fn maintenance(self, maintenance: &Maintenance) -> Meta {
        let planned = maintenances::planned(self.head, maintenance).map(|window| window.in_words());
        let text = told(maintenance.updates.iter().map(|update| update.body.as_str()));
        let told = Told {
            place: format!("/maintenances/{}", maintenance.maintenance_id),
            title: &maintenance.title,
            phase: Mark::maintenance(maintenance.phase(), self.head.texts),
            text: [planned.unwrap_or_default(), text].join(" "),
        };
        let newest = maintenance.updates.iter().filter_map(|update| read(update.displayed_at.as_ref())).max();
        let meta = self.story(told, |teller| teller.maintenance(maintenance));
        Meta { published: time(read(maintenance.created_at.as_ref())), modified: time(newest), ..meta }
    }

    fn page(self, kind: &str, place: &str, title: String, description: String) -> Meta {
        let (url, image) = (format!("{}{place}", self.page_url), self.image(""));
        let description = plain::line(&description, MOST_OF_DESCRIPTION);
        let Place { head, page_url, .. } = self;
        let teller = Teller { head, page_url, url: &url, description: &description, image: &image };
        let name = if place.is_empty() { head.title() } else { title.clone() };
        let data = teller.web_page(kind, &name);
        self.meta("website", (title, description), url, image, data)
    }

    fn story(self, told: Told<'_>, data: impl FnOnce(&Teller<'_>) -> Value) -> Meta {
        let Told { place, title, phase, text } = told;
        let (url, image) = (format!("{}{place}", self.page_url), self.image(&place));
        let said = self
            .head
            .texts
            .say_with("labelled", [("label", phase.text.as_str().into()), ("text", text.as_str().into())]);
        let description = plain::line(&said, MOST_OF_DESCRIPTION);
        let Place { head, page_url, .. } = self;
        let data = data(&Teller { head, page_url, url: &url, description: &description, image: &image });
        self.meta("article", (title.to_owned(), description), url, image, data)
    }

    fn meta(
        self,
        kind: &'static str,
        (title, description): (String, String),
        url: String,
        image: String,
        data: Value,
    ) -> Meta {
        let (site, locale) = (self.head.title(), territory(self.head.zone.locale));
        let (published, modified) = (None, None);
        Meta { kind, title, description, site, url: Some(url), locale, image, published, modified, data }
    }

    fn image(self, place: &str) -> String {
        format!("{}{place}/preview.png?v={}", self.page_url, self.version)
    }
}

/// A story in short.
struct Told<'a> {
    place: String,
    title: &'a str,
    phase: Mark,
    text: String,
}

/// The beginning of the newest text that says anything.
fn told<'a>(bodies: impl Iterator<Item = &'a str>) -> String {
    let mut beginnings = bodies.map(|body| plain::plain(&markdown::opening(body, MOST_OF_DESCRIPTION)));
    beginnings.find(|text| !text.is_empty()).unwrap_or_default()
}

/// A language with the territory that Open Graph wants beside it.
fn territory(locale: Locale) -> &'static str {
    match locale {
        Locale::En => "en_US",
        Locale::PtBr => "pt_BR",
        Locale::Es => "es_ES",
        Locale::De => "de_DE",
        Locale::Fr => "fr_FR",
        Locale::Ja => "ja_JP",
    }
}
