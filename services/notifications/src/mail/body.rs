//! The two bodies of a mail, from the templates in `templates/`.

use askama::Template;

use super::story::Story;
use super::text::Texts;
use kit::locale::Locale;

/// Stands in a body where the token comes: cleaned text holds no control characters.
pub(super) const TOKEN_MARK: char = '\u{1}';

const RENDERS: &str = "the templates call nothing that fails";

/// The same message twice.
pub(super) struct Bodies {
    pub(super) text: String,
    pub(super) html: String,
}

/// A mail that says one thing and has one link. Everything in it is clean.
pub(super) struct Notice {
    pub(super) heading: String,
    pub(super) said: String,
    /// What the link says.
    pub(super) link: String,
    /// Where it leads, under the public address.
    pub(super) path: String,
    /// Why the reader gets this, or what to do about it.
    pub(super) reason: String,
}

struct StoryMail<'a> {
    lang: &'static str,
    subject: &'a str,
    page: &'a str,
    story: &'a Story,
    body_lang: Option<&'a str>,
    body_html: String,
    components_heading: String,
    url: String,
    reason: String,
    stop: String,
    unsubscribe_url: String,
}

#[derive(Template)]
#[template(path = "story.html")]
struct StoryHtml<'a> {
    mail: &'a StoryMail<'a>,
}

#[derive(Template)]
#[template(path = "story.txt")]
struct StoryText<'a> {
    mail: &'a StoryMail<'a>,
}

struct NoticeMail<'a> {
    lang: &'static str,
    subject: &'a str,
    page: &'a str,
    notice: &'a Notice,
    url: String,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticeHtml<'a> {
    mail: &'a NoticeMail<'a>,
}

#[derive(Template)]
#[template(path = "notice.txt")]
struct NoticeText<'a> {
    mail: &'a NoticeMail<'a>,
}

/// What all mails need. `page_name` and `subject` are clean.
pub(super) struct Frame<'a> {
    pub(super) public_url: &'a str,
    pub(super) page_name: &'a str,
    pub(super) subject: &'a str,
    pub(super) locale: Locale,
}

impl Frame<'_> {
    /// The bodies for those who subscribed.
    pub(super) fn story(&self, story: &Story) -> Bodies {
        let texts = Texts::of(self.locale);
        let mail = StoryMail {
            lang: self.locale.tag(),
            subject: self.subject,
            page: self.page_name,
            story,
            body_lang: story.lang.as_deref().filter(|_| !story.body_is_ours),
            body_html: kit::markdown::to_html(&story.body),
            components_heading: texts.say("components"),
            url: format!("{}{}", self.public_url, story.path),
            reason: texts.say_of_page("reason", self.page_name),
            stop: texts.say("stop"),
            unsubscribe_url: format!("{}/u/{TOKEN_MARK}", self.public_url),
        };
        rendered(&StoryText { mail: &mail }, &StoryHtml { mail: &mail })
    }

    /// The bodies for one who did not subscribe, or has not yet.
    pub(super) fn notice(&self, notice: &Notice) -> Bodies {
        let mail = NoticeMail {
            lang: self.locale.tag(),
            subject: self.subject,
            page: self.page_name,
            notice,
            url: format!("{}{}", self.public_url, notice.path),
        };
        rendered(&NoticeText { mail: &mail }, &NoticeHtml { mail: &mail })
    }
}

fn rendered(text: &impl Template, html: &impl Template) -> Bodies {
    Bodies { text: text.render().expect(RENDERS), html: html.render().expect(RENDERS) }
}
