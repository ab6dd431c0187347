//! `SubscriptionService.Subscribe`

use kit::{
    ids::{EventId, SubscriberId},
    locale::Locale,
};
use proto::subscriptions::v1::{SubscribeRequest, SubscribeResponse};

use super::{Rpc, convert};
use crate::{
    domain::{CONFIRMATION_LIFETIME, Choices, Email, NEWCOMERS, NEWCOMERS_WINDOW, QUOTA, QUOTA_WINDOW},
    error::Error,
    store::{address_quota, outbox, pending, subscribers},
};

/// Whatever the address is to the page, the same statements run and are committed once, and the same is
/// answered: neither the answer nor its time tells who is on the list. That nothing is due shows in values
/// only; who is not sent a link is not written down, and an event that is not due is dropped by the relay. Choices are
/// one row of the subscriber's, however many they are: they are spread over components by who has the link.
pub(super) async fn subscribe(rpc: &Rpc, request: SubscribeRequest) -> Result<SubscribeResponse, Error> {
    let page_id = convert::id("page_id", &request.page_id)?;
    let email = Email::parse(&request.email).map_err(|why| Error::invalid("email", why.to_string()))?;
    let time_zone = request.time_zone.as_deref().map(convert::time_zone).transpose()?;
    let components = convert::chosen(&request.component_ids)?;
    let page = rpc.directory.find(page_id).await?;
    if !components.is_empty() {
        convert::check_shown(&components, &*rpc.components.shown_on(page_id).await?)?;
    }
    let locale = request.locale.as_deref().and_then(Locale::parse).unwrap_or(page.locale);
    let choices = Choices { locale, time_zone, components };
    let address = rpc.address(&email);
    let Some(_turn) = rpc.in_hand.turn(address, page_id).await else {
        return Ok(SubscribeResponse {});
    };
    let now = rpc.clock.now();
    let newcomer = SubscriberId::new(&rpc.clock);
    let event = EventId::new(&rpc.clock);
    let asking = subscribers::Asking { page: page_id, email: &email, choices: &choices, now };

    let mut tx = rpc.db.tenant(page.tenant).await?;
    // First of all, so that nobody else comes between: whoever asks for the address, for any page, waits here.
    let sent_lately = address_quota::lock(&mut tx, &address, now - QUOTA_WINDOW, now).await?;
    let standing =
        subscribers::find_standing(&mut tx, page.tenant, asking, now - NEWCOMERS_WINDOW, NEWCOMERS).await?;
    let lacking = standing.lacks_confirmation(now) && sent_lately < QUOTA;
    let sent = subscribers::await_confirmation(&mut tx, page.tenant, newcomer, asking, lacking).await?;
    let due = sent.is_some();
    let subscriber = sent.unwrap_or(newcomer);
    address_quota::spend(&mut tx, &address, now, due).await?;
    pending::note(&mut tx, page.tenant, subscriber, now + CONFIRMATION_LIFETIME, due).await?;
    outbox::enqueue(&mut tx, page.tenant, page_id, subscriber, event, now, due).await?;
    tx.commit().await?;

    Ok(SubscribeResponse {})
}
