//! Filling a template in.

use std::collections::{HashMap, HashSet};

use super::Template;
use crate::domain::line;

/// The longest headline of an incident or a maintenance, in characters.
const LONGEST_TITLE: usize = 200;
/// The longest text of an update, in characters.
const LONGEST_BODY: usize = 25_000;

/// What to put in for a placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlaceholderValue {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// A template, filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub(crate) title: String,
    pub(crate) body: String,
}

/// Why values do not fit a template. Those with a number are about the value that stands there, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("must not be named twice")]
    Repeated(usize),
    #[error("must be a placeholder of the template")]
    Unknown(usize),
    #[error("must be one line, because it stands in the title")]
    SeveralLines(usize),
    #[error("must have a value for each placeholder; missing: {}", .0.join(", "))]
    Missing(Vec<String>),
    #[error("must not make the title longer than {LONGEST_TITLE} characters; it has {0}")]
    LongTitle(usize),
    #[error("must not make the body longer than {LONGEST_BODY} characters; it has {0}")]
    LongBody(usize),
}

impl Template {
    /// Fills the template in. The placeholders `page` and `components` stand for the name of the page and those of
    /// the suggested components, unless other values are given for them.
    ///
    /// # Errors
    /// All that does not fit.
    pub(crate) fn render(
        &self,
        given: &[PlaceholderValue],
        page: &str,
        components: &str,
    ) -> Result<Rendered, Vec<Unfit>> {
        let placeholders = self.placeholders();
        let in_title = self.title.names().collect::<HashSet<_>>();
        let mut unfit = Vec::new();
        let mut values = HashMap::from([("page", page), ("components", components)]);
        let mut named = HashSet::new();
        for (index, PlaceholderValue { name, value }) in given.iter().enumerate() {
            if !named.insert(name.as_str()) {
                unfit.push(Unfit::Repeated(index));
            } else if !placeholders.contains(&name.as_str()) {
                unfit.push(Unfit::Unknown(index));
            }
            if in_title.contains(name.as_str()) && value.contains(line::breaks_line) {
                unfit.push(Unfit::SeveralLines(index));
            }
            values.insert(name, value);
        }
        let missing = placeholders.into_iter().filter(|name| !values.contains_key(name)).map(str::to_owned);
        let missing = missing.collect::<Vec<_>>();
        if !missing.is_empty() {
            unfit.push(Unfit::Missing(missing));
        }
        // Counted before it is written: some long values often repeated are a great deal of text.
        let (title, body) = (self.title.filled_length(&values), self.body.filled_length(&values));
        if title > LONGEST_TITLE {
            unfit.push(Unfit::LongTitle(title));
        }
        if body > LONGEST_BODY {
            unfit.push(Unfit::LongBody(body));
        }
        if !unfit.is_empty() {
            return Err(unfit);
        }
        Ok(Rendered { title: self.title.fill(&values), body: self.body.fill(&values) })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use kit::ids::{PageId, TemplateId};
    use uuid::Uuid;

    use super::*;
    use crate::domain::template::{TemplateKind, Text};

    fn template(title: &str, body: &str) -> Template {
        Template {
            template_id: TemplateId::from_uuid(Uuid::nil()),
            page_id: PageId::from_uuid(Uuid::nil()),
            name: "Outage".to_owned(),
            kind: TemplateKind::Incident,
            title: Text::parse(title).unwrap(),
            body: Text::parse(body).unwrap(),
            phase: None,
            affected: Vec::new(),
            revision: 1,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn values(given: &[(&str, &str)]) -> Vec<PlaceholderValue> {
        let value = |(name, value): &(&str, &str)| PlaceholderValue {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        };
        given.iter().map(value).collect()
    }

    #[test]
    fn placeholders_are_filled_in_and_two_need_no_value() {
        let template = template("{{what}} of {{page}}", "{{components}} since {{since}}; {{what}}");
        assert_eq!(template.placeholders(), ["what", "page", "components", "since"]);
        let given = values(&[("what", "Outage"), ("since", "noon\nlocal time")]);
        let rendered = template.render(&given, "Acme", "API, Web").unwrap();
        assert_eq!(rendered.title, "Outage of Acme");
        assert_eq!(rendered.body, "API, Web since noon\nlocal time; Outage");
        let given = values(&[("what", "Outage"), ("since", "noon"), ("page", "us")]);
        assert_eq!(template.render(&given, "Acme", "").unwrap().title, "Outage of us");
    }

    #[test]
    fn all_that_does_not_fit_is_told_at_once() {
        let template = template("{{what}}", "{{since}} {{who}}");
        let given = values(&[("what", "a\nb"), ("other", ""), ("what", "c")]);
        let unfit = template.render(&given, "Acme", "").unwrap_err();
        let missing = vec!["since".to_owned(), "who".to_owned()];
        let expected =
            [Unfit::SeveralLines(0), Unfit::Unknown(1), Unfit::Repeated(2), Unfit::Missing(missing)];
        assert_eq!(unfit, expected);
    }

    #[test]
    fn what_grows_too_long_is_refused_before_it_is_written() {
        let template = template("{{a}}", &"{{components}}".repeat(1785));
        let given = values(&[("a", &"ä".repeat(201))]);
        let unfit = template.render(&given, "Acme", &"x".repeat(200_000)).unwrap_err();
        assert_eq!(unfit, [Unfit::LongTitle(201), Unfit::LongBody(357_000_000)]);
        let given = values(&[("a", &"ä".repeat(200))]);
        let rendered = template.render(&given, "Acme", &"x".repeat(14)).unwrap();
        assert_eq!((rendered.title.chars().count(), rendered.body.len()), (200, 24_990));
    }
}
