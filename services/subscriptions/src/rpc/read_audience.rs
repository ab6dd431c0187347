//! `AudienceService.ReadAudience`

use kit::ids::{SubscriberId, TenantId};
use proto::internal::v1::{ReadAudienceRequest, ReadAudienceResponse, Recipient as WireRecipient};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Rpc,
    convert::{self, BEFORE_ALL},
};
use crate::{
    domain::{Audience, Confirmation, Part, Recipient, Span, Unsubscription},
    error::Error,
    store::audience,
};

/// What is asked for of an audience.
struct Asked {
    meant: Audience,
    span: Span,
    limit: i64,
    /// Only these; all if there are none.
    only: Vec<Uuid>,
}

pub(super) async fn read_audience(
    rpc: &Rpc,
    request: ReadAudienceRequest,
) -> Result<ReadAudienceResponse, Error> {
    let part = convert::part(request.part());
    let tenant = convert::id("tenant_id", &request.tenant_id)?;
    let meant = convert::audience(request.audience)?;
    let after = match request.after_subscriber_id.as_str() {
        "" => BEFORE_ALL,
        id => convert::id("after_subscriber_id", id)?,
    };
    let last = convert::id("last_subscriber_id", &request.last_subscriber_id)?;
    let only = convert::subscriber_ids(&request.subscriber_ids)?;
    let asked = Asked { meant, span: Span { after, last }, limit: request.limit.into(), only };

    let mut tx = rpc.db.tenant(tenant).await?;
    let recipients = match (asked.meant.pending, part) {
        (Some(pending), None) => read_pending(rpc, &mut tx, tenant, &asked, pending).await?,
        (None, Some(part)) => read_part(rpc, &mut tx, tenant, &asked, part).await?,
        (Some(_), Some(_)) | (None, None) => {
            return Err(Error::invalid("part", "must be set, unless one pending subscriber is meant"));
        }
    };
    tx.commit().await?;

    Ok(ReadAudienceResponse { recipients })
}

/// Those of a part who are asked for, each with its token to unsubscribe.
async fn read_part(
    rpc: &Rpc,
    db: &mut PgConnection,
    tenant: TenantId,
    asked: &Asked,
    part: Part,
) -> Result<Vec<WireRecipient>, Error> {
    let Asked { meant: Audience { page, components, .. }, span, limit, only } = asked;
    let (page, span, limit) = (*page, *span, *limit);
    let recipients = match (part, only.is_empty()) {
        (Part::Page, true) => audience::read_page_part(db, tenant, page, span, limit).await?,
        (Part::Page, false) => audience::find_in_page_part(db, tenant, page, only, span, limit).await?,
        (Part::Components, true) => {
            audience::read_components_part(db, tenant, page, components, span, limit).await?
        }
        (Part::Components, false) => {
            audience::find_in_components_part(db, tenant, page, only, span, limit).await?
        }
    };
    let recipients = recipients.into_iter().map(|recipient| {
        let subscriber = recipient.subscriber_id;
        wire(recipient, rpc.tokens.unsubscribe(Unsubscription { tenant, subscriber }))
    });
    Ok(recipients.collect())
}

/// The one who is pending, if it is asked for, with its token to confirm.
async fn read_pending(
    rpc: &Rpc,
    db: &mut PgConnection,
    tenant: TenantId,
    asked: &Asked,
    pending: SubscriberId,
) -> Result<Vec<WireRecipient>, Error> {
    if !asked.span.holds(pending) || !(asked.only.is_empty() || asked.only.contains(&pending.uuid())) {
        return Ok(Vec::new());
    }
    let waiting = audience::find_pending(db, tenant, asked.meant.page, pending).await?;
    let waiting = waiting.map(|waiting| {
        let round = waiting.confirmation_round;
        wire(waiting.recipient, rpc.tokens.confirm(Confirmation { tenant, subscriber: pending, round }))
    });
    Ok(waiting.into_iter().collect())
}

fn wire(recipient: Recipient, token: String) -> WireRecipient {
    WireRecipient {
        subscriber_id: recipient.subscriber_id.to_string(),
        email: recipient.email.into_string(),
        locale: recipient.locale,
        token,
        suppressed: recipient.suppressed,
        time_zone: recipient.time_zone,
    }
}
