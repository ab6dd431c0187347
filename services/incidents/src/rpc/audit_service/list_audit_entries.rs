//! `AuditService.ListAuditEntries`

use kit::{
    caller::Member,
    ids::{
        AuditEntryId, ComponentGroupId, ComponentId, IncidentId, MaintenanceId, PageId, TemplateId, VendorId,
    },
    paging::{self, Cursor},
    time::to_wire,
};
use proto::incidents::v1::{self as wire, ListAuditEntriesRequest, ListAuditEntriesResponse};
use uuid::Uuid;

use crate::{
    domain::{AuditAction, AuditSubject},
    error::Error,
    rpc::{Rpc, convert, read},
    store::audit::{self, AuditRow},
};

/// How many entries are answered if the request does not say.
const LIST_SIZE: i64 = 100;

pub(super) async fn list_audit_entries(
    rpc: &Rpc,
    member: &Member,
    request: ListAuditEntriesRequest,
) -> Result<ListAuditEntriesResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let size = paging::size(request.page_size, LIST_SIZE);
    let before = read::cursor(&request.page_token)?.map_or(Uuid::max(), |cursor| cursor.id);
    rpc.pages.check_is_of(member.tenant, page_id).await?;

    let mut tx = rpc.db.tenant(member.tenant).await?;
    let before = AuditEntryId::from_uuid(before);
    let mut rows = audit::list_entries(&mut tx, member.tenant, page_id, before, size + 1).await?;
    tx.commit().await?;

    let next_page_token = paging::cut(&mut rows, size, |row| Cursor { at: 0, id: row.audit_entry_id.uuid() });
    Ok(ListAuditEntriesResponse { audit_entries: rows.into_iter().map(entry).collect(), next_page_token })
}

fn entry(row: AuditRow) -> wire::AuditEntry {
    wire::AuditEntry {
        audit_entry_id: row.audit_entry_id.to_string(),
        created_at: Some(to_wire(row.created_at)),
        member_id: row.member_id.map(|member| member.to_string()),
        action: action(row.action).into(),
        subject_id: subject_id(row.subject, row.subject_id),
        subject_name: row.subject_name,
        detail: row.detail,
    }
}

fn action(action: AuditAction) -> wire::AuditAction {
    match action {
        AuditAction::Created => wire::AuditAction::Created,
        AuditAction::Updated => wire::AuditAction::Updated,
        AuditAction::Deleted => wire::AuditAction::Deleted,
        AuditAction::Told => wire::AuditAction::Told,
        AuditAction::Published => wire::AuditAction::Published,
        AuditAction::Retracted => wire::AuditAction::Retracted,
    }
}

fn subject_id(subject: AuditSubject, id: Uuid) -> String {
    match subject {
        AuditSubject::Component => ComponentId::from_uuid(id).to_string(),
        AuditSubject::ComponentGroup => ComponentGroupId::from_uuid(id).to_string(),
        AuditSubject::Incident => IncidentId::from_uuid(id).to_string(),
        AuditSubject::Maintenance => MaintenanceId::from_uuid(id).to_string(),
        AuditSubject::Template => TemplateId::from_uuid(id).to_string(),
        AuditSubject::Vendor => VendorId::from_uuid(id).to_string(),
        AuditSubject::Page => PageId::from_uuid(id).to_string(),
    }
}
