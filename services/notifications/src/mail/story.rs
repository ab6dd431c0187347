//! What the mails of a thread say, in a reader's language: incident updates, maintenances, postmortems.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use kit::locale::{self, Locale};

use super::clean;
use super::content::Page;
use super::text::Texts;
use crate::domain::{
    Component, IncidentUpdate, MaintenanceApproaching, MaintenanceUpdate, Postmortem, Window,
};

/// Characters of a headline in the body: all that an incident or a maintenance may have.
pub(super) const MAX_TITLE: usize = 200;

/// How many components a mail lists. A page may have 2000, and mail readers cut what is longer than 100 kB.
const MAX_COMPONENTS: usize = 50;

/// Characters of a component's name: as many as a page allows.
const MAX_COMPONENT_NAME: usize = 100;

/// Characters of a postmortem that a mail holds: as many as an update may have.
const MAX_BODY: usize = 25_000;

/// The dot of a component of which no status is said.
const NEUTRAL: &str = "#6e7781";

/// A time and what it is the time of.
pub(super) struct NamedTime {
    pub(super) label: String,
    pub(super) at: String,
}

/// A component by its name, and how it does, if that is said.
pub(super) struct ComponentLine {
    pub(super) name: String,
    pub(super) status: Option<String>,
    pub(super) colour: &'static str,
}

/// What a mail tells. Everything in it is clean.
pub(super) struct Story {
    /// The news in a word or two.
    pub(super) label: String,
    /// Behind the label, which is white.
    pub(super) colour: &'static str,
    pub(super) title: String,
    /// The language of the headline, and of the text if it is of members, where it is not the mail's own.
    pub(super) lang: Option<String>,
    /// When it happened.
    pub(super) at: Option<String>,
    /// When what is.
    pub(super) times: Vec<NamedTime>,
    /// CommonMark.
    pub(super) body: String,
    /// The text is a sentence of ours in the mail's own language.
    pub(super) body_is_ours: bool,
    /// A sentence of ours behind the text.
    pub(super) note: Option<String>,
    pub(super) components: Vec<ComponentLine>,
    pub(super) more_components: Option<String>,
    /// What the link says.
    pub(super) link: String,
    /// Where it leads, under the public address.
    pub(super) path: String,
}

/// Puts content into a reader's words.
pub(super) struct Teller<'a> {
    pub(super) page: &'a Page,
    pub(super) locale: Locale,
    /// The reader's.
    pub(super) zone: &'a TimeZone,
    /// The mail's own date.
    pub(super) date: Timestamp,
}

impl Teller<'_> {
    pub(super) fn incident_update(&self, update: &IncidentUpdate) -> Story {
        let texts = self.texts();
        let mut components = update.components.iter().collect::<Vec<_>>();
        components.sort_by_key(|component| Reverse(component.status));
        let line = |component: &Component| ComponentLine {
            name: clean::line(&component.name, MAX_COMPONENT_NAME),
            status: Some(texts.say(component.status.text())),
            colour: component.status.colour(),
        };
        Story {
            label: texts.say(update.label()),
            colour: update.phase.colour(),
            title: clean::line(&update.title, MAX_TITLE),
            lang: self.lang(&update.language),
            at: Some(self.moment(update.displayed_at)),
            times: Vec::new(),
            body: clean::body(&update.body),
            body_is_ours: false,
            note: update
                .next_update_at
                .map(|promised| texts.say_with("next-update", [("time", self.moment(promised).into())])),
            more_components: self.more(components.len()),
            components: components.into_iter().take(MAX_COMPONENTS).map(line).collect(),
            link: texts.say("incident-link"),
            path: self.path("incidents", &update.incident_id),
        }
    }

    pub(super) fn maintenance_update(&self, update: &MaintenanceUpdate) -> Story {
        let texts = self.texts();
        let written = clean::body(&update.body);
        let body_is_ours = written.trim().is_empty();
        Story {
            label: texts.say(update.label()),
            colour: update.phase.colour(),
            title: clean::line(&update.title, MAX_TITLE),
            lang: self.lang(&update.language),
            at: Some(self.moment(update.displayed_at)),
            times: self.window(update.window, update.moved),
            body: if body_is_ours { texts.say(update.sentence()) } else { written },
            body_is_ours,
            note: None,
            more_components: self.more(update.component_names.len()),
            components: names(&update.component_names),
            link: texts.say("maintenance-link"),
            path: self.path("maintenances", &update.maintenance_id),
        }
    }

    pub(super) fn maintenance_approaching(&self, near: &MaintenanceApproaching) -> Story {
        let texts = self.texts();
        Story {
            label: self.starts_in(near.window.starts_at.duration_since(self.date)),
            colour: MaintenanceApproaching::COLOUR,
            title: clean::line(&near.title, MAX_TITLE),
            lang: self.lang(&near.language),
            at: None,
            times: self.window(near.window, false),
            body: clean::body(&near.body),
            body_is_ours: false,
            note: None,
            more_components: self.more(near.component_names.len()),
            components: names(&near.component_names),
            link: texts.say("maintenance-link"),
            path: self.path("maintenances", &near.maintenance_id),
        }
    }

    pub(super) fn postmortem(&self, report: &Postmortem) -> Story {
        let texts = self.texts();
        let whole = clean::body(&report.body);
        let cut = clean::beginning(&whole, MAX_BODY).map(str::to_owned);
        Story {
            label: texts.say("postmortem-published"),
            colour: Postmortem::COLOUR,
            title: clean::line(&report.title, MAX_TITLE),
            lang: self.lang(&report.language),
            at: Some(self.moment(report.published_at)),
            times: Vec::new(),
            note: cut.is_some().then(|| texts.say("postmortem-cut")),
            body: cut.unwrap_or(whole),
            body_is_ours: false,
            more_components: None,
            components: Vec::new(),
            link: texts.say("incident-link"),
            path: self.path("incidents", &report.incident_id),
        }
    }

    /// To the minute, in the reader's zone.
    pub(super) fn moment(&self, at: Timestamp) -> String {
        locale::date_time(at, self.zone, self.locale)
    }

    pub(super) fn path(&self, of: &str, id: &impl std::fmt::Display) -> String {
        format!("/p/{}/{of}/{id}", self.page.slug)
    }

    fn texts(&self) -> Texts {
        Texts::of(self.locale)
    }

    /// What to mark a text with that is in this language, or in the page's if that is empty.
    fn lang(&self, language: &str) -> Option<String> {
        let language = if language.is_empty() { self.page.locale.tag() } else { language };
        (!language.eq_ignore_ascii_case(self.locale.tag())).then(|| language.to_owned())
    }

    fn window(&self, window: Window, is_new: bool) -> Vec<NamedTime> {
        let (start, end) = if is_new {
            ("maintenance-new-start", "maintenance-new-end")
        } else {
            ("maintenance-start", "maintenance-end")
        };
        [(start, window.starts_at), (end, window.ends_at)]
            .map(|(label, at)| NamedTime { label: self.texts().say(label), at: self.moment(at) })
            .into()
    }

    /// In minutes up to two hours, then in hours up to two days, rounded: the planned start stands beside it.
    fn starts_in(&self, lead: SignedDuration) -> String {
        let rounded = |number: i64, unit: i64| (number + unit / 2) / unit;
        let minutes = rounded(lead.as_secs(), 60).max(1);
        let hours = rounded(minutes, 60);
        let (key, name, number) = if minutes < 120 && minutes != 60 {
            ("maintenance-starts-in-minutes", "minutes", minutes)
        } else if hours < 48 {
            ("maintenance-starts-in-hours", "hours", hours)
        } else {
            ("maintenance-starts-in-days", "days", rounded(hours, 24))
        };
        self.texts().say_with(key, [(name, number.into())])
    }

    fn more(&self, components: usize) -> Option<String> {
        let more = components.saturating_sub(MAX_COMPONENTS);
        (more > 0).then(|| self.texts().say_count("more-components", more))
    }
}

fn names(names: &[String]) -> Vec<ComponentLine> {
    names
        .iter()
        .take(MAX_COMPONENTS)
        .map(|name| ComponentLine {
            name: clean::line(name, MAX_COMPONENT_NAME),
            status: None,
            colour: NEUTRAL,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::Sender;
    use super::*;

    fn page() -> Page {
        Page {
            tenant_id: Uuid::nil().into(),
            page_id: Uuid::nil().into(),
            slug: "acme".into(),
            name: "Acme".into(),
            locale: Locale::En,
            time_zone: TimeZone::UTC,
            sender: Sender::default(),
        }
    }

    #[test]
    fn what_is_left_until_a_maintenance_is_told_in_the_unit_that_a_person_would_choose() {
        let page = page();
        let told = |locale, seconds| {
            let teller = Teller { page: &page, locale, zone: &TimeZone::UTC, date: Timestamp::UNIX_EPOCH };
            teller.starts_in(SignedDuration::from_secs(seconds))
        };
        let minutes = |minutes: i64| told(Locale::En, minutes * 60);
        assert_eq!(minutes(1), "Maintenance starts in 1 minute");
        assert_eq!(minutes(90), "Maintenance starts in 90 minutes");
        assert_eq!(minutes(60), "Maintenance starts in 1 hour");
        assert_eq!(minutes(24 * 60), "Maintenance starts in 24 hours");
        assert_eq!(minutes(24 * 60 - 1), "Maintenance starts in 24 hours");
        assert_eq!(minutes(7 * 24 * 60), "Maintenance starts in 7 days");
        assert_eq!(told(Locale::En, 60 * 60 - 2), "Maintenance starts in 1 hour");
        assert_eq!(told(Locale::En, -5), "Maintenance starts in 1 minute");
        assert_eq!(told(Locale::PtBr, 60), "Manutenção começa em 1 minuto");
        assert_eq!(told(Locale::PtBr, 15 * 60), "Manutenção começa em 15 minutos");
        assert_eq!(told(Locale::PtBr, 7200), "Manutenção começa em 2 horas");
        assert_eq!(told(Locale::PtBr, 48 * 3600), "Manutenção começa em 2 dias");
        for (locale, one, two) in [
            (Locale::Es, "El mantenimiento empieza en 1 hora", "El mantenimiento empieza en 2 horas"),
            (Locale::De, "Wartung beginnt in 1 Stunde", "Wartung beginnt in 2 Stunden"),
            (Locale::Fr, "La maintenance commence dans 1 heure", "La maintenance commence dans 2 heures"),
            (Locale::Ja, "メンテナンス開始まであと 1 時間", "メンテナンス開始まであと 2 時間"),
        ] {
            assert_eq!((told(locale, 3600), told(locale, 7200)), (one.to_owned(), two.to_owned()));
        }
    }

    #[test]
    fn a_text_is_marked_where_its_language_is_not_the_mails() {
        let page = page();
        let marked = |locale, language: &str| {
            Teller { page: &page, locale, zone: &TimeZone::UTC, date: Timestamp::UNIX_EPOCH }.lang(language)
        };
        assert_eq!(marked(Locale::En, ""), None);
        assert_eq!(marked(Locale::PtBr, ""), Some("en".to_owned()));
        assert_eq!(marked(Locale::PtBr, "PT-br"), None);
        assert_eq!(marked(Locale::PtBr, "pt-PT"), Some("pt-PT".to_owned()));
        assert_eq!(marked(Locale::En, "de"), Some("de".to_owned()));
    }
}
