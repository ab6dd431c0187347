//! Subscribers, and when one is sent a link to confirm.

use jiff::{SignedDuration, Timestamp};
use kit::{
    ids::{ComponentId, PageId, SubscriberId},
    locale::Locale,
    time_zone::ZoneName,
};

use super::Email;

/// Between two confirmation mails to an address on a page lies at least this (`SubscriptionService.Subscribe`).
const CONFIRMATION_PAUSE: SignedDuration = SignedDuration::from_hours(24);
/// How long after its mail a link to confirm is good (`SubscriptionService.Confirm`).
pub(crate) const CONFIRMATION_LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);
/// So many confirmation mails an address gets in [`QUOTA_WINDOW`], from all tenants together
/// (`SubscriptionService.Subscribe`).
pub(crate) const QUOTA: i32 = 3;
/// The time that [`QUOTA`] is counted over.
pub(crate) const QUOTA_WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// So many addresses that were never on a page's list and have not confirmed yet are put on it in
/// [`NEWCOMERS_WINDOW`]: who subscribes strangers by the thousand makes us write to no more of them. Requests
/// handled at the same moment do not see each other and may exceed it by their number.
pub(crate) const NEWCOMERS: i64 = 1000;
/// The time that [`NEWCOMERS`] is counted over.
pub(crate) const NEWCOMERS_WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// Whether a subscriber gets mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "subscriptions.subscriber_state", rename_all = "snake_case")]
pub(crate) enum State {
    /// Asked, but has not confirmed.
    Pending,
    /// Gets the mails that it chose.
    Confirmed,
    /// Left.
    Unsubscribed,
}

/// What a subscriber chose when it asked.
#[derive(Debug)]
pub(crate) struct Choices {
    /// The language of its mails.
    pub locale: Locale,
    /// The time zone of its mails; the page's if there is none.
    pub time_zone: Option<ZoneName>,
    /// The components it hears of; of the whole page if there are none.
    pub components: Vec<ComponentId>,
}

/// An address that wants, or wanted, to hear of a page.
#[derive(Debug)]
pub(crate) struct Subscriber {
    pub subscriber_id: SubscriberId,
    pub page_id: PageId,
    pub email: Email,
    /// The language of its mails, a BCP 47 tag.
    pub locale: String,
    pub state: State,
    /// The address must not be mailed.
    pub suppressed: bool,
    /// When it asked first.
    pub created_at: Timestamp,
    /// When it confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// The IANA time zone of its mails; empty for the page's.
    pub time_zone: String,
    /// The components it hears of; empty for the whole page.
    pub component_ids: Vec<ComponentId>,
}

/// How an address stands to a page when it asks for the page's mails.
#[derive(Debug)]
pub(crate) struct Standing {
    /// As the page's list has it.
    pub listed: Option<Listed>,
    /// The address must not be mailed.
    pub suppressed: bool,
    /// How many came on the page's list in the last [`NEWCOMERS_WINDOW`] and have not confirmed, counted up
    /// to [`NEWCOMERS`].
    pub newcomers: i64,
}

/// An address as a page's list has it.
#[derive(Debug)]
pub(crate) struct Listed {
    pub state: State,
    /// When it was last sent a link to confirm, before or after it may have left.
    pub confirmation_sent_at: Option<Timestamp>,
}

impl Standing {
    /// Whether it should be sent a link to confirm, as far as this page goes.
    pub(crate) fn lacks_confirmation(&self, now: Timestamp) -> bool {
        let asks = match &self.listed {
            None => self.newcomers < NEWCOMERS,
            Some(listed) => listed.lacks_confirmation(now),
        };
        asks && !self.suppressed
    }
}

impl Listed {
    fn lacks_confirmation(&self, now: Timestamp) -> bool {
        let asks = match self.state {
            State::Pending | State::Unsubscribed => true,
            State::Confirmed => false,
        };
        asks && self.confirmation_sent_at.is_none_or(|sent| now.duration_since(sent) >= CONFIRMATION_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_795_219_200, 0);
    const NEW: Standing = Standing { listed: None, suppressed: false, newcomers: 0 };

    fn standing(state: State, sent: Option<SignedDuration>) -> Standing {
        let listed = Listed { state, confirmation_sent_at: sent.map(|ago| NOW - ago) };
        Standing { listed: Some(listed), suppressed: false, newcomers: NEWCOMERS }
    }

    #[test]
    fn who_was_never_sent_a_link_is_sent_one() {
        assert!(NEW.lacks_confirmation(NOW));
        assert!(standing(State::Pending, None).lacks_confirmation(NOW));
    }

    #[test]
    fn nobody_comes_on_a_list_that_a_thousand_came_on_and_those_on_it_are_not_kept_waiting() {
        assert!(Standing { newcomers: NEWCOMERS - 1, ..NEW }.lacks_confirmation(NOW));
        assert!(!Standing { newcomers: NEWCOMERS, ..NEW }.lacks_confirmation(NOW));
        assert!(standing(State::Unsubscribed, Some(CONFIRMATION_PAUSE)).lacks_confirmation(NOW));
    }

    #[test]
    fn a_day_lies_between_two_links_also_when_the_address_left_meanwhile() {
        for state in [State::Pending, State::Unsubscribed] {
            let almost = CONFIRMATION_PAUSE - SignedDuration::from_micros(1);
            assert!(!standing(state, Some(SignedDuration::ZERO)).lacks_confirmation(NOW));
            assert!(!standing(state, Some(almost)).lacks_confirmation(NOW));
            assert!(standing(state, Some(CONFIRMATION_PAUSE)).lacks_confirmation(NOW));
        }
    }

    #[test]
    fn who_has_confirmed_is_sent_nothing() {
        assert!(!standing(State::Confirmed, Some(CONFIRMATION_PAUSE)).lacks_confirmation(NOW));
    }

    #[test]
    fn a_suppressed_address_is_sent_nothing() {
        for standing in [NEW, standing(State::Pending, None)] {
            assert!(!Standing { suppressed: true, ..standing }.lacks_confirmation(NOW));
        }
    }
}
