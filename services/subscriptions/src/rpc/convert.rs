//! Wire to domain and back.

use std::str::FromStr;

use kit::{
    ids::{InvalidId, PageId, SubscriberId},
    time::to_wire,
};
use proto::{internal::v1, subscriptions::v1 as wire};
use uuid::Uuid;

use crate::{
    domain::{State, Subscriber},
    error::Error,
};

/// Comes before every subscriber: no UUIDv7 is nil.
pub(super) const BEFORE_ALL: SubscriberId = SubscriberId::from_uuid(Uuid::nil());

/// The id in a field.
pub(super) fn id<T: FromStr<Err = InvalidId>>(field: &'static str, text: &str) -> Result<T, Error> {
    text.parse().map_err(|why: InvalidId| Error::Invalid { field, why: why.to_string() })
}

/// Who is meant by a request.
pub(super) struct Audience {
    pub page: PageId,
    /// This one while it is pending; without it, everybody who confirmed.
    pub pending: Option<SubscriberId>,
}

/// The audience in a field.
pub(super) fn audience(audience: Option<v1::Audience>) -> Result<Audience, Error> {
    let audience =
        audience.ok_or_else(|| Error::Invalid { field: "audience", why: "must be set".to_owned() })?;
    Ok(Audience {
        page: id("audience.page_id", &audience.page_id)?,
        pending: audience
            .pending_subscriber_id
            .map(|pending| id("audience.pending_subscriber_id", &pending))
            .transpose()?,
    })
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
        }
    }
}
