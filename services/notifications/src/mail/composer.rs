//! The headers of each kind of mail, and what they share.

use std::fmt::Display;

use jiff::{Timestamp, tz::TimeZone};
use kit::ids::EventId;
use kit::locale::Locale;
use lettre::Address;

use super::body::{Bodies, Frame, Notice};
use super::clean;
use super::content::Page;
use super::message::Draft;
use super::story::{MAX_TITLE, Story, Teller};
use super::template::{Template, is_address, mark};
use super::text::Texts;
use crate::domain::{Content, NextUpdateDue};

const MAX_PAGE_NAME: usize = 64;
const MAX_SUBJECT: usize = 120;

/// Where mails come from and point to; settings, and trusted.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// The edge as browsers reach it, without a slash at the end: `https://status.example.com`.
    pub public_url: String,
    /// The domain of senders, list ids and message ids.
    pub mail_domain: String,
    /// The domain whose mail we read: to unsubscribe, and bounces.
    pub bounce_domain: String,
    /// Who sends, for the reports of mailbox providers: the last part of Feedback-ID.
    pub feedback_sender: String,
    /// Whether mails leave through Postmark, which gives them Message-IDs of its own unless a header asks it not to; what
    /// comes back is known by ours.
    pub through_postmark: bool,
}

/// Prepares mails.
#[derive(Debug, Clone)]
pub struct Composer {
    addresses: Addresses,
}

impl Composer {
    /// A composer for an installation.
    pub fn new(addresses: Addresses) -> Self {
        Self { addresses }
    }

    /// The mail that tells `content` in a language, with times in the reader's `zone`.
    ///
    /// The same arguments give the same bytes: a retry passes the `date` of the first
    /// try. `event_id` is the event that the mail tells of.
    pub fn template(
        &self,
        page: &Page,
        content: &Content,
        locale: Locale,
        zone: &TimeZone,
        event_id: EventId,
        date: Timestamp,
    ) -> Template {
        let mail = Mail {
            addresses: &self.addresses,
            page,
            page_name: match clean::line(&page.name, MAX_PAGE_NAME) {
                empty if empty.is_empty() => page.slug.clone(),
                name => name,
            },
            locale,
            zone,
            event_id,
            date,
        };
        let teller = mail.teller();
        match content {
            Content::IncidentUpdate(told) => {
                mail.story(&teller.incident_update(told), "phase", &told.update_id, &told.incident_id)
            }
            Content::MaintenanceUpdate(told) => {
                let story = teller.maintenance_update(told);
                mail.story(&story, "maintenance", &told.update_id, &told.maintenance_id)
            }
            Content::MaintenanceApproaching(told) => {
                let story = teller.maintenance_approaching(told);
                mail.story(&story, "maintenance", &event_id, &told.maintenance_id)
            }
            Content::Postmortem(told) => {
                mail.story(&teller.postmortem(told), "postmortem", &event_id, &told.incident_id)
            }
            Content::NextUpdateDue(told) => mail.reminder(told),
            Content::Confirmation { .. } => mail.confirmation(),
        }
    }
}

struct Mail<'a> {
    addresses: &'a Addresses,
    page: &'a Page,
    /// Clean and not empty.
    page_name: String,
    locale: Locale,
    zone: &'a TimeZone,
    event_id: EventId,
    date: Timestamp,
}

impl Mail<'_> {
    /// A mail of a thread, for those who subscribed. `kind` is the mail's in Feedback-ID; `id` makes its
    /// Message-ID, the same in every try, and `thread` stands for the thread.
    fn story(&self, story: &Story, kind: &str, id: &impl Display, thread: &impl Display) -> Template {
        let subject = self.subject(&story.title, &story.label);
        let bodies = self.frame(&subject).story(story);
        let mut draft = self.head(&subject, id);
        // the thread's first mail names the same ancestor: no mail has its id
        draft.field("References", self.reference(thread));
        self.list(&mut draft);
        self.tail(draft, kind, bodies)
    }

    fn confirmation(&self) -> Template {
        let texts = self.texts();
        let notice = Notice {
            heading: texts.say("confirmation-heading"),
            said: texts.say_of("confirmation-request", &self.page_name),
            link: texts.say("confirmation-link"),
            path: format!("/c/{}", mark::TOKEN),
            reason: texts.say("confirmation-otherwise"),
        };
        let subject = clean::line(&texts.say_of("confirmation-subject", &self.page_name), MAX_SUBJECT);
        self.notice(&notice, &subject, "confirmation")
    }

    fn reminder(&self, due: &NextUpdateDue) -> Template {
        let (texts, teller) = (self.texts(), self.teller());
        let title = clean::line(&due.title, MAX_TITLE);
        let time = teller.moment(due.next_update_at);
        let subject = self.subject(&title, &texts.say("reminder-label"));
        let notice = Notice {
            heading: texts.say("reminder-heading"),
            said: texts.say_with("reminder-said", [("title", title.into()), ("time", time.into())]),
            link: texts.say("incident-link"),
            path: teller.path("incidents", &due.incident_id),
            reason: texts.say_of("reminder-reason", &self.page_name),
        };
        self.notice(&notice, &subject, "reminder")
    }

    /// A mail of no list, for one who did not subscribe, or has not yet.
    fn notice(&self, notice: &Notice, subject: &str, kind: &str) -> Template {
        let bodies = self.frame(subject).notice(notice);
        self.tail(self.head(subject, &self.event_id), kind, bodies)
    }

    /// `[page] headline: news`; where it is too long, the headline is cut.
    fn subject(&self, title: &str, news: &str) -> String {
        let page = &self.page_name;
        let colon = self.texts().say("colon");
        let frame =
            [page, &colon, news].map(|part| part.chars().count()).into_iter().sum::<usize>() + "[]  ".len();
        let title = clean::line(title, MAX_SUBJECT.saturating_sub(frame).max(1));
        clean::line(&format!("[{page}] {title}{colon} {news}"), MAX_SUBJECT)
    }

    fn texts(&self) -> Texts {
        Texts::of(self.locale)
    }

    fn teller(&self) -> Teller<'_> {
        Teller { page: self.page, locale: self.locale, zone: self.zone, date: self.date }
    }

    fn frame<'a>(&'a self, subject: &'a str) -> Frame<'a> {
        Frame {
            public_url: &self.addresses.public_url,
            page_name: &self.page_name,
            subject,
            locale: self.locale,
        }
    }

    fn head(&self, subject: &str, id: &impl Display) -> Draft {
        let sender = &self.page.sender;
        let ours = || Address::new("status", &self.addresses.mail_domain).expect("the settings were checked");
        let mut draft =
            Draft::from(&self.page_name, sender.address.as_deref().and_then(usable).unwrap_or_else(ours));
        draft.field("To", format!("<{}>", mark::ADDRESS));
        if let Some(reply_to) = sender.reply_to.as_deref().and_then(usable) {
            draft.field("Reply-To", format!("<{reply_to}>"));
        }
        draft.text("Subject", subject);
        draft.date(self.date);
        draft.field("Message-ID", self.reference(id));
        draft
    }

    /// A message id of this recipient's own.
    fn reference(&self, id: &impl Display) -> String {
        format!("<{id}.{}@{}>", mark::RECIPIENT_HASH, self.addresses.mail_domain)
    }

    /// RFC 2369, RFC 2919 and, for one click, RFC 8058.
    fn list(&self, draft: &mut Draft) {
        let Addresses { public_url, mail_domain, bounce_domain, feedback_sender: _, through_postmark: _ } =
            self.addresses;
        let page_url = format!("{public_url}/p/{}", self.page.slug);
        draft.named("List-Id", &self.page_name, &format!("{}.pages.{mail_domain}", self.page.page_id));
        let token = mark::TOKEN;
        draft.field(
            "List-Unsubscribe",
            format!("<{public_url}/u/{token}>,\r\n <mailto:u+{token}@{bounce_domain}?subject=unsubscribe>"),
        );
        draft.field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned());
        draft.field("List-Help", format!("<{page_url}>"));
        draft.field("List-Archive", format!("<{page_url}/history>"));
        draft.field("List-Owner", format!("<mailto:status@{mail_domain}>"));
        draft.field("List-Post", "NO".to_owned());
    }

    fn tail(&self, mut draft: Draft, kind: &str, bodies: Bodies) -> Template {
        draft.field("Content-Language", self.locale.tag().to_owned());
        draft.field("Auto-Submitted", "auto-generated".to_owned());
        draft.field("X-Auto-Response-Suppress", "All".to_owned());
        let Page { page_id, tenant_id, .. } = self.page;
        let sender = &self.addresses.feedback_sender;
        draft.field("Feedback-ID", format!("{page_id}:{tenant_id}:{kind}:{sender}"));
        if self.addresses.through_postmark {
            draft.field("X-PM-KeepID", "true".to_owned());
        }
        // no quoted-printable line holds "=_": RFC 2045, section 6.7, recommends it for boundaries
        draft.finish(bodies, &format!("=_{}", self.event_id))
    }
}

/// An address of a tenant, if a header can carry it.
fn usable(address: &str) -> Option<Address> {
    address.parse().ok().filter(|_| is_address(address))
}
