//! Mails as a reader's program sees them.

use jiff::{Timestamp, tz::TimeZone};
use kit::ids::{EventId, IncidentId, PageId, TenantId, UpdateId};
use kit::locale::Locale;
use mail_parser::{Message, MessageParser, PartType};

use super::*;
use crate::domain::{
    Component, ComponentStatus, Content, IncidentUpdate, MaintenanceApproaching, MaintenancePhase,
    MaintenanceUpdate, NextUpdateDue, Phase, Postmortem, Window,
};

mod hostile;
mod maintenance;
mod readers;
mod report;
mod said;
mod senders;

const ANA: Personal<'_> =
    Personal { email: "ana@example.org", token: "tok-ana_1", recipient_hash: "h4sh-ana" };
const BOB: Personal<'_> =
    Personal { email: "bob.o'neil+status@example.net", token: "tok-bob_2", recipient_hash: "h4sh-bob" };

const ID: &str = "01jd0000000000000000000000";

fn event_id() -> EventId {
    format!("evt_{ID}").parse().unwrap()
}

fn composer() -> Composer {
    Composer::new(addresses())
}

fn addresses() -> Addresses {
    Addresses {
        public_url: "https://status.example.com".into(),
        mail_domain: "mail.example.com".into(),
        bounce_domain: "bounce.example.com".into(),
        feedback_sender: "pharos".into(),
        through_postmark: false,
    }
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn page(name: &str) -> Page {
    Page {
        tenant_id: format!("ten_{ID}").parse::<TenantId>().unwrap(),
        page_id: format!("page_{ID}").parse::<PageId>().unwrap(),
        slug: "acme".into(),
        name: name.into(),
        locale: Locale::En,
        time_zone: zone("America/Sao_Paulo"),
        sender: Sender::default(),
    }
}

fn update(title: &str, body: &str) -> IncidentUpdate {
    IncidentUpdate {
        incident_id: format!("inc_{ID}").parse::<IncidentId>().unwrap(),
        update_id: format!("upd_{ID}").parse::<UpdateId>().unwrap(),
        title: title.into(),
        phase: Phase::Identified,
        same_phase: false,
        body: body.into(),
        language: String::new(),
        displayed_at: "2026-11-20T23:05:00Z".parse().unwrap(),
        next_update_at: None,
        components: vec![
            Component { name: "Website".into(), status: ComponentStatus::Operational },
            Component { name: "API <v2>".into(), status: ComponentStatus::MajorOutage },
        ],
    }
}

fn window() -> Window {
    Window {
        starts_at: "2026-11-22T01:00:00Z".parse().unwrap(),
        ends_at: "2026-11-22T04:30:00Z".parse().unwrap(),
    }
}

fn maintenance(phase: MaintenancePhase, body: &str) -> MaintenanceUpdate {
    MaintenanceUpdate {
        maintenance_id: format!("mnt_{ID}").parse().unwrap(),
        update_id: format!("upd_{ID}").parse().unwrap(),
        title: "Database upgrade".into(),
        phase,
        same_phase: false,
        body: body.into(),
        language: String::new(),
        displayed_at: "2026-11-20T23:05:00Z".parse().unwrap(),
        window: window(),
        moved: false,
        component_names: vec!["API <v2>".into(), "Website".into()],
    }
}

fn approaching() -> MaintenanceApproaching {
    MaintenanceApproaching {
        maintenance_id: format!("mnt_{ID}").parse().unwrap(),
        title: "Database upgrade".into(),
        body: "We **upgrade** the database.".into(),
        language: String::new(),
        window: window(),
        component_names: vec!["API <v2>".into()],
    }
}

fn postmortem(title: &str, body: &str) -> Postmortem {
    Postmortem {
        incident_id: format!("inc_{ID}").parse().unwrap(),
        title: title.into(),
        body: body.into(),
        language: String::new(),
        published_at: "2026-11-20T23:05:00Z".parse().unwrap(),
    }
}

fn due(title: &str) -> NextUpdateDue {
    NextUpdateDue {
        incident_id: format!("inc_{ID}").parse().unwrap(),
        title: title.into(),
        next_update_at: "2026-11-20T23:30:00Z".parse().unwrap(),
    }
}

fn asked() -> Content {
    Content::Confirmation { subscriber: format!("sub_{ID}").parse().unwrap() }
}

fn date() -> Timestamp {
    "2026-11-20T23:05:42.5Z".parse().unwrap()
}

/// One of each kind.
fn contents() -> [Content; 6] {
    [
        Content::IncidentUpdate(update("t", "b")),
        Content::MaintenanceUpdate(maintenance(MaintenancePhase::Scheduled, "b")),
        Content::MaintenanceApproaching(approaching()),
        Content::Postmortem(postmortem("t", "b")),
        Content::NextUpdateDue(due("t")),
        asked(),
    ]
}

fn mail_to(personal: &Personal<'_>, page: &Page, content: &Content, locale: Locale) -> String {
    mail_in(personal, page, content, locale, &page.time_zone)
}

fn mail_in(
    personal: &Personal<'_>,
    page: &Page,
    content: &Content,
    locale: Locale,
    zone: &TimeZone,
) -> String {
    let template = composer().template(page, content, locale, zone, event_id(), date());
    let mut out = Vec::new();
    template.splice(personal, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn incident(page_name: &str, update: IncidentUpdate) -> String {
    mail_to(&ANA, &page(page_name), &Content::IncidentUpdate(update), Locale::En)
}

fn confirmation(page_name: &str, locale: Locale) -> String {
    mail_to(&ANA, &page(page_name), &asked(), locale)
}

fn parsed(raw: &str) -> Message<'_> {
    MessageParser::default().parse(raw).unwrap()
}

/// The fields in their order, unfolded.
fn fields(raw: &str) -> Vec<(String, String)> {
    let head = raw.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
    let field = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    head.split("\r\n").map(|line| field(line).unwrap()).collect()
}

fn text(message: &Message<'_>) -> String {
    assert_eq!(message.text_body_count(), 1);
    message.body_text(0).unwrap().replace("\r\n", "\n")
}

fn html(message: &Message<'_>) -> String {
    let parts = message.parts.iter();
    let htmls =
        parts.filter_map(|part| if let PartType::Html(html) = &part.body { Some(html) } else { None });
    let htmls = htmls.collect::<Vec<_>>();
    assert_eq!(htmls.len(), 1);
    htmls[0].replace("\r\n", "\n")
}

/// The same without the looks of members' texts, which alone are in single quotes.
fn bare_html(message: &Message<'_>) -> String {
    let mut html = html(message);
    for attribute in [" style='", " class='"] {
        while let Some((before, behind)) = html.split_once(attribute) {
            html = format!("{before}{}", behind.split_once('\'').unwrap().1);
        }
    }
    html
}

/// What every mail must be, whatever is in it.
fn assert_well_formed(raw: &str) {
    assert!(raw.is_ascii());
    assert!(raw.ends_with("--\r\n"));
    assert!(!raw.replace("\r\n", "").contains(['\r', '\n', '\0', '\u{1}', '\u{2}', '\u{3}']));
    let (head, body) = raw.split_once("\r\n\r\n").unwrap();
    assert!(head.split("\r\n").all(|line| line.len() <= 998 && !line.trim().is_empty()));
    assert!(body.split("\r\n").all(|line| line.len() <= 76), "{body}");
    let names = fields(raw).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    for name in ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"] {
        assert_eq!(names.iter().filter(|other| *other == name).count(), 1, "{name}");
    }
    for name in ["Bcc", "Cc", "Return-Receipt-To", "Disposition-Notification-To"] {
        assert!(!names.contains(&name.to_owned()), "{name}");
    }
    let message = parsed(raw);
    assert_eq!(message.to().unwrap().first().unwrap().address(), Some(ANA.email));
    assert!(message.subject().unwrap().chars().count() <= 120);
    assert_eq!(message.parts.len(), 3);
    assert_eq!(message.attachment_count(), 0);
    let html = html(&message);
    for remote in ["<img", "<link", "<script", "@import", "url(", "<iframe", " src="] {
        assert!(!html.contains(remote), "{remote}");
    }
    assert!(!html.contains("Unknown localization") && !text(&message).contains("Unknown localization"));
}
