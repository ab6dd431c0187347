//! What the public sees of a page.

use proto::incidents::v1::{
    Component, ComponentStatus, GetPageRequest, GetPageResponse, GetUptimeRequest, GetUptimeResponse,
    HistoryEntry, ListHistoryRequest, StatusServiceGetIncidentRequest, StatusServiceGetIncidentResponse,
    StatusServiceGetMaintenanceRequest, StatusServiceGetMaintenanceResponse, WatchPageRequest,
    WatchPageResponse, get_page_request, status_service_client::StatusServiceClient,
};
use tonic::{Status, Streaming, transport::Channel};

use crate::{Incident, Maintenance, PATIENCE, PageOf};

impl PageOf {
    /// The public's door, without any token.
    #[must_use]
    pub fn reader(&self) -> StatusServiceClient<Channel> {
        StatusServiceClient::new(self.company.channel.clone())
    }

    /// The front of the page.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn shown(&self) -> GetPageResponse {
        let page = Some(get_page_request::Page::PageId(self.id()));
        self.reader().get_page(GetPageRequest { page }).await.expect("the page").into_inner()
    }

    /// How a component is, as the page shows it.
    ///
    /// # Panics
    /// If the page does not show it.
    pub async fn shown_status(&self, component: &Component) -> ComponentStatus {
        let shown = self.shown().await.components;
        let found = shown.iter().find(|it| it.component_id == component.component_id);
        found.expect("the page shows the component").status()
    }

    /// The whole history, newest first: each month as year and month, with what began in it.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn history(&self) -> Vec<((i32, i32), Vec<HistoryEntry>)> {
        let mut all: Vec<((i32, i32), Vec<HistoryEntry>)> = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListHistoryRequest { page_id: self.id(), page_size: 12, page_token };
            let reply = self.reader().list_history(request).await.expect("the history").into_inner();
            for month in reply.months {
                let name = month.month.map(|month| (month.year, month.month)).expect("a month has a name");
                match all.last_mut().filter(|(last, _)| *last == name) {
                    Some((_, entries)) => entries.extend(month.entries),
                    None => all.push((name, month.entries)),
                }
            }
            page_token = reply.next_page_token;
            if page_token.is_empty() {
                return all;
            }
        }
    }

    /// How much of a time the page was up; the request's `page_id` is filled in.
    ///
    /// # Errors
    /// If the system refuses.
    pub async fn uptime(&self, request: GetUptimeRequest) -> Result<GetUptimeResponse, Status> {
        let request = GetUptimeRequest { page_id: self.id(), ..request };
        Ok(self.reader().get_uptime(request).await?.into_inner())
    }

    /// Watches the page from a version on; 0 for none.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn watch(&self, after_version: i64) -> Watch {
        let request = WatchPageRequest { page_id: self.id(), after_version };
        Watch { stream: self.reader().watch_page(request).await.expect("a stream").into_inner() }
    }
}

impl Incident {
    /// The incident as the public sees it, with its components.
    ///
    /// # Errors
    /// If it does not.
    pub async fn shown(&self) -> Result<StatusServiceGetIncidentResponse, Status> {
        let request = StatusServiceGetIncidentRequest {
            page_id: self.page.id(),
            incident_id: self.incident_id.clone(),
        };
        Ok(self.page.reader().get_incident(request).await?.into_inner())
    }
}

impl Maintenance {
    /// The maintenance as the public sees it, with its components.
    ///
    /// # Errors
    /// If it does not.
    pub async fn shown(&self) -> Result<StatusServiceGetMaintenanceResponse, Status> {
        let request = StatusServiceGetMaintenanceRequest {
            page_id: self.page.id(),
            maintenance_id: self.maintenance_id.clone(),
        };
        Ok(self.page.reader().get_maintenance(request).await?.into_inner())
    }
}

/// Somebody who watches a page.
#[derive(Debug)]
pub struct Watch {
    stream: Streaming<WatchPageResponse>,
}

impl Watch {
    /// What comes next, a heartbeat too; none at the stream's end.
    ///
    /// # Errors
    /// If the stream breaks.
    ///
    /// # Panics
    /// If nothing comes in time.
    pub async fn next(&mut self) -> Result<Option<WatchPageResponse>, Status> {
        let next = tokio::time::timeout(PATIENCE, self.stream.message()).await;
        next.expect("waited in vain for the stream")
    }

    /// The next version that is new.
    ///
    /// # Panics
    /// If the stream ends or breaks before, or none comes in time.
    pub async fn version(&mut self) -> i64 {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let next = self.next().await.expect("the stream goes on").expect("the stream goes on");
            if !next.heartbeat {
                return next.version;
            }
            assert!(tokio::time::Instant::now() < deadline, "waited in vain for a new version");
        }
    }
}
