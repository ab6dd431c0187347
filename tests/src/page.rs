//! A page, and what people do with it.

use prost_types::Timestamp;
use proto::{
    incidents::v1::{
        AuditEntry, Component, ComponentGroup, ComponentStatus, CreateComponentGroupRequest,
        CreateComponentRequest, CreateIncidentRequest, CreateMaintenanceRequest, CreateTemplateRequest,
        CreateVendorRequest, ListAuditEntriesRequest, ListStatusIntervalsRequest, Phase,
        RecordStatusIntervalRequest, SetComponentStatusRequest, StatusInterval, Template, Vendor,
        VendorFormat,
    },
    notifications::v1::{Broadcast, ListBroadcastsRequest},
    subscriptions::v1::{
        ConfirmRequest, SubscribeRequest, subscription_service_client::SubscriptionServiceClient,
    },
    tenants::v1::Page,
};
use tonic::transport::Channel;

use crate::{Caller, Cluster, Company, Incident, Maintenance, at, eventually};

/// A page and the company it belongs to.
#[derive(Debug, Clone)]
pub struct PageOf {
    /// Whose it is.
    pub company: Company,
    /// The page.
    pub page: Page,
}

impl PageOf {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> String {
        self.page.page_id.clone()
    }

    /// Its company's owner, calling.
    #[must_use]
    pub fn caller(&self) -> Caller {
        self.company.caller()
    }

    fn channel(&self) -> Channel {
        self.company.channel.clone()
    }

    /// A component of the page.
    pub async fn component(&self, name: &str) -> Component {
        self.component_with(CreateComponentRequest { name: name.to_owned(), ..Default::default() }).await
    }

    /// A component of the page; the request's `page_id` is filled in.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn component_with(&self, request: CreateComponentRequest) -> Component {
        let request = CreateComponentRequest { page_id: self.id(), ..request };
        let reply = self.caller().components().create_component(request).await;
        reply.expect("a component").into_inner().component.expect("a component")
    }

    /// A group of the page.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn group(&self, name: &str) -> ComponentGroup {
        let request =
            CreateComponentGroupRequest { page_id: self.id(), name: name.to_owned(), ..Default::default() };
        let reply = self.caller().components().create_component_group(request).await;
        reply.expect("a group").into_inner().component_group.expect("a group")
    }

    /// A vendor of the page.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn vendor(&self, name: &str, url: &str, format: VendorFormat) -> Vendor {
        let request = CreateVendorRequest {
            page_id: self.id(),
            name: name.to_owned(),
            url: url.to_owned(),
            format: format.into(),
            ..Default::default()
        };
        let reply = self.caller().vendors().create_vendor(request).await;
        reply.expect("a vendor").into_inner().vendor.expect("a vendor")
    }

    /// A template of the page; the request's `page_id` is filled in.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn template(&self, request: CreateTemplateRequest) -> Template {
        let request = CreateTemplateRequest { page_id: self.id(), ..request };
        let reply = self.caller().templates().create_template(request).await;
        reply.expect("a template").into_inner().template.expect("a template")
    }

    /// Says by hand how a component is from now on.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn set_status(&self, component: &Component, status: ComponentStatus) -> Component {
        let component_id = component.component_id.clone();
        let request = SetComponentStatusRequest { component_id, status: status.into() };
        let reply = self.caller().status_history().set_component_status(request).await;
        reply.expect("the component").into_inner().component.expect("the component")
    }

    /// Enters how a component was from one time to another, both as RFC 3339.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn was(
        &self,
        component: &Component,
        status: ComponentStatus,
        from: &str,
        to: &str,
    ) -> StatusInterval {
        let request = RecordStatusIntervalRequest {
            component_id: component.component_id.clone(),
            status: status.into(),
            started_at: Some(at(from)),
            ended_at: Some(at(to)),
            ..Default::default()
        };
        let reply = self.caller().status_history().record_status_interval(request).await;
        reply.expect("an interval").into_inner().status_interval.expect("an interval")
    }

    /// A component's history, latest start first, with what was retracted.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn intervals(&self, component: &Component) -> Vec<StatusInterval> {
        let request = ListStatusIntervalsRequest {
            component_id: component.component_id.clone(),
            with_retracted: true,
            page_size: 1000,
            ..Default::default()
        };
        let reply = self.caller().status_history().list_status_intervals(request).await;
        reply.expect("a history").into_inner().status_intervals
    }

    /// Who changed what on the page, newest first; at most 1000.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn audit_entries(&self) -> Vec<AuditEntry> {
        let request =
            ListAuditEntriesRequest { page_id: self.id(), page_size: 1000, page_token: String::new() };
        let reply = self.caller().audit().list_audit_entries(request).await;
        reply.expect("a log").into_inner().audit_entries
    }

    /// Asks for the page's mails, and no more.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn subscribe(&self, email: &str) {
        let request = SubscribeRequest { page_id: self.id(), email: email.to_owned(), ..Default::default() };
        SubscriptionServiceClient::new(self.channel()).subscribe(request).await.expect("a subscription");
    }

    /// Asks for the page's mails and confirms by the link in the mail.
    ///
    /// # Panics
    /// If the system refuses or no mail comes.
    pub async fn confirmed(&self, cluster: &Cluster, email: &str) {
        let before = cluster.smtp.mails_to(email).len();
        self.subscribe(email).await;
        let token = cluster.smtp.mail_to(email, before).await.token("/c/");
        let request = ConfirmRequest { token };
        SubscriptionServiceClient::new(self.channel()).confirm(request).await.expect("a confirmation");
    }

    /// Writes confirmed subscribers into the database: for tests that need more of them than they have time
    /// for.
    ///
    /// # Panics
    /// If the database refuses.
    pub async fn given_confirmed_subscribers(&self, cluster: &Cluster, count: i32) {
        let mut database = cluster.database.connect().await;
        let page: kit::ids::PageId = self.page.page_id.parse().expect("a page's id");
        sqlx::query!(
            "insert into subscriptions.subscriber
                 (tenant_id, subscriber_id, page_id, email, locale, state, confirmation_round, created_at, confirmed_at)
             select $1, gen_random_uuid(), $2, 'reader' || number || '@example.net', 'en', 'confirmed', 1, now(), now()
             from generate_series(1, $3) number",
            self.company.tenant().uuid(),
            page.uuid(),
            count,
        )
        .execute(&mut database)
        .await
        .expect("subscribers");
    }

    /// Opens an incident that affects these components.
    pub async fn incident(&self, title: &str, affected: &[(&Component, ComponentStatus)]) -> Incident {
        let request = CreateIncidentRequest {
            title: title.to_owned(),
            phase: Phase::Investigating.into(),
            body: format!("We look into it: {title}."),
            affected_components: crate::affected(affected),
            ..Default::default()
        };
        self.incident_with(request).await
    }

    /// Opens an incident; the request's `page_id` is filled in.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn incident_with(&self, request: CreateIncidentRequest) -> Incident {
        let request = CreateIncidentRequest { page_id: self.id(), ..request };
        let reply = self.caller().incidents().create_incident(request).await;
        let created = reply.expect("an incident").into_inner();
        let incident = created.incident.expect("an incident");
        let first = incident.updates.into_iter().next().or(created.draft).unwrap_or_default();
        Incident { page: self.clone(), incident_id: incident.incident_id, first }
    }

    /// Announces planned work on these components.
    pub async fn maintenance(
        &self,
        title: &str,
        start: Timestamp,
        end: Timestamp,
        components: &[&Component],
    ) -> Maintenance {
        let request = CreateMaintenanceRequest {
            title: title.to_owned(),
            body: format!("We work on it: {title}."),
            component_ids: components.iter().map(|component| component.component_id.clone()).collect(),
            scheduled_start_at: Some(start),
            scheduled_end_at: Some(end),
            ..Default::default()
        };
        self.maintenance_with(request).await
    }

    /// Announces planned work; the request's `page_id` is filled in.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn maintenance_with(&self, request: CreateMaintenanceRequest) -> Maintenance {
        let request = CreateMaintenanceRequest { page_id: self.id(), ..request };
        let reply = self.caller().maintenances().create_maintenance(request).await;
        let maintenance = reply.expect("a maintenance").into_inner().maintenance.expect("a maintenance");
        let first = maintenance.updates[0].clone();
        Maintenance { page: self.clone(), maintenance_id: maintenance.maintenance_id, first }
    }

    /// The broadcast of an update, once its last delivery has its outcome.
    pub async fn completed_broadcast(&self, update: &str) -> Broadcast {
        eventually("the broadcast to be over", || async {
            self.broadcast(update).await.filter(|broadcast| broadcast.completed_at.is_some())
        })
        .await
    }

    /// The broadcast of an update, if it is planned and the service that knows is there.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn broadcast(&self, update: &str) -> Option<Broadcast> {
        let request = ListBroadcastsRequest {
            page_id: self.id(),
            update_id: Some(update.to_owned()),
            ..Default::default()
        };
        match self.caller().broadcasts().list_broadcasts(request).await {
            Ok(reply) => reply.into_inner().broadcasts.into_iter().next(),
            Err(status) if status.code() == tonic::Code::Unavailable => None,
            Err(status) => panic!("{status}"),
        }
    }
}
