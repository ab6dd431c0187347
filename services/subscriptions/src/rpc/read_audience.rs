//! `AudienceService.ReadAudience`

use kit::ids::TenantId;
use proto::internal::v1::{ReadAudienceRequest, ReadAudienceResponse, Recipient as WireRecipient};

use super::{
    Rpc,
    convert::{self, BEFORE_ALL},
};
use crate::{
    domain::{Confirmation, Recipient, Tokens, Unsubscription},
    error::Error,
    store::audience,
};

pub(super) async fn read_audience(
    rpc: &Rpc,
    request: ReadAudienceRequest,
) -> Result<ReadAudienceResponse, Error> {
    let tenant = convert::id("tenant_id", &request.tenant_id)?;
    let meant = convert::audience(request.audience)?;
    let after = match request.after_subscriber_id.as_str() {
        "" => BEFORE_ALL,
        id => convert::id("after_subscriber_id", id)?,
    };
    let last = convert::id("last_subscriber_id", &request.last_subscriber_id)?;

    let mut tx = rpc.db.tenant(tenant).await?;
    let recipients = match meant.pending {
        None => {
            audience::read_confirmed(&mut tx, tenant, meant.page, after, last, i64::from(request.limit))
                .await?
        }
        Some(pending) => audience::find_pending(&mut tx, tenant, meant.page, pending)
            .await?
            .into_iter()
            .filter(|one| after < one.subscriber_id && one.subscriber_id <= last)
            .collect(),
    };
    tx.commit().await?;

    let token = match meant.pending {
        None => unsubscribe_token,
        Some(_) => confirm_token,
    };
    let recipients = recipients.into_iter().map(|recipient| WireRecipient {
        token: token(&rpc.tokens, tenant, &recipient),
        subscriber_id: recipient.subscriber_id.to_string(),
        email: recipient.email.into_string(),
        locale: recipient.locale,
        suppressed: recipient.suppressed,
    });
    Ok(ReadAudienceResponse { recipients: recipients.collect() })
}

fn unsubscribe_token(tokens: &Tokens, tenant: TenantId, recipient: &Recipient) -> String {
    tokens.unsubscribe(Unsubscription { tenant, subscriber: recipient.subscriber_id })
}

fn confirm_token(tokens: &Tokens, tenant: TenantId, recipient: &Recipient) -> String {
    let round = recipient.confirmation_round;
    tokens.confirm(Confirmation { tenant, subscriber: recipient.subscriber_id, round })
}
