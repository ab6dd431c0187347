//! Text by strangers, made fit for a line of a header and for a body.

/// One line of at most `max` characters (at least 1): white space of any kind is one
/// space, control characters and those that turn the direction of writing are gone,
/// and what was cut ends in an ellipsis.
pub(super) fn line(text: &str, max: usize) -> String {
    let mut clean = String::with_capacity(text.len().min(max * 4));
    let mut length = 0;
    let mut space = false;
    for c in text.chars() {
        if c.is_whitespace() {
            space = length > 0;
        } else if !c.is_control() && !turns_direction(c) {
            if length + usize::from(space) + 1 > max {
                return cut(&clean, max);
            }
            if space {
                clean.push(' ');
                length += 1;
                space = false;
            }
            clean.push(c);
            length += 1;
        }
    }
    clean
}

/// A text of many lines: line ends are LF, and no other control character but the tab is left.
pub(super) fn body(text: &str) -> String {
    let mut clean = kit::markdown::to_text(text);
    clean.retain(|c| !c.is_control() || c == '\n' || c == '\t');
    clean
}

/// The beginning of a text that has more than `max` characters: up to the end of a paragraph, or else of a line or
/// a word, unless half of the room were left unused; `None` of a text that is not longer.
pub(super) fn beginning(text: &str, max: usize) -> Option<&str> {
    let (end, _) = text.char_indices().nth(max)?;
    let head = &text[..end];
    let cut = ["\n\n", "\n", " "]
        .iter()
        .find_map(|gap| head.rfind(gap).filter(|place| *place >= end / 2))
        .unwrap_or(end);
    Some(head[..cut].trim_end())
}

fn cut(text: &str, max: usize) -> String {
    let mut cut: String = text.chars().take(max - 1).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// The explicit marks, embeddings, overrides and isolates of the bidirectional
/// algorithm (UAX 9), and the byte order mark. Joiners stay: emoji need them.
fn turns_direction(c: char) -> bool {
    matches!(
        c,
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_of_any_kind_is_one_space() {
        assert_eq!(line("  a\r\n\tb\u{2028}c\u{85}d \u{a0} e\n", 64), "a b c d e");
    }

    #[test]
    fn control_and_direction_characters_are_gone() {
        assert_eq!(line("a\0b\u{1b}[31m\u{202e}c\u{2066}d\u{200f}\u{feff}\u{7f}", 64), "ab[31mcd");
        assert_eq!(line("\u{202e}\0", 64), "");
    }

    #[test]
    fn what_is_too_long_is_cut_at_a_character() {
        assert_eq!(line("abcd", 4), "abcd");
        assert_eq!(line("abcd   ", 4), "abcd");
        assert_eq!(line("abcde", 4), "abc…");
        assert_eq!(line("abc de", 5), "abc…");
        assert_eq!(line("ação é útil", 6), "ação…");
        assert_eq!(line(&"\u{1F525}".repeat(100), 64).chars().count(), 64);
        assert_eq!(line("ab", 1), "…");
    }

    #[test]
    fn a_body_keeps_lines_and_tabs_alone() {
        assert_eq!(body("a\r\nb\rc\td\0\u{1}\u{85}e"), "a\nb\nc\tde");
    }

    #[test]
    fn a_long_text_ends_with_a_paragraph_or_else_with_a_line_or_a_word() {
        assert_eq!(beginning("abc", 3), None);
        assert_eq!(beginning("ação\n\nb", 7), None);
        assert_eq!(beginning("aaaaa\n\nbb\nb b", 11), Some("aaaaa"));
        assert_eq!(beginning("aaaa aaaa\nb b", 12), Some("aaaa aaaa"));
        assert_eq!(beginning("a\n\nbbbb bbbb", 9), Some("a\n\nbbbb"));
        assert_eq!(beginning("ééééé", 3), Some("ééé"));
    }
}
