//! Incidents and maintenances, as those see them who write them.

use proto::incidents::v1::{
    GetIncidentRequest, GetIncidentResponse, GetMaintenanceRequest, IncidentUpdate, MaintenancePhase,
    MaintenanceUpdate, Phase, PostMaintenanceUpdateRequest, PostUpdateRequest, PostmortemDraft,
    PublishPostmortemRequest, WritePostmortemRequest,
};

use crate::PageOf;

/// An incident and the page it is on.
#[derive(Debug, Clone)]
pub struct Incident {
    /// The page.
    pub page: PageOf,
    /// Its id.
    pub incident_id: String,
    /// Its first update, or the draft of it; empty if it has none.
    pub first: IncidentUpdate,
}

impl Incident {
    /// Posts an update.
    pub async fn post(&self, phase: Phase, body: &str) -> IncidentUpdate {
        let request = PostUpdateRequest { phase: phase.into(), body: body.to_owned(), ..Default::default() };
        self.post_with(request).await
    }

    /// Posts an update; the request's `incident_id` is filled in.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn post_with(&self, request: PostUpdateRequest) -> IncidentUpdate {
        let request = PostUpdateRequest { incident_id: self.incident_id.clone(), ..request };
        let reply = self.page.caller().incidents().post_update(request).await;
        reply.expect("an update").into_inner().update.expect("an update")
    }

    /// The incident as members see it, with its drafts.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn get(&self) -> GetIncidentResponse {
        let request = GetIncidentRequest { incident_id: self.incident_id.clone() };
        self.page.caller().incidents().get_incident(request).await.expect("the incident").into_inner()
    }

    /// Writes the report after it.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn write_postmortem(&self, body: &str) -> PostmortemDraft {
        let incident_id = self.incident_id.clone();
        let request = WritePostmortemRequest { incident_id, body: body.to_owned(), ..Default::default() };
        let reply = self.page.caller().postmortems().write_postmortem(request).await;
        reply.expect("a draft").into_inner().draft.expect("a draft")
    }

    /// Publishes the report after it.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn publish_postmortem(&self, notify: bool) -> PostmortemDraft {
        let incident_id = self.incident_id.clone();
        let request = PublishPostmortemRequest { incident_id, notify, ..Default::default() };
        let reply = self.page.caller().postmortems().publish_postmortem(request).await;
        reply.expect("the report").into_inner().draft.expect("the report")
    }
}

/// A maintenance and the page it is on.
#[derive(Debug, Clone)]
pub struct Maintenance {
    /// The page.
    pub page: PageOf,
    /// Its id.
    pub maintenance_id: String,
    /// What announced it.
    pub first: MaintenanceUpdate,
}

impl Maintenance {
    /// Posts an update.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn post(&self, phase: MaintenancePhase, body: &str) -> MaintenanceUpdate {
        let request = PostMaintenanceUpdateRequest {
            maintenance_id: self.maintenance_id.clone(),
            phase: phase.into(),
            body: body.to_owned(),
            ..Default::default()
        };
        let reply = self.page.caller().maintenances().post_maintenance_update(request).await;
        reply.expect("an update").into_inner().update.expect("an update")
    }

    /// The maintenance with all its updates.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn get(&self) -> proto::incidents::v1::Maintenance {
        let request = GetMaintenanceRequest { maintenance_id: self.maintenance_id.clone() };
        let reply = self.page.caller().maintenances().get_maintenance(request).await;
        reply.expect("the maintenance").into_inner().maintenance.expect("the maintenance")
    }
}
