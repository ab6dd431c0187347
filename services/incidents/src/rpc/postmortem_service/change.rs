//! The beats that the verbs share which change a report.

use kit::{Clock, caller::Member, db::Tx, ids::IncidentId};
use proto::incidents::v1::PostmortemDraft;

use crate::{
    domain::{AuditAction, Incident},
    error::Error,
    rpc::{Rpc, convert, incident_service::write, read},
    store::{
        incidents,
        intervals::Recording,
        pages,
        postmortems::{self, PostmortemRow},
    },
};

/// A change of an incident's report that is under way: its page is locked.
pub(super) struct Change<'a> {
    pub(super) tx: Tx,
    pub(super) incident: Incident,
    /// None if nothing was written yet.
    pub(super) report: Option<PostmortemRow>,
    /// The position of its event, if it makes one.
    pub(super) position: i64,
    member: &'a Member,
    clock: &'a Clock,
}

impl<'a> Change<'a> {
    /// Begins a change that makes so many events; none: only members will see it.
    pub(super) async fn begin(
        rpc: &'a Rpc,
        member: &'a Member,
        incident: IncidentId,
        events: Option<i64>,
    ) -> Result<Self, Error> {
        let tenant = member.tenant;
        let mut tx = rpc.db.tenant(tenant).await?;
        let page = incidents::find_page_of(&mut tx, tenant, incident).await?.ok_or(Error::NotFound)?;
        let position = match events {
            Some(events) => pages::advance_page(&mut tx, tenant, page, events).await?,
            None => {
                pages::lock_page(&mut tx, tenant, page).await?;
                0
            }
        };
        let incident = read::incident_to_change(&mut tx, tenant, incident).await?;
        let report = postmortems::find_postmortem(&mut tx, tenant, incident.incident_id).await?;
        Ok(Self { tx, incident, report, position, member, clock: &rpc.clock })
    }

    /// Leaves everything as it was; the report as it is.
    pub(super) fn abandon(self) -> Result<PostmortemDraft, Error> {
        let report = self.report.ok_or(Error::NotFound)?;
        Ok(convert::postmortem_draft(report, self.incident.revision))
    }

    /// Makes it so; the report as it is now.
    pub(super) async fn end(
        mut self,
        action: AuditAction,
        detail: &'static str,
    ) -> Result<PostmortemDraft, Error> {
        let Member { tenant, member, .. } = *self.member;
        let incident = &mut self.incident;
        incident.revision += 1;
        incidents::save_incident(&mut self.tx, tenant, incident).await?;
        let by = Recording { tenant, page: incident.page_id, member: Some(member), clock: self.clock };
        write::log(&mut self.tx, by, incident.incident_id, &incident.title, action, detail).await?;
        let report = postmortems::find_postmortem(&mut self.tx, tenant, incident.incident_id).await?;
        self.tx.commit().await?;
        Ok(convert::postmortem_draft(report.ok_or(Error::NotFound)?, self.incident.revision))
    }
}
