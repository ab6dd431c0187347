//! Wire to domain and back.

use std::{
    collections::{BTreeSet, HashSet},
    str::FromStr,
};

use kit::{
    ids::{ComponentId, InvalidId, SubscriberId},
    time::to_wire,
    time_zone::ZoneName,
};
use proto::{Violation, internal::v1, subscriptions::v1 as wire};
use uuid::Uuid;

use crate::{
    domain::{Audience, Feedback, Part, State, Subscriber},
    error::Error,
};

/// Comes before every subscriber: no UUIDv7 is nil.
pub(super) const BEFORE_ALL: SubscriberId = SubscriberId::from_uuid(Uuid::nil());

/// The id in a field.
pub(super) fn id<T: FromStr<Err = InvalidId>>(field: &str, text: &str) -> Result<T, Error> {
    text.parse().map_err(|why: InvalidId| Error::invalid(field, why.to_string()))
}

/// The ids in a field.
fn ids<T: FromStr<Err = InvalidId>>(field: &str, texts: &[String]) -> Result<Vec<T>, Error> {
    texts.iter().enumerate().map(|(index, text)| id(&format!("{field}[{index}]"), text)).collect()
}

/// The subscribers that alone are asked for.
pub(super) fn subscriber_ids(texts: &[String]) -> Result<Vec<Uuid>, Error> {
    let ids = ids::<SubscriberId>("subscriber_ids", texts)?;
    Ok(ids.into_iter().map(SubscriberId::uuid).collect())
}

/// The audience in a field.
pub(super) fn audience(audience: Option<v1::Audience>) -> Result<Audience, Error> {
    let audience = audience.ok_or_else(|| Error::invalid("audience", "must be set"))?;
    Ok(Audience {
        page: id("audience.page_id", &audience.page_id)?,
        pending: audience
            .pending_subscriber_id
            .map(|pending| id("audience.pending_subscriber_id", &pending))
            .transpose()?,
        components: ids("audience.component_ids", &audience.component_ids)?,
    })
}

/// A part of an audience, if one is named.
pub(super) fn part(part: v1::AudiencePart) -> Option<Part> {
    match part {
        v1::AudiencePart::Unspecified => None,
        v1::AudiencePart::Page => Some(Part::Page),
        v1::AudiencePart::Components => Some(Part::Components),
    }
}

/// What came back of a mail.
pub(super) fn feedback(kind: v1::FeedbackKind) -> Result<Feedback, Error> {
    match kind {
        v1::FeedbackKind::Unspecified => Err(Error::invalid("kind", "must be set")),
        v1::FeedbackKind::NoSuchAddress => Ok(Feedback::NoSuchAddress),
        v1::FeedbackKind::MailboxFull => Ok(Feedback::MailboxFull),
        v1::FeedbackKind::Complaint => Ok(Feedback::Complaint),
    }
}

/// The time zone in a field.
pub(super) fn time_zone(text: &str) -> Result<ZoneName, Error> {
    ZoneName::parse(text).map_err(|why| Error::invalid("time_zone", why.to_string()))
}

/// The components that a subscriber chose, each once.
pub(super) fn chosen(texts: &[String]) -> Result<Vec<ComponentId>, Error> {
    let chosen = ids("component_ids", texts)?;
    let mut before = BTreeSet::new();
    refuse(&chosen, "must be there only once", |component| !before.insert(*component))?;
    Ok(chosen)
}

/// Refuses what is chosen and not among the components that are shown.
pub(super) fn check_shown(chosen: &[ComponentId], shown: &HashSet<ComponentId>) -> Result<(), Error> {
    refuse(chosen, "must be a component of the page", |component| !shown.contains(component))
}

/// A violation for each component that is bad.
fn refuse(
    chosen: &[ComponentId],
    description: &str,
    mut is_bad: impl FnMut(&ComponentId) -> bool,
) -> Result<(), Error> {
    let bad = chosen.iter().enumerate().filter(|(_, component)| is_bad(component));
    let violations = bad.map(|(index, _)| Violation {
        field: format!("component_ids[{index}]"),
        description: description.to_owned(),
    });
    let violations = violations.collect::<Vec<_>>();
    if violations.is_empty() { Ok(()) } else { Err(Error::Invalid(violations)) }
}

impl From<State> for wire::SubscriberState {
    fn from(state: State) -> Self {
        match state {
            State::Pending => Self::Pending,
            State::Confirmed => Self::Confirmed,
            State::Unsubscribed => Self::Unsubscribed,
        }
    }
}

impl From<Subscriber> for wire::Subscriber {
    fn from(subscriber: Subscriber) -> Self {
        Self {
            subscriber_id: subscriber.subscriber_id.to_string(),
            page_id: subscriber.page_id.to_string(),
            email: subscriber.email.into_string(),
            locale: subscriber.locale,
            state: wire::SubscriberState::from(subscriber.state).into(),
            suppressed: subscriber.suppressed,
            created_at: Some(to_wire(subscriber.created_at)),
            confirmed_at: subscriber.confirmed_at.map(to_wire),
            time_zone: subscriber.time_zone,
            component_ids: subscriber.component_ids.iter().map(ComponentId::to_string).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPONENTS: [ComponentId; 3] = [
        ComponentId::from_uuid(Uuid::from_u128(1)),
        ComponentId::from_uuid(Uuid::from_u128(2)),
        ComponentId::from_uuid(Uuid::from_u128(3)),
    ];

    fn fields(result: Result<impl Sized, Error>) -> Vec<String> {
        match result {
            Err(Error::Invalid(violations)) => violations.into_iter().map(|bad| bad.field).collect(),
            Ok(_) | Err(Error::NotFound | Error::Refused(_) | Error::Database(_)) => Vec::new(),
        }
    }

    #[test]
    fn each_component_is_chosen_once() {
        let [a, b, c] = COMPONENTS.map(|component| component.to_string());
        assert_eq!(chosen(&[a.clone(), b.clone(), c.clone()]).unwrap(), COMPONENTS);
        assert_eq!(chosen(&[]).unwrap(), []);
        let twice = chosen(&[a.clone(), b.clone(), a.clone(), c, a, b]);
        assert_eq!(fields(twice), ["component_ids[2]", "component_ids[4]", "component_ids[5]"]);
    }

    #[test]
    fn only_what_the_page_shows_is_chosen() {
        let shown = HashSet::from([COMPONENTS[1]]);
        assert_eq!(fields(check_shown(&COMPONENTS, &shown)), ["component_ids[0]", "component_ids[2]"]);
        assert!(check_shown(&COMPONENTS[1..2], &shown).is_ok());
        assert!(check_shown(&[], &HashSet::new()).is_ok());
    }

    #[test]
    fn a_time_zone_that_is_not_known_is_named() {
        assert_eq!(fields(time_zone("Mars/Olympus")), ["time_zone"]);
        assert_eq!(time_zone("europe/berlin").unwrap().as_str(), "Europe/Berlin");
    }
}
