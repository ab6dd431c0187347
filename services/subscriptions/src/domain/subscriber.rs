//! Subscribers, and when one is sent a link to confirm.

use jiff::{SignedDuration, Timestamp};
use kit::ids::{PageId, SubscriberId};

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

/// Whether a subscriber gets mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "subscriptions.subscriber_state", rename_all = "snake_case")]
pub(crate) enum State {
    /// Asked, but has not confirmed.
    Pending,
    /// Gets every mail of the page.
    Confirmed,
    /// Left.
    Unsubscribed,
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
}

/// A subscriber with what a mail to it needs.
#[derive(Debug)]
pub(crate) struct Recipient {
    pub subscriber_id: SubscriberId,
    pub email: Email,
    /// The language of its mails, a BCP 47 tag.
    pub locale: String,
    /// The round that its link to confirm is for.
    pub confirmation_round: i32,
    /// The address must not be mailed.
    pub suppressed: bool,
}

/// A piece of an audience: it ends with this subscriber and began after the one before.
#[derive(Debug)]
pub(crate) struct Segment {
    pub last: SubscriberId,
    /// How many subscribers are in it.
    pub count: i32,
}

/// How an address stands to a page when it asks for the page's mails.
#[derive(Debug)]
pub(crate) struct Standing {
    pub subscriber_id: SubscriberId,
    pub state: State,
    /// When it was last sent a link to confirm, before or after it may have left.
    pub confirmation_sent_at: Option<Timestamp>,
    /// The address must not be mailed.
    pub suppressed: bool,
}

impl Standing {
    /// Whether it should be sent a link to confirm, as far as this page goes.
    pub(crate) fn lacks_confirmation(&self, now: Timestamp) -> bool {
        let asks = match self.state {
            State::Pending | State::Unsubscribed => true,
            State::Confirmed => false,
        };
        let rested =
            self.confirmation_sent_at.is_none_or(|sent| now.duration_since(sent) >= CONFIRMATION_PAUSE);
        asks && rested && !self.suppressed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_795_219_200, 0);

    fn standing(state: State, sent: Option<SignedDuration>) -> Standing {
        Standing {
            subscriber_id: SubscriberId::from_uuid(uuid::Uuid::nil()),
            state,
            confirmation_sent_at: sent.map(|ago| NOW - ago),
            suppressed: false,
        }
    }

    #[test]
    fn who_was_never_sent_a_link_is_sent_one() {
        assert!(standing(State::Pending, None).lacks_confirmation(NOW));
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
        let suppressed = Standing { suppressed: true, ..standing(State::Pending, None) };
        assert!(!suppressed.lacks_confirmation(NOW));
    }
}
