//! `AudienceService.ReportFeedback`

use proto::internal::v1::{ReportFeedbackRequest, ReportFeedbackResponse};

use super::{Rpc, convert};
use crate::{
    domain::{FULL_MAILBOX_WINDOW, Feedback, QUOTA_WINDOW},
    error::Error,
    store::{address_quota, full_mailboxes, subscribers, suppressions},
};

pub(super) async fn report_feedback(
    rpc: &Rpc,
    request: ReportFeedbackRequest,
) -> Result<ReportFeedbackResponse, Error> {
    let tenant = convert::id("tenant_id", &request.tenant_id)?;
    let subscriber = convert::id("subscriber_id", &request.subscriber_id)?;
    let broadcast = convert::id("broadcast_id", &request.broadcast_id)?;
    let feedback = convert::feedback(request.kind())?;
    // A mail server may say anything; the database does not take a NUL, and nobody wants to read the rest.
    let reply = request.reply.replace(char::is_control, " ");
    let now = rpc.clock.now();

    let mut tx = rpc.db.tenant(tenant).await?;
    let email = subscribers::find_email(&mut tx, tenant, subscriber).await?.ok_or(Error::NotFound)?;
    // Whoever asks for the address waits, and knows what follows here; so does another report of it.
    address_quota::lock(&mut tx, &rpc.address(&email), now - QUOTA_WINDOW, now).await?;
    if feedback == Feedback::MailboxFull {
        full_mailboxes::note(&mut tx, tenant, subscriber, broadcast, now).await?;
    }
    let full = full_mailboxes::count(&mut tx, tenant, subscriber, now - FULL_MAILBOX_WINDOW).await?;
    if let Some(reason) = feedback.verdict(full) {
        suppressions::suppress(&mut tx, tenant, &email, reason, &reply, now).await?;
    }
    let suppressed = suppressions::is_suppressed(&mut tx, tenant, &email).await?;
    tx.commit().await?;

    Ok(ReportFeedbackResponse { suppressed })
}
