//! `IncidentService.ListRevisions`

use kit::{caller::Member, ids::UpdateId, time::to_wire};
use proto::incidents::v1::{ListRevisionsRequest, ListRevisionsResponse, Revision};

use crate::{
    error::Error,
    rpc::{Rpc, convert, read},
    store::{incidents, updates},
};

pub(super) async fn list_revisions(
    rpc: &Rpc,
    member: &Member,
    request: ListRevisionsRequest,
) -> Result<ListRevisionsResponse, Error> {
    let update_id: UpdateId = convert::id("update_id", &request.update_id)?;
    let mut tx = read::snapshot(&rpc.db, member.tenant).await?;
    incidents::find_incident_of(&mut tx, member.tenant, update_id).await?.ok_or(Error::NotFound)?;
    let revisions = updates::list_revisions(&mut tx, member.tenant, update_id).await?;
    tx.commit().await?;
    let revisions = revisions.into_iter().map(|row| Revision {
        body: row.body,
        displayed_at: Some(to_wire(row.displayed_at)),
        replaced_at: Some(to_wire(row.replaced_at)),
        replaced_by_member_id: row.member_id.to_string(),
    });
    Ok(ListRevisionsResponse { revisions: revisions.collect() })
}
