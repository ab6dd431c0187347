//! `SubscriptionService.Subscribe`

use kit::{
    ids::{EventId, SubscriberId},
    locale::Locale,
};
use proto::subscriptions::v1::{SubscribeRequest, SubscribeResponse};

use super::{Rpc, convert};
use crate::{
    domain::{Email, QUOTA, QUOTA_WINDOW},
    error::Error,
    store::{address_quota, outbox, subscribers},
};

/// Whatever the address is to the page, the same is read, locked and committed, and the same is answered:
/// neither the answer nor its time tells who is on the list. Only a mail that is due costs a little more.
pub(super) async fn subscribe(rpc: &Rpc, request: SubscribeRequest) -> Result<SubscribeResponse, Error> {
    let page_id = convert::id("page_id", &request.page_id)?;
    let email = Email::parse(&request.email)
        .map_err(|why| Error::Invalid { field: "email", why: why.to_string() })?;
    let page = rpc.directory.find(page_id).await?;
    let locale = request.locale.as_deref().and_then(Locale::parse).unwrap_or(page.locale);
    let address = rpc.address_key.mac(&[email.as_str().as_bytes()]);
    let now = rpc.clock.now();

    let mut tx = rpc.db.tenant(page.tenant).await?;
    let newcomer = SubscriberId::new(&rpc.clock);
    subscribers::insert_pending(&mut tx, page.tenant, newcomer, page_id, &email, locale, now).await?;
    let standing = subscribers::lock_standing(&mut tx, page.tenant, page_id, &email).await?;
    let sent_lately = address_quota::lock(&mut tx, &address, now - QUOTA_WINDOW, now).await?;
    if standing.lacks_confirmation(now) && sent_lately < QUOTA {
        let subscriber = standing.subscriber_id;
        let event = EventId::new(&rpc.clock);
        address_quota::spend(&mut tx, &address, now).await?;
        subscribers::await_confirmation(&mut tx, page.tenant, subscriber, locale, now).await?;
        outbox::enqueue(&mut tx, page.tenant, page_id, subscriber, event, now).await?;
    }
    tx.commit().await?;

    Ok(SubscribeResponse {})
}
