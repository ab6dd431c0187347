//! `BroadcastService.ResendBroadcast`.

use jiff::{SignedDuration, Timestamp};
use kit::{caller::Member, db::Tx};
use proto::notifications::v1::{ResendBroadcastRequest, ResendBroadcastResponse};

use super::{Rpc, convert, read};
use crate::{
    audience::Meant,
    domain::{Kind, NewBroadcast, Thread},
    error::Error,
    store::{
        broadcasts::{self, Standing},
        segments, told,
    },
};

/// What is older is no news, from the contract.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Nothing newer of the thread was told, so that anything is that will be.
const BEFORE_ALL_NEWER: i64 = 0;

pub(super) async fn resend_broadcast(
    rpc: &Rpc,
    caller: Member,
    request: ResendBroadcastRequest,
) -> Result<ResendBroadcastResponse, Error> {
    let id = read::broadcast_id(&request.broadcast_id)?;
    let tenant = caller.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    let standing = read::standing(&mut tx, tenant, id).await?;
    check(&mut tx, &caller, &standing, rpc.clock.now()).await?;
    let told = told::load(&mut tx, tenant, id).await?.ok_or(Error::NotFound)?;
    tx.rollback().await?;

    let NewBroadcast { page, content, components, .. } = told;
    let meant = Meant { tenant, page: page.page_id, audience: content.audience(), components: &components };
    let plan = rpc.audiences.plan(meant, rpc.segment_size).await?;
    let ids = plan.iter().map(|_| rpc.clock.uuid()).collect::<Vec<_>>();
    let thread = content.thread();

    let mut tx = rpc.db.tenant(tenant).await?;
    if let Some(thread) = thread {
        broadcasts::lock_thread(&mut tx, thread).await?;
    }
    broadcasts::lock(&mut tx, tenant, id).await?;
    let standing = read::standing(&mut tx, tenant, id).await?;
    let now = rpc.clock.now();
    check(&mut tx, &caller, &standing, now).await?;
    let pass = standing.passes.checked_add(1).ok_or(Error::Precondition("it was sent again too often"))?;
    broadcasts::begin_pass(&mut tx, tenant, id, pass, plan.is_empty(), now).await?;
    let thread = thread.map(|id| Thread { id, position: BEFORE_ALL_NEWER });
    segments::insert(&mut tx, tenant, id, thread, pass, &ids, &plan).await?;
    segments::wake(&mut tx).await?;
    let standing = read::standing(&mut tx, tenant, id).await?;
    tx.commit().await?;
    Ok(ResendBroadcastResponse { broadcast: Some(convert::broadcast(&standing)) })
}

async fn check(tx: &mut Tx, caller: &Member, standing: &Standing, now: Timestamp) -> Result<(), Error> {
    match standing.broadcast.kind {
        Kind::IncidentUpdate | Kind::MaintenanceUpdate | Kind::Postmortem => {}
        Kind::Confirmation => return Err(Error::Precondition("a confirmation is not sent again")),
        Kind::MaintenanceApproaching | Kind::NextUpdateDue => {
            return Err(Error::Precondition("a reminder is not sent again"));
        }
    }
    if standing.broadcast.completed_at.is_none() {
        return Err(Error::Precondition("the broadcast still goes on"));
    }
    if now.duration_since(standing.broadcast.created_at) > MAX_AGE {
        return Err(Error::Precondition("the broadcast is older than 7 days"));
    }
    if broadcasts::is_overtaken(tx, caller.tenant, &standing.broadcast).await? {
        return Err(Error::Precondition("something newer of the same incident or maintenance was told"));
    }
    Ok(())
}
