//! The headers of each kind of mail, and what they share.

use std::fmt::Display;

use jiff::{Timestamp, tz::TimeZone};
use kit::ids::EventId;
use kit::locale::Locale;

use super::body::{Bodies, Frame, Notice, TOKEN_MARK};
use super::content::Page;
use super::story::{MAX_TITLE, Story, Teller};
use super::template::Part::{Fixed, Slot as Open};
use super::template::{Draft, Slot, Template};
use super::text::Texts;
use super::{clean, header};
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

    /// The mail that tells `content` in a language.
    ///
    /// The same arguments give the same bytes: a retry passes the `date` of the first
    /// try. `event_id` is the event that the mail tells of.
    pub fn template(
        &self,
        page: &Page,
        content: &Content,
        locale: Locale,
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
    event_id: EventId,
    date: Timestamp,
}

impl Mail<'_> {
    /// A mail of a thread, for those who subscribed. `kind` is the mail's in Feedback-ID; `id` makes its
    /// Message-ID, the same in every try, and `thread` stands for the thread.
    fn story(&self, story: &Story, kind: &str, id: &impl Display, thread: &impl Display) -> Template {
        let subject = self.subject(&story.title, &story.label);
        let bodies = self.frame(&subject).story(story);
        let thread = thread.to_string();
        let mut draft = Draft::default();
        self.head(&mut draft, &subject);
        self.reference(&mut draft, "Message-ID", &id.to_string());
        // the thread's first mail names the same ancestor: no mail has its id
        self.reference(&mut draft, "In-Reply-To", &thread);
        self.reference(&mut draft, "References", &thread);
        self.list(&mut draft);
        self.tail(&mut draft, kind, &bodies);
        draft.finish()
    }

    fn confirmation(&self) -> Template {
        let texts = self.texts();
        let notice = Notice {
            heading: texts.say("confirmation-heading"),
            said: texts.say_of_page("confirmation-request", &self.page_name),
            link: texts.say("confirmation-link"),
            path: format!("/c/{TOKEN_MARK}"),
            reason: texts.say("confirmation-otherwise"),
        };
        let subject = clean::line(&texts.say_of_page("confirmation-subject", &self.page_name), MAX_SUBJECT);
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
            reason: texts.say_of_page("reminder-reason", &self.page_name),
        };
        self.notice(&notice, &subject, "reminder")
    }

    /// A mail of no list, for one who did not subscribe, or has not yet.
    fn notice(&self, notice: &Notice, subject: &str, kind: &str) -> Template {
        let bodies = self.frame(subject).notice(notice);
        let mut draft = Draft::default();
        self.head(&mut draft, subject);
        self.reference(&mut draft, "Message-ID", &self.event_id.to_string());
        self.tail(&mut draft, kind, &bodies);
        draft.finish()
    }

    /// `[page] headline: news`; where it is too long, the headline is cut.
    fn subject(&self, title: &str, news: &str) -> String {
        let frame = "[] : ".len() + self.page_name.chars().count() + news.chars().count();
        let title = clean::line(title, MAX_SUBJECT.saturating_sub(frame).max(1));
        clean::line(&format!("[{}] {title}: {news}", self.page_name), MAX_SUBJECT)
    }

    fn texts(&self) -> Texts {
        Texts::of(self.locale)
    }

    fn teller(&self) -> Teller<'_> {
        Teller { page: self.page, locale: self.locale, date: self.date }
    }

    fn frame<'a>(&'a self, subject: &'a str) -> Frame<'a> {
        Frame {
            public_url: &self.addresses.public_url,
            page_name: &self.page_name,
            subject,
            locale: self.locale,
        }
    }

    fn head(&self, draft: &mut Draft, subject: &str) {
        let sender = format!("status@{}", self.addresses.mail_domain);
        draft.header("From", &header::named(&self.page_name, &sender));
        draft.line([Fixed("To: <"), Open(Slot::Address), Fixed(">")]);
        draft.header("Subject", &header::unstructured(subject));
        let date = self.date.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
        draft.header("Date", &date);
    }

    /// A message id of this recipient's own.
    fn reference(&self, draft: &mut Draft, name: &str, id: &str) {
        draft.line([
            Fixed(name),
            Fixed(": <"),
            Fixed(id),
            Fixed("."),
            Open(Slot::RecipientHash),
            Fixed("@"),
            Fixed(&self.addresses.mail_domain),
            Fixed(">"),
        ]);
    }

    /// RFC 2369, RFC 2919 and, for one click, RFC 8058.
    fn list(&self, draft: &mut Draft) {
        let Addresses { public_url, mail_domain, bounce_domain, feedback_sender: _ } = self.addresses;
        let page_url = format!("{public_url}/p/{}", self.page.slug);
        let list_id = format!("{}.pages.{mail_domain}", self.page.page_id);
        draft.header("List-Id", &header::named(&self.page_name, &list_id));
        draft.line([
            Fixed("List-Unsubscribe: <"),
            Fixed(public_url),
            Fixed("/u/"),
            Open(Slot::Token),
            Fixed(">,\r\n <mailto:u+"),
            Open(Slot::Token),
            Fixed("@"),
            Fixed(bounce_domain),
            Fixed("?subject=unsubscribe>"),
        ]);
        draft.header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        draft.header("List-Help", &format!("<{page_url}>"));
        draft.header("List-Archive", &format!("<{page_url}/history>"));
        draft.header("List-Owner", &format!("<mailto:status@{mail_domain}>"));
        draft.header("List-Post", "NO");
    }

    fn tail(&self, draft: &mut Draft, kind: &str, bodies: &Bodies) {
        draft.header("Content-Language", self.locale.tag());
        draft.header("Auto-Submitted", "auto-generated");
        draft.header("X-Auto-Response-Suppress", "All");
        let Page { page_id, tenant_id, .. } = self.page;
        draft.header(
            "Feedback-ID",
            &format!("{page_id}:{tenant_id}:{kind}:{}", self.addresses.feedback_sender),
        );
        draft.header("MIME-Version", "1.0");
        // no quoted-printable line holds "=_": RFC 2045, section 6.7, recommends it for boundaries
        let boundary = format!("=_{}", self.event_id);
        draft.header("Content-Type", &format!("multipart/alternative; boundary=\"{boundary}\""));
        draft.line([]);
        for (kind, body) in [("text/plain", &bodies.text), ("text/html", &bodies.html)] {
            draft.line([Fixed("--"), Fixed(&boundary)]);
            draft.header("Content-Type", &format!("{kind}; charset=utf-8"));
            draft.header("Content-Transfer-Encoding", "quoted-printable");
            draft.line([]);
            draft.body(body, TOKEN_MARK);
        }
        draft.line([Fixed("--"), Fixed(&boundary), Fixed("--")]);
    }
}
