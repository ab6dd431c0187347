//! Audiences: who is meant, and what a mail to them needs.

use kit::ids::{ComponentId, PageId, SubscriberId};

use super::Email;

/// Who is meant by an event.
#[derive(Debug)]
pub(crate) struct Audience {
    /// The page that it happened on.
    pub page: PageId,
    /// This one while it is pending; without it, everybody who confirmed and wants to hear of it.
    pub pending: Option<SubscriberId>,
    /// The components that it touches.
    pub components: Vec<ComponentId>,
}

/// Which subscribers of a page: each is in one part, and in no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Those who chose the whole page.
    Page,
    /// Those who chose components.
    Components,
}

/// A piece of a part of an audience: it ends with this subscriber and began after the one before.
#[derive(Debug)]
pub(crate) struct Segment {
    pub last: SubscriberId,
    /// How many subscribers are in it.
    pub count: i32,
}

/// A place in the order of subscribers: after one, up to another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub after: SubscriberId,
    pub last: SubscriberId,
}

/// A subscriber with what a mail to it needs.
#[derive(Debug)]
pub(crate) struct Recipient {
    pub subscriber_id: SubscriberId,
    pub email: Email,
    /// The language of its mails, a BCP 47 tag.
    pub locale: String,
    /// The IANA time zone of its mails; empty for the page's.
    pub time_zone: String,
    /// The address must not be mailed.
    pub suppressed: bool,
}

/// A subscriber who waits for its link to confirm.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub recipient: Recipient,
    /// The round that its link is for.
    pub confirmation_round: i32,
}

impl Span {
    /// Whether it holds this subscriber.
    pub(crate) fn holds(self, subscriber: SubscriberId) -> bool {
        self.after < subscriber && subscriber <= self.last
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_span_begins_after_one_and_ends_with_another() {
        let id = |n| SubscriberId::from_uuid(Uuid::from_u128(n));
        let span = Span { after: id(1), last: id(3) };
        assert_eq!([1, 2, 3, 4].map(|n| span.holds(id(n))), [false, true, true, false]);
    }
}
