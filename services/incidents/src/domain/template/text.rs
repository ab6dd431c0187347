//! Texts with placeholders: `{{name}}`, and `\{{` for two braces that are meant as such.

use std::collections::HashMap;

/// The longest name of a placeholder, in characters.
const LONGEST_NAME: usize = 40;
const OPENING: &str = "{{";
const ESCAPED: &str = r"\{{";

/// A text in which every pair of opening braces means something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    source: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Text that stands for itself; not empty.
    Plain(String),
    Placeholder(String),
}

/// Two opening braces that begin no placeholder and are not escaped. Line and character are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "has two braces at line {line}, character {character} that begin no placeholder; write \\{{{{ for braces that are \
     meant as such"
)]
pub(crate) struct Stray {
    pub(crate) line: usize,
    pub(crate) character: usize,
}

impl Text {
    /// # Errors
    /// [`Stray`], the first one.
    pub(crate) fn parse(source: &str) -> Result<Self, Stray> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = source;
        while let Some(next) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix(ESCAPED) {
                plain.push_str(OPENING);
                rest = after;
            } else if let Some(inside) = rest.strip_prefix(OPENING) {
                let Some((name, after)) = inside.split_once("}}").filter(|(name, _)| is_name(name)) else {
                    return Err(Stray::at(&source[..source.len() - rest.len()]));
                };
                if !plain.is_empty() {
                    parts.push(Part::Plain(std::mem::take(&mut plain)));
                }
                parts.push(Part::Placeholder(name.to_owned()));
                rest = after;
            } else {
                plain.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        if !plain.is_empty() {
            parts.push(Part::Plain(plain));
        }
        Ok(Self { source: source.to_owned(), parts })
    }

    /// The text as it was written.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// The names of the placeholders, as often as they occur.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Plain(_) => None,
            Part::Placeholder(name) => Some(name.as_str()),
        })
    }

    /// How many characters it has when it is filled in. A placeholder without a value is left out.
    pub(crate) fn filled_length(&self, values: &HashMap<&str, &str>) -> usize {
        let lengths =
            values.iter().map(|(name, value)| (*name, value.chars().count())).collect::<HashMap<_, _>>();
        let length = |part: &Part| match part {
            Part::Plain(text) => text.chars().count(),
            Part::Placeholder(name) => lengths.get(name.as_str()).copied().unwrap_or(0),
        };
        self.parts.iter().map(length).fold(0, usize::saturating_add)
    }

    /// The text, filled in. A placeholder without a value is left out. What values contain is not looked at again.
    pub(crate) fn fill(&self, values: &HashMap<&str, &str>) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Plain(text) => text.as_str(),
            Part::Placeholder(name) => values.get(name.as_str()).copied().unwrap_or_default(),
        });
        parts.collect()
    }
}

impl Stray {
    fn at(before: &str) -> Self {
        let (lines, line) = before
            .rsplit_once('\n')
            .map_or((0, before), |(above, line)| (above.matches('\n').count() + 1, line));
        Self { line: lines + 1, character: line.chars().count() + 1 }
    }
}

fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(text: &str) -> Vec<String> {
        Text::parse(text).unwrap().names().map(str::to_owned).collect()
    }

    #[test]
    fn a_name_is_a_small_letter_and_up_to_39_more() {
        assert_eq!(names("{{a}} {{b_2}}{{a}}"), ["a", "b_2", "a"]);
        let longest = format!("a{}", "9".repeat(39));
        assert_eq!(names(&format!("{{{{{longest}}}}}")), [longest.as_str()]);
        for bad in ["", " a", "A", "9a", "_a", "ä", "a-b", "a{{b", &format!("{longest}9")] {
            let text = format!("{{{{{bad}}}}}");
            assert_eq!(Text::parse(&text), Err(Stray { line: 1, character: 1 }), "{text}");
        }
    }

    #[test]
    fn braces_that_are_meant_as_such_are_escaped() {
        let filled = |text: &str| Text::parse(text).unwrap().fill(&HashMap::from([("a", "{{b}}")]));
        assert_eq!(filled(r"\{{a}}"), "{{a}}");
        assert_eq!(filled(r"\{{{{a}}"), "{{{{b}}");
        assert_eq!(filled(r"\\{{a}}"), r"\{{a}}");
        assert_eq!(filled("{ {a} }} {{a}}}"), "{ {a} }} {{b}}}");
        assert_eq!(filled(r"\{"), r"\{");
    }

    #[test]
    fn a_stray_pair_is_found_where_it_stands() {
        for (text, line, character) in [("ä {{", 1, 3), ("a\n\n {{{a}}", 3, 2), ("{{a}}\n{{a}", 2, 1)] {
            assert_eq!(Text::parse(text), Err(Stray { line, character }), "{text}");
        }
        let said = Stray { line: 2, character: 7 }.to_string();
        assert!(said.contains("line 2, character 7") && said.contains(r"write \{{ for"), "{said}");
    }

    fn any_piece() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z ]{0,5}",
            "[a-z][a-z0-9_]{0,4}".prop_map(|name| format!("{{{{{name}}}}}")),
            prop::sample::select(vec!["{", "}", "}}", "\\", "\\{{", "\n", "ä"]).prop_map(str::to_owned),
        ]
    }

    proptest! {
        #[test]
        fn filled_in_with_its_own_placeholders_a_text_is_itself(
            pieces in prop::collection::vec(any_piece(), 0..12),
        ) {
            let source = pieces.concat();
            if let Ok(text) = Text::parse(&source) {
                let own = text.names().map(|name| (name, format!("{{{{{name}}}}}"))).collect::<Vec<_>>();
                let values = own.iter().map(|(name, own)| (*name, own.as_str())).collect::<HashMap<_, _>>();
                let filled = text.fill(&values);
                prop_assert_eq!(filled.chars().count(), text.filled_length(&values));
                prop_assert_eq!(filled, source.replace(r"\{{", "{{"));
            }
        }

        #[test]
        fn no_text_breaks_the_parser(source in any::<String>()) {
            if let Ok(text) = Text::parse(&source) {
                prop_assert_eq!(text.source(), &source);
            }
        }
    }
}
