//! CommonMark written by members, and tables (GitHub Flavored Markdown, section 4.10), shown to the public.
//!
//! Two guards stand behind each other: what is not plain structure is turned into
//! text before it becomes HTML, and an allow-list of tags and attributes is applied
//! to the HTML. Nothing remote is ever loaded: a mail must not tell who read it.

use ammonia::{Builder, UrlRelative};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

mod opening;

pub use opening::opening;

/// How deep quotes, lists, links and emphasis may nest; what is deeper shows its
/// text at this depth. Without a limit the HTML parser behind takes time by the
/// square of the depth, and a text of 25,000 `>` would hold a thread for seconds.
const MAX_DEPTH: usize = 24;

/// How many cells the tables of a text may have, if each of its lines were as wide as the widest; tables of a text that may
/// have more show as they were written. A short row is filled up to the width of its table, so that a text may have more cells by
/// far than characters: one of 25,000 took 118 MB.
const MAX_CELLS: usize = 10_000;

static SANITIZER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from([
            "a",
            "blockquote",
            "br",
            "code",
            "em",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "li",
            "ol",
            "p",
            "pre",
            "strong",
            "table",
            "tbody",
            "td",
            "th",
            "thead",
            "tr",
            "ul",
        ]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href", "title"])),
            ("ol", HashSet::from(["start"])),
        ]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        // a relative link has no meaning in a mail
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("nofollow noopener noreferrer"));
    builder
});

/// The level of the title that a text stands under. Its own headings begin one below, so that they are parts of
/// what the title names, not its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Title {
    /// `h2`
    H2,
    /// `h3`
    H3,
    /// `h4`
    H4,
}

/// The HTML of a CommonMark text, safe to put into a page or a mail, under a title that is `h2` at most.
///
/// Raw HTML shows as the text it is; images leave their alternative text; links
/// lead to `http`, `https` and `mailto` only and carry
/// `rel="nofollow noopener noreferrer"`; headings begin at `h3`, below those of the
/// place they are put in.
pub fn to_html(commonmark: &str) -> String {
    to_html_under(Title::H2, commonmark)
}

/// The same under another title: headings begin one level below it, and none is below `h6`.
pub fn to_html_under(title: Title, commonmark: &str) -> String {
    let text = to_text(commonmark);
    html_of(events(&text).map(|event| lowered(title, event)), text.len())
}

/// What of a text is shown.
fn events(text: &str) -> impl Iterator<Item = Event<'_>> {
    let mut depth = Depth::default();
    Parser::new_ext(text, extensions(text)).filter_map(harmless).filter(move |event| depth.admits(event))
}

/// Looks before anything is parsed: a parser makes all cells at once.
fn extensions(text: &str) -> Options {
    let widest = text.lines().map(|line| line.matches('|').count()).max().unwrap_or(0);
    let is_table = widest > 0 && (widest + 1) * text.lines().count() <= MAX_CELLS;
    if is_table { Options::ENABLE_TABLES } else { Options::empty() }
}

fn html_of<'a>(events: impl Iterator<Item = Event<'a>>, characters: usize) -> String {
    let mut raw = String::with_capacity(characters * 3 / 2);
    html::push_html(&mut raw, events);
    SANITIZER.clean(&raw).to_string()
}

/// A CommonMark text as it is read without HTML: itself, with every line end (CR LF
/// or CR alone) written as LF.
pub fn to_text(commonmark: &str) -> String {
    commonmark.replace("\r\n", "\n").replace('\r', "\n")
}

fn harmless(event: Event<'_>) -> Option<Event<'_>> {
    match event {
        Event::Html(source) | Event::InlineHtml(source) => Some(Event::Text(source)),
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        plain @ (Event::Start(_)
        | Event::End(_)
        | Event::Text(_)
        | Event::Code(_)
        | Event::InlineMath(_)
        | Event::DisplayMath(_)
        | Event::FootnoteReference(_)
        | Event::SoftBreak
        | Event::HardBreak
        | Event::Rule
        | Event::TaskListMarker(_)) => Some(plain),
    }
}

fn lowered(title: Title, event: Event<'_>) -> Event<'_> {
    if let Event::Start(Tag::Heading { level, .. }) = event {
        let level = below(title, level);
        Event::Start(Tag::Heading { level, id: None, classes: Vec::new(), attrs: Vec::new() })
    } else if let Event::End(TagEnd::Heading(level)) = event {
        Event::End(TagEnd::Heading(below(title, level)))
    } else {
        event
    }
}

fn below(title: Title, level: HeadingLevel) -> HeadingLevel {
    let title = match title {
        Title::H2 => 2,
        Title::H3 => 3,
        Title::H4 => 4,
    };
    HeadingLevel::try_from(title + level as usize).unwrap_or(HeadingLevel::H6)
}

/// Leaves out the tags, not the text, of what nests deeper than [`MAX_DEPTH`].
#[derive(Default)]
struct Depth(usize);

impl Depth {
    fn admits(&mut self, event: &Event<'_>) -> bool {
        if let Event::Start(_) = event {
            self.0 += 1;
            self.0 <= MAX_DEPTH
        } else if let Event::End(_) = event {
            self.0 -= 1;
            self.0 < MAX_DEPTH
        } else {
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structure_becomes_html() {
        let html = to_html("# Down\n\nThe *API* is **slow**.\r\n\r\n- one\n- two\n\n> `code`\n");
        assert_eq!(
            html,
            "<h3>Down</h3>\n<p>The <em>API</em> is <strong>slow</strong>.</p>\n<ul>\n<li>one</li>\n\
             <li>two</li>\n</ul>\n<blockquote>\n<p><code>code</code></p>\n</blockquote>\n"
        );
    }

    #[test]
    fn a_table_becomes_one_unless_it_has_too_many_cells() {
        let html = to_html("| at | what |\n|---|--:|\n| 5:00 | *slow* |\n| 6:00 |\n");
        assert_eq!(
            html,
            "<table><thead><tr><th>at</th><th>what</th></tr></thead><tbody>\n\
             <tr><td>5:00</td><td><em>slow</em></td></tr>\n<tr><td>6:00</td><td></td></tr>\n\
             </tbody></table>\n"
        );
        // with the two lines before them, of five signs each
        for (rows, is_table) in [(MAX_CELLS / 6 - 2, true), (MAX_CELLS / 6 - 1, false)] {
            let html = to_html(&format!("|a|b|c|d|\n|-|-|-|-|\n{}", "|e|\n".repeat(rows)));
            assert_eq!((html.contains("<table>"), html.contains("|e|")), (is_table, !is_table), "{rows}");
        }
    }

    #[test]
    fn headings_stay_below_those_of_their_place() {
        let html = to_html("# a\n\n## b\n\n### c\n\n###### d\n");
        assert_eq!(html, "<h3>a</h3>\n<h4>b</h4>\n<h5>c</h5>\n<h6>d</h6>\n");
        for (title, told) in [
            (Title::H2, "<h3>a</h3>\n<h5>c</h5>\n<h6>d</h6>\n"),
            (Title::H3, "<h4>a</h4>\n<h6>c</h6>\n<h6>d</h6>\n"),
            (Title::H4, "<h5>a</h5>\n<h6>c</h6>\n<h6>d</h6>\n"),
        ] {
            assert_eq!(to_html_under(title, "# a\n\n### c\n\n###### d\n"), told);
        }
    }

    #[test]
    fn links_are_marked_as_not_ours() {
        assert_eq!(
            to_html("[more](https://example.com/a?b=1&c=2 \"why\")"),
            "<p><a href=\"https://example.com/a?b=1&amp;c=2\" title=\"why\" \
             rel=\"nofollow noopener noreferrer\">more</a></p>\n"
        );
    }

    #[test]
    fn links_that_run_or_hold_content_lose_their_target() {
        for link in [
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](<java&#10;script:alert(1)>)",
            "[x](data:text/html;base64,PHNjcmlwdD4=)",
            "[x](vbscript:x)",
            "[x](/relative)",
            "[x](//example.com/a)",
            "<javascript:alert(1)>",
        ] {
            let html = to_html(link);
            assert!(!html.contains("href"), "{link} gave {html}");
        }
    }

    #[test]
    fn raw_html_shows_as_text() {
        for source in [
            "<script>alert(1)</script>",
            "hello <script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<a href=\"https://example.com\" onclick=\"alert(1)\">x</a>",
            "<div style=\"position:fixed\">\n\n<iframe src=\"https://example.com\"></iframe>\n\n</div>",
            "<!-- --><svg onload=alert(1)>",
            "</p></div><style>*{display:none}</style>",
        ] {
            let html = to_html(source);
            for tag in ["<script", "<img", "<a", "<div", "<iframe", "<svg", "<style", "<!--", "</div"] {
                assert!(!html.contains(tag), "{source} gave {html}");
            }
            assert!(html.contains("&lt;"), "{source} gave {html}");
        }
    }

    #[test]
    fn images_leave_their_alternative_text() {
        assert_eq!(
            to_html("see ![a *graph*](https://example.com/pixel.gif)"),
            "<p>see a <em>graph</em></p>\n"
        );
        assert_eq!(
            to_html("[![badge](https://example.com/a.png)](https://example.com)"),
            "<p><a href=\"https://example.com\" rel=\"nofollow noopener noreferrer\">badge</a></p>\n"
        );
    }

    #[test]
    fn what_nests_too_deep_keeps_its_text() {
        let html = to_html(&format!("{} deep", ">".repeat(100)));
        assert!(html.contains("deep"));
        assert_eq!(html.matches("<blockquote>").count(), MAX_DEPTH);
        assert_eq!(html.matches("</blockquote>").count(), MAX_DEPTH);
    }

    /// Each of these took more than linear time in some CommonMark or HTML parser;
    /// here it must only come to an end, which a square of the length would not.
    #[test]
    fn a_hostile_text_of_the_greatest_length_is_rendered() {
        let rows = (1..220).map(|n| format!("{}a\n", "> ".repeat(n % 110))).collect::<String>();
        for pattern in [
            "[",
            "]",
            ">",
            "> ",
            "*",
            "_",
            "*a ",
            "*a_ ",
            "**a",
            "`",
            "`a``",
            "![",
            "![[]()",
            "[a](",
            "[a](<b",
            "[[]",
            "- ",
            "1. ",
            "<",
            "<a ",
            "<!--",
            "<?",
            "<!A ",
            "<b>",
            "&",
            "\\",
            "\r",
            "\u{1F525}",
            "a\n",
            "[a]: b\n",
            "[a][a]",
            "# ",
            "~~~\n",
            "\t- a\n",
            "|",
            "|a",
            "|-",
            "|a\n|-\n",
            &rows,
        ] {
            let text: String = pattern.chars().cycle().take(25_000).collect();
            to_html(&text);
            opening(&text, 320);
        }
        let nested = format!("{}a{}", "*a **a ".repeat(1_700), "** a* ".repeat(1_900));
        to_html(&nested);
        let lists = (0..150).map(|n| format!("{}- a\n", "  ".repeat(n))).collect::<String>();
        to_html(&lists);
        let wide = format!("{}\n{}\n{}", "|a".repeat(4_000), "|-".repeat(4_000), "|\n".repeat(4_000));
        to_html(&wide);
        let tables = format!("{}\n{}\n{}", "|a".repeat(362), "|-".repeat(362), "a\n".repeat(724)).repeat(8);
        assert_eq!(to_html(&tables).matches("<td>").count(), 0);
    }

    #[test]
    fn text_keeps_its_source_with_one_kind_of_line_end() {
        assert_eq!(to_text("a\r\nb\rc\n\r\n**d**"), "a\nb\nc\n\n**d**");
    }
}
