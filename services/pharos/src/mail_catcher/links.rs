//! Finds the links in plain text, so that a person can follow them.

/// A stretch of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// An `http` or `https` address: nothing else becomes clickable, because a mail's text is not trusted.
    Link(&'a str),
}

/// Cuts a text into pieces; put together again they are the text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some(at) = rest[from..].find("http").map(|at| from + at) {
        let link = link_at_start(&rest[at..]);
        if link.is_empty() {
            from = at + "http".len();
            continue;
        }
        if at > 0 {
            pieces.push(Piece::Text(&rest[..at]));
        }
        pieces.push(Piece::Link(link));
        rest = &rest[at + link.len()..];
        from = 0;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

fn link_at_start(text: &str) -> &str {
    let Some(after_scheme) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return "";
    };
    let is_end =
        |character: char| character.is_whitespace() || character.is_control() || "<>\"".contains(character);
    let length = after_scheme.find(is_end).unwrap_or(after_scheme.len());
    // What closes a sentence or a bracket around the link is not part of it.
    let address = after_scheme[..length].trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', ')', ']']);
    if address.is_empty() { "" } else { &text[..text.len() - after_scheme.len() + address.len()] }
}

#[cfg(test)]
mod tests {
    use super::{Piece, pieces};

    #[test]
    fn a_link_ends_before_the_punctuation_that_follows_it() {
        assert_eq!(
            pieces("See (https://a.example/u/t_-k?x=1), or <http://b.example>."),
            [
                Piece::Text("See ("),
                Piece::Link("https://a.example/u/t_-k?x=1"),
                Piece::Text("), or <"),
                Piece::Link("http://b.example"),
                Piece::Text(">."),
            ]
        );
    }

    #[test]
    fn only_web_addresses_become_links() {
        for text in ["javascript:alert(1)", "http", "https://", "httpx://a", "mailto:a@b.example", ""] {
            assert!(!pieces(text).iter().any(|piece| matches!(piece, Piece::Link(_))), "{text}");
        }
    }
}
