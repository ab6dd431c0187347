//! The two bodies of a mail, from the templates in `templates/`.

use askama::Template;
use std::cmp::Reverse;

use super::clean;
use super::content::Page;
use super::text::Texts;
use crate::domain::{Component, IncidentUpdate};
use kit::locale::Locale;

/// Stands in a body where the token comes: cleaned text holds no control characters.
pub(super) const TOKEN_MARK: char = '\u{1}';

/// How many components a mail lists. A page may have 2000, and mail readers cut what is longer than 100 kB.
const MAX_COMPONENTS: usize = 50;

/// Characters of a component's name: as many as a page allows.
const MAX_COMPONENT_NAME: usize = 100;

const RENDERS: &str = "the templates call nothing that fails";

/// The same message twice.
pub(super) struct Bodies {
    pub(super) text: String,
    pub(super) html: String,
}

struct ComponentLine {
    name: String,
    status: String,
    colour: &'static str,
}

struct Incident<'a> {
    lang: &'static str,
    page_lang: &'static str,
    subject: &'a str,
    page: &'a str,
    title: &'a str,
    phase: String,
    phase_colour: &'static str,
    at: String,
    body_text: String,
    body_html: String,
    components_heading: String,
    components: Vec<ComponentLine>,
    more_components: Option<String>,
    link: String,
    incident_url: String,
    reason: String,
    stop: String,
    unsubscribe_url: String,
}

#[derive(Template)]
#[template(path = "incident.html")]
struct IncidentHtml<'a> {
    mail: &'a Incident<'a>,
}

#[derive(Template)]
#[template(path = "incident.txt")]
struct IncidentText<'a> {
    mail: &'a Incident<'a>,
}

struct Confirmation<'a> {
    lang: &'static str,
    subject: &'a str,
    page: &'a str,
    heading: String,
    request: String,
    link: String,
    confirm_url: String,
    otherwise: String,
}

#[derive(Template)]
#[template(path = "confirmation.html")]
struct ConfirmationHtml<'a> {
    mail: &'a Confirmation<'a>,
}

#[derive(Template)]
#[template(path = "confirmation.txt")]
struct ConfirmationText<'a> {
    mail: &'a Confirmation<'a>,
}

/// What both kinds of mail need. `page_name`, `title` and `subject` are clean.
pub(super) struct Frame<'a> {
    pub(super) public_url: &'a str,
    pub(super) page: &'a Page,
    pub(super) page_name: &'a str,
    pub(super) subject: &'a str,
    pub(super) locale: Locale,
}

impl Frame<'_> {
    /// The bodies that tell an incident's update.
    pub(super) fn incident(&self, title: &str, update: &IncidentUpdate) -> Bodies {
        let texts = Texts::of(self.locale);
        let body_text = clean::body(&update.body);
        let mut components = update.components.iter().collect::<Vec<_>>();
        components.sort_by_key(|component| Reverse(component.status));
        let more = components.len().saturating_sub(MAX_COMPONENTS);
        let line = |component: &Component| ComponentLine {
            name: clean::line(&component.name, MAX_COMPONENT_NAME),
            status: texts.say(component.status.text()),
            colour: component.status.colour(),
        };
        let mail = Incident {
            lang: self.locale.tag(),
            page_lang: self.page.locale.tag(),
            subject: self.subject,
            page: self.page_name,
            title,
            phase: texts.say(update.phase.text()),
            phase_colour: update.phase.colour(),
            at: kit::locale::date_time(update.displayed_at, &self.page.time_zone, self.locale),
            body_html: kit::markdown::to_html(&body_text),
            body_text,
            components_heading: texts.say("incident-components"),
            components: components.into_iter().take(MAX_COMPONENTS).map(line).collect(),
            more_components: (more > 0).then(|| texts.say_of_count("incident-more-components", more)),
            link: texts.say("incident-link"),
            incident_url: format!(
                "{}/p/{}/incidents/{}",
                self.public_url, self.page.slug, update.incident_id
            ),
            reason: texts.say_of_page("incident-reason", self.page_name),
            stop: texts.say("incident-stop"),
            unsubscribe_url: format!("{}/u/{TOKEN_MARK}", self.public_url),
        };
        rendered(&IncidentText { mail: &mail }, &IncidentHtml { mail: &mail })
    }

    /// The bodies that ask for a confirmation.
    pub(super) fn confirmation(&self) -> Bodies {
        let texts = Texts::of(self.locale);
        let mail = Confirmation {
            lang: self.locale.tag(),
            subject: self.subject,
            page: self.page_name,
            heading: texts.say("confirmation-heading"),
            request: texts.say_of_page("confirmation-request", self.page_name),
            link: texts.say("confirmation-link"),
            confirm_url: format!("{}/c/{TOKEN_MARK}", self.public_url),
            otherwise: texts.say("confirmation-otherwise"),
        };
        rendered(&ConfirmationText { mail: &mail }, &ConfirmationHtml { mail: &mail })
    }
}

fn rendered(text: &impl Template, html: &impl Template) -> Bodies {
    Bodies { text: text.render().expect(RENDERS), html: html.render().expect(RENDERS) }
}
