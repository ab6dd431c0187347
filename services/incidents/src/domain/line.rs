//! What may stand in one line of text that readers see.

/// The character ends a line, turns the direction of what follows, or is not to be seen. The contract's patterns for
/// lines refuse the same ones.
pub(crate) fn breaks_line(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Nothing of it is to be seen: white space, and characters without width.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace() || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
    })
}

/// What is left of a stranger's text as one trimmed line of so many characters at most.
pub(crate) fn as_line(text: &str, most: usize) -> String {
    let clean = text.chars().filter(|c| !breaks_line(*c)).collect::<String>();
    clean.trim().chars().take(most).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_loses_what_would_break_it_and_what_is_too_much() {
        assert_eq!(as_line(" A\u{202e}P\nI\0 \u{2067}", 200), "API");
        assert_eq!(as_line("ab cd", 3), "ab");
        assert_eq!(as_line("\u{1b}\u{200f}\u{2029}", 200), "");
    }

    #[test]
    fn a_text_is_blank_if_nothing_of_it_is_to_be_seen() {
        for blank in
            ["", " \t\r\n\u{a0}\u{3000}", "\u{ad}\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}", " \u{200b} "]
        {
            assert!(is_blank(blank), "{blank:?}");
        }
        for seen in [".", "\u{200b}x\u{200b}", "\u{1f469}\u{200d}\u{1f692}"] {
            assert!(!is_blank(seen), "{seen:?}");
        }
    }

    proptest! {
        #[test]
        fn a_line_stays_itself(text in any::<String>(), most in 0_usize..20) {
            let line = as_line(&text, most);
            prop_assert!(line.chars().count() <= most && !line.chars().any(breaks_line));
            prop_assert_eq!(as_line(&line, most), line);
        }
    }
}
