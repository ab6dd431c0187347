//! The first words of a text, where there is no room for all of it.

use pulldown_cmark::{CowStr, Event, Tag, TagEnd, TextMergeStream};

use super::{events, html_of, to_text};

/// The beginning of a CommonMark text as safe HTML, like [`to_html`](super::to_html) but without headings.
///
/// It is the first block (a paragraph, a list, a quote, a piece of code) that says anything and is no heading, cut
/// after a word if it has more than
/// `most_characters`. Of a text of headings alone, the first of them as a paragraph; empty if it says nothing.
pub fn opening(commonmark: &str, most_characters: usize) -> String {
    let text = to_text(commonmark);
    let mut heading = None;
    for block in Blocks(TextMergeStream::new(events(&text))) {
        if !block.iter().any(says_something) {
            continue;
        }
        if matches!(block.first(), Some(Event::Start(Tag::Heading { .. }))) {
            heading.get_or_insert(block);
        } else {
            return opened(block, most_characters);
        }
    }
    heading.map(|block| opened(block, most_characters)).unwrap_or_default()
}

fn opened(block: Vec<Event<'_>>, most_characters: usize) -> String {
    html_of(cut(block, most_characters).into_iter().map(without_heading), most_characters)
}

/// The outermost blocks of a text, each from its start to its end.
struct Blocks<I>(I);

impl<'a, I: Iterator<Item = Event<'a>>> Iterator for Blocks<I> {
    type Item = Vec<Event<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut block = vec![self.0.next()?];
        let mut open = usize::from(matches!(block.first(), Some(Event::Start(_))));
        while open > 0 {
            let Some(event) = self.0.next() else { break };
            if let Event::Start(_) = event {
                open += 1;
            } else if let Event::End(_) = event {
                open -= 1;
            }
            block.push(event);
        }
        Some(block)
    }
}

fn says_something(event: &Event<'_>) -> bool {
    if let Event::Text(text) | Event::Code(text) = event { !text.trim().is_empty() } else { false }
}

/// A block up to so many characters, with everything ended that was begun.
fn cut(block: Vec<Event<'_>>, most_characters: usize) -> Vec<Event<'_>> {
    let mut left = most_characters;
    let mut open = Vec::new();
    let mut kept = Vec::new();
    for event in block {
        if let Event::Text(text) | Event::Code(text) = &event {
            match text.char_indices().nth(left) {
                None => left -= text.chars().count(),
                Some((end, _)) => {
                    let words = CowStr::from(whole_words(&text[..end]).to_owned());
                    kept.push(if let Event::Code(_) = event {
                        Event::Code(words)
                    } else {
                        Event::Text(words)
                    });
                    kept.push(Event::Text(CowStr::Borrowed(" …")));
                    break;
                }
            }
        } else if let Event::Start(Tag::Item | Tag::TableCell)
        | Event::SoftBreak
        | Event::HardBreak
        | Event::Rule = &event
        {
            // Not text, but a text can have thousands of them.
            if left == 0 {
                break;
            }
            left -= 1;
        }
        if let Event::Start(tag) = &event {
            open.push(tag.to_end());
        } else if let Event::End(_) = &event {
            open.pop();
        }
        kept.push(event);
    }
    kept.extend(open.into_iter().rev().map(Event::End));
    kept
}

/// Without the word that is cut in two, if it is not the only one.
fn whole_words(cut: &str) -> &str {
    cut.rsplit_once(char::is_whitespace).map_or(cut, |(words, _)| words)
}

fn without_heading(event: Event<'_>) -> Event<'_> {
    if let Event::Start(Tag::Heading { .. }) = event {
        Event::Start(Tag::Paragraph)
    } else if let Event::End(TagEnd::Heading(_)) = event {
        Event::End(TagEnd::Paragraph)
    } else {
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_is_the_first_block_that_says_something_and_is_no_heading() {
        for (text, told) in [
            ("", ""),
            ("\n\nIt is **over**.\r\n\r\nMore.", "<p>It is <strong>over</strong>.</p>\n"),
            (
                "[ref]: https://a.example\n\nreal [text][ref]",
                "<p>real <a href=\"https://a.example\" rel=\"nofollow noopener noreferrer\">text</a></p>\n",
            ),
            ("[ref]: https://a.example", ""),
            ("# Big\n\ntext", "<p>text</p>\n"),
            ("Big\n===\n\n---\n\ntext", "<p>text</p>\n"),
            ("# Big *one*\n\n## Other", "<p>Big <em>one</em></p>\n"),
            ("![](https://a.example/x.png)\n\ntext", "<p>text</p>\n"),
            ("```\na\n\nb\n```\n\ntext", "<pre><code>a\n\nb\n</code></pre>\n"),
            ("- one\n\n- # two\n\ntext", "<ul>\n<li>\n<p>one</p>\n</li>\n<li>\n<p>two</p>\n</li>\n</ul>\n"),
            ("<b>\n\ntext", "<p>&lt;b&gt;\n</p>\n"),
        ] {
            assert_eq!(opening(text, 100), told, "{text}");
        }
    }

    #[test]
    fn an_opening_is_cut_after_a_word_and_ends_all_that_it_began() {
        for (text, told) in [
            ("one two three", "<p>one two three</p>\n"),
            ("one two threes", "<p>one two …</p>\n"),
            ("one **two *three* four** five", "<p>one <strong>two <em>three</em> …</strong></p>\n"),
            ("> - one two and three", "<blockquote>\n<ul>\n<li>one two and …</li>\n</ul>\n</blockquote>\n"),
            (
                "- one\n-\n-\n-\n-\n-\n-\n-\n-\n-\n-\n",
                "<ul>\n<li>one</li>\n<li></li>\n<li></li>\n<li></li>\n<li></li>\n\
              <li></li>\n<li></li>\n<li></li>\n<li></li>\n<li></li>\n</ul>\n",
            ),
            ("one `two three four`", "<p>one <code>two</code> …</p>\n"),
            (
                "&amp;&amp;&amp;&amp;&amp;&amp;&amp;&amp; &amp;&amp;&amp;&amp;&amp;&amp;",
                "<p>&amp;&amp;&amp;&amp;&amp;&amp;&amp;&amp; …</p>\n",
            ),
            ("indivisibility", "<p>indivisibilit …</p>\n"),
        ] {
            assert_eq!(opening(text, 13), told, "{text}");
        }
    }
}
