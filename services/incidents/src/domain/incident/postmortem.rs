//! Reports after incidents.

use jiff::Timestamp;

/// A report after an incident, as readers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Postmortem {
    /// CommonMark, 1 to 100,000 characters.
    pub(crate) body: String,
    /// When it was published first, as readers see it.
    pub(crate) published_at: Timestamp,
    /// When it was last published with another text.
    pub(crate) edited_at: Option<Timestamp>,
}

impl Postmortem {
    /// The report with this text, in the place of the one that readers see now, if they see any.
    pub(crate) fn publish(
        before: Option<Self>,
        body: String,
        displayed_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        let Some(before) = before else {
            return Self { body, published_at: displayed_at.unwrap_or(now), edited_at: None };
        };
        Self {
            edited_at: if body == before.body { before.edited_at } else { Some(now) },
            body,
            published_at: displayed_at.unwrap_or(before.published_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_report_is_edited_when_it_is_published_with_another_text() {
        let now = Timestamp::constant(1_790_000_000, 0);
        let later = now + SignedDuration::from_hours(1);
        let first = Postmortem::publish(None, "Why.".into(), None, now);
        assert_eq!((first.published_at, first.edited_at), (now, None));
        let again = Postmortem::publish(Some(first.clone()), "Why.".into(), None, later);
        assert_eq!(again, first);
        let edited = Postmortem::publish(Some(first), "Why, and what now.".into(), None, later);
        assert_eq!((edited.published_at, edited.edited_at), (now, Some(later)));
    }

    #[test]
    fn a_report_of_the_past_says_when_it_was_published() {
        let now = Timestamp::constant(1_790_000_000, 0);
        let past = now - SignedDuration::from_hours(100);
        let report = Postmortem::publish(None, "Why.".into(), Some(past), now);
        assert_eq!((report.published_at, report.edited_at), (past, None));
    }
}
