//! What all feeds of a page have in common: its names, its addresses, and how they write texts and times.

use chrono::{DateTime, FixedOffset};
use http::Uri;
use jiff::Timestamp;
use kit::locale;

use crate::{formats::Source, texts::Texts, view::PageHead};

/// A page as its feeds tell it.
#[derive(Debug)]
pub(super) struct Teller<'a> {
    pub(super) source: &'a Source,
    pub(super) head: PageHead,
    /// The host of the page's address, without a port.
    pub(super) host: String,
    /// The path of the page's address: `/p/acme`.
    path: String,
}

impl<'a> Teller<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        let address = source.url.parse::<Uri>().unwrap_or_default();
        Self {
            head: PageHead::new(&source.front).expect("a source is made of a front with its page and time"),
            host: address.host().unwrap_or_default().to_owned(),
            path: address.path().to_owned(),
            source,
        }
    }

    pub(super) const fn texts(&self) -> Texts {
        self.source.texts
    }

    /// The id of a thing that has a code (RFC 4151). The year is the one that readers of feeds have seen for long: any
    /// in which nobody else had the host's name will do.
    pub(super) fn tag(&self, thing: &str) -> String {
        format!("tag:{},2005:{thing}", self.host)
    }

    /// The id of one of the page's feeds.
    pub(super) fn tag_of_feed(&self, feed: &str) -> String {
        self.tag(&format!("{}/{feed}", self.path))
    }

    /// The address of a place below the page.
    pub(super) fn link(&self, place: &str) -> String {
        format!("{}/{place}", self.source.url)
    }

    /// The name of one of the page's feeds: "Acme status - Incident history".
    pub(super) fn title(&self, key: &str) -> String {
        clean(&format!("{} - {}", self.head.title(), self.texts().say(key)))
    }

    /// "Major outage: API", as the page's language has it.
    pub(super) fn labelled(&self, label: &str, text: &str) -> String {
        self.texts().say_with("labelled", [("label", label.into()), ("text", text.into())])
    }

    /// A moment as HTML, in the page's language and time zone. The day and the time of day are marked as readers of
    /// feeds know them.
    pub(super) fn when(&self, at: Timestamp) -> String {
        let (zone, locale) = (&self.source.time_zone, self.texts().locale());
        let text = locale::date_time(at, zone, locale);
        let (day, time) = (locale::date(at, zone, locale), locale::time(at, zone, locale));
        let parts = text.strip_prefix(&day).and_then(|rest| rest.split_once(&time));
        match parts {
            Some((between, after)) => {
                format!("<var data-var='date'>{day}</var>{between}<var data-var='time'>{time}</var>{after}")
            }
            None => text,
        }
    }

    /// When a feed last changed: the latest of these, or when the page was made.
    pub(super) fn changed(&self, times: impl Iterator<Item = Timestamp>) -> Timestamp {
        times.max().unwrap_or_else(|| self.source.made_at())
    }
}

/// A text without what XML 1.0 (section 2.2) or a calendar (RFC 5545, section 3.1) cannot hold: control characters but
/// for tab and line feed, and the two that are no characters.
pub(super) fn clean(text: &str) -> String {
    let is_held = |c: &char| {
        matches!(c, '\t' | '\n') || !(c.is_ascii_control() || matches!(c, '\u{fffe}' | '\u{ffff}'))
    };
    text.chars().filter(is_held).collect()
}

/// A text as the content of an HTML element.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A time as Atom has it, to the second.
pub(super) fn atom_time(at: Timestamp) -> DateTime<FixedOffset> {
    DateTime::from_timestamp(at.as_second(), 0).unwrap_or_default().fixed_offset()
}

/// A time as RSS has it: "Wed, 03 Jun 2026 07:28:39 +0000".
pub(super) fn rss_time(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// A time as JSON Feed has it (RFC 3339), to the second.
pub(super) fn json_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A time as a calendar has it, in UTC.
pub(super) fn calendar_time(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}
