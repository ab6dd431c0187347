//! The two bodies of a mail, from the templates in `templates/`.

use askama::Template;

use super::story::Story;
use super::template::mark;
use super::text::Texts;
use kit::locale::Locale;

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
    /// What stands between a name and what it is the name of.
    colon: String,
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
    colon: String,
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
            body_html: styled(&without_marks(&kit::markdown::to_html(&story.body))),
            components_heading: texts.say("components"),
            colon: texts.say("colon"),
            url: format!("{}{}", self.public_url, story.path),
            reason: texts.say_of("reason", self.page_name),
            stop: texts.say("stop"),
            unsubscribe_url: format!("{}/u/{}", self.public_url, mark::TOKEN),
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
            colon: Texts::of(self.locale).say("colon"),
            url: format!("{}{}", self.public_url, notice.path),
        };
        rendered(&NoticeText { mail: &mail }, &NoticeHtml { mail: &mail })
    }
}

/// A character reference in a member's text may stand for a mark; clean text holds none.
fn without_marks(html: &str) -> String {
    html.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

fn rendered(text: &impl Template, html: &impl Template) -> Bodies {
    Bodies { text: text.render().expect(RENDERS), html: html.render().expect(RENDERS) }
}

/// How a member's text looks, by the beginnings of its tags. Only its colours in the dark are elsewhere. The text
/// around them has the direction of its first letter, which sides of lists and quotes go by; a paragraph has its own.
const LOOKS: [(&str, &str); 20] = [
    (
        "<pre><code>",
        "<pre class='code' style='margin:0 0 12px;padding:12px;border-radius:6px;background:#eff2f5;font-size:14px;\
         line-height:1.5;unicode-bidi:plaintext;white-space:pre-wrap;'><code style='font-family:Menlo,Consolas,monospace;'>",
    ),
    (
        "<code>",
        "<code class='code' style='padding:1px 4px;border-radius:4px;background:#eff2f5;\
         font-family:Menlo,Consolas,monospace;font-size:14px;'>",
    ),
    ("<p>", "<p style='unicode-bidi:plaintext;margin:0 0 12px;'>"),
    ("<ul>", "<ul style='margin:0 0 12px;'>"),
    ("<ol>", "<ol style='margin:0 0 12px;'>"),
    ("<ol ", "<ol style='margin:0 0 12px;' "),
    ("<li>", "<li style='margin:0 0 4px;'>"),
    ("<h3>", "<h3 style='unicode-bidi:plaintext;margin:20px 0 8px;font-size:18px;line-height:1.4;'>"),
    ("<h4>", "<h4 style='unicode-bidi:plaintext;margin:20px 0 8px;font-size:16px;line-height:1.4;'>"),
    ("<h5>", "<h5 style='unicode-bidi:plaintext;margin:16px 0 8px;font-size:15px;line-height:1.4;'>"),
    ("<h6>", "<h6 style='unicode-bidi:plaintext;margin:16px 0 8px;font-size:14px;line-height:1.4;'>"),
    // the bar is on the side where the text begins; room is on both, for programs that know no such side
    (
        "<blockquote>",
        "<blockquote class='line' style='margin:0 0 12px;padding:0 14px;border:0 solid #d1d9e0;\
         border-inline-start-width:3px;'>",
    ),
    ("<hr>", "<hr class='line' style='margin:16px 0;border:0 solid #d1d9e0;border-top-width:1px;'>"),
    ("<table>", "<table style='margin:0 0 12px;border-collapse:collapse;font-size:14px;line-height:1.5;'>"),
    ("<thead>", "<thead style='font-weight:600;'>"),
    ("<tbody>", "<tbody style='font-weight:400;'>"),
    ("<tr>", "<tr style='vertical-align:top;'>"),
    ("<th>", "<th class='line' style='padding:4px 8px;border:1px solid #d1d9e0;text-align:start;'>"),
    ("<td>", "<td class='line' style='padding:4px 8px;border:1px solid #d1d9e0;'>"),
    ("<a ", "<a class='link' style='color:#0a5cb8;' "),
];

/// What `kit::markdown` wrote, with its looks beside each tag: many programs for mail read no style sheet.
///
/// The quotes are single ones. So what looks like a tag inside of an attribute, which has double ones, ends nothing.
fn styled(html: &str) -> String {
    LOOKS.iter().fold(html.to_owned(), |html, (tag, look)| html.replace(tag, look))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(commonmark: &str) -> String {
        styled(&kit::markdown::to_html(commonmark))
    }

    #[test]
    fn every_tag_of_a_text_has_its_looks() {
        let html = shown(
            "# a\n\nb `c` [d](https://example.com)\n\n- e\n\n3. f\n\n> g\n\n---\n\n```\n<p>\n```\n\n|h|\n|-|\n|i|\n",
        );
        for tag in html.split('<').skip(1).filter(|tag| !tag.starts_with('/')) {
            assert!(tag.contains(" style='"), "{tag}");
        }
        assert_eq!(html.matches("&lt;p&gt;").count(), 1, "{html}");
    }

    #[test]
    fn what_looks_like_a_tag_in_an_attribute_ends_nothing() {
        let html = shown("[x](https://example.com \"<p><code><script>\")");
        let attribute = html.split_once("title=\"").unwrap().1.split_once('"').unwrap().0;
        assert!(attribute.contains("script"), "{html}");
        assert!(
            !html.split_once("title=\"").unwrap().1.split_once('"').unwrap().1.contains("script"),
            "{html}"
        );
    }
}
