//! Safe HTML as the text that it shows, for where nothing but text can stand.

/// What ends a line.
const ENDS: [&str; 10] = ["/p", "/li", "/h", "/pre", "/blockquote", "/ul", "/ol", "br", "hr", "/tr"];

/// The text of HTML that was made safe (`kit::markdown`), a line for each of its blocks.
pub(crate) fn plain(html: &str) -> String {
    let (mut text, mut rest) = (String::with_capacity(html.len()), html);
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let end = end_of(tag);
        let name = &tag[..end];
        if ENDS.iter().any(|ending| name.starts_with(ending)) {
            text.push('\n');
        } else if matches!(name, "/td" | "/th") {
            text.push(' ');
        }
        rest = tag.get(end + 1..).unwrap_or_default();
    }
    text.push_str(rest);
    let lines = text.lines().map(|line| characters(line.trim())).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// Where a tag ends: an attribute may have the sign in its value.
fn end_of(tag: &str) -> usize {
    let mut is_quoted = false;
    let is_end = |sign: char| {
        is_quoted ^= sign == '"';
        sign == '>' && !is_quoted
    };
    tag.find(is_end).unwrap_or(tag.len())
}

/// A text without character references. Those of HTML that was made safe are these.
fn characters(text: &str) -> String {
    let known = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", "\u{a0}")];
    let plain = known.into_iter().fold(text.to_owned(), |text, (name, sign)| text.replace(name, sign));
    // the last, because it begins the others
    plain.replace("&amp;", "&")
}

/// At most so many characters of a text in one line, cut after a word.
pub(crate) fn line(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((end, _)) = line.char_indices().nth(most) else {
        return line;
    };
    let kept = &line[..end];
    // where words are not parted by spaces, or one is very long, it is cut inside
    let end = kept.rfind(' ').filter(|space| space * 2 > end).unwrap_or(end);
    format!("{}…", kept[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use kit::markdown;

    use super::*;

    #[test]
    fn safe_html_is_read_as_the_text_that_it_shows() {
        for (commonmark, text) in [
            ("Still **working** on _it_.", "Still working on it."),
            ("# Big\n\nNow & then\n\n- a < b\n- c", "Big\nNow & then\na < b\nc"),
            ("<script>alert(\"1\")</script> &amp;", "<script>alert(\"1\")</script> &amp;"),
            ("1 < 2 &amp;lt;", "1 < 2 &lt;"),
            ("|a|b|\n|-|-|\n|c|d|", "a b\nc d"),
            ("[a > b](https://x.example/?a=%22 \"c > d\") e", "a > b e"),
            ("`<b>` `&lt;`", "<b> &lt;"),
            ("", ""),
        ] {
            assert_eq!(plain(&markdown::to_html(commonmark)), text, "{commonmark}");
        }
    }

    #[test]
    fn a_line_is_cut_after_a_word_or_inside_a_long_one() {
        assert_eq!(line("a\n b", 9), "a b");
        assert_eq!(line("one two three", 9), "one two…");
        assert_eq!(line(&"x".repeat(20), 9), format!("{}…", "x".repeat(9)));
        assert_eq!(line("ａｂｃ", 2), "ａｂ…");
    }
}
