//! One server that is all four services, as far as the edge needs them.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use proto::{
    common::v1::Month,
    incidents::v1::{
        FindStoryRequest, FindStoryResponse, GetPageRequest, GetPageResponse, GetUptimeRequest,
        GetUptimeResponse, HistoryEntry, HistoryMonth, Incident, ListAuditEntriesRequest,
        ListAuditEntriesResponse, ListHistoryRequest, ListHistoryResponse, Maintenance,
        StatusServiceGetIncidentRequest, StatusServiceGetIncidentResponse,
        StatusServiceGetMaintenanceRequest, StatusServiceGetMaintenanceResponse,
        StatusServiceListIncidentsRequest, StatusServiceListIncidentsResponse,
        StatusServiceListMaintenancesRequest, StatusServiceListMaintenancesResponse, UptimeWeights,
        WatchPageRequest, WatchPageResponse, audit_service_server::AuditService, find_story_response,
        get_page_request, get_uptime_request, history_entry, status_service_server::StatusService,
    },
    internal::v1::{
        WatchPageChangesRequest, WatchPageChangesResponse, page_change_service_server::PageChangeService,
    },
    subscriptions::v1::{
        ConfirmRequest, ConfirmResponse, SubscribeRequest, SubscribeResponse, UnsubscribeRequest,
        UnsubscribeResponse, subscription_service_server::SubscriptionService,
    },
    tenants::v1::{
        GetKeySetRequest, GetKeySetResponse, GetPageLogoRequest, GetPageLogoResponse, RefreshSessionRequest,
        RefreshSessionResponse, SignInRequest, SignInResponse, SignOutRequest, SignOutResponse,
        SignUpRequest, SignUpResponse, account_service_server::AccountService,
        page_logo_service_server::PageLogoService,
    },
};
use tokio::sync::{broadcast, mpsc};
use tokio_stream::{
    Stream, StreamExt as _,
    wrappers::{BroadcastStream, IntervalStream},
};
use tokio_util::sync::CancellationToken;
use tonic::{Request as Call, Response, Status};

use crate::given::PAGE_ID;

/// A token that the services know; they know no other.
pub(crate) const GOOD_TOKEN: &str = "EgABAgMEBQZwiIkKCwwNDg8QERITFBUWdxiZGhscHR4fICEiIyQlJicoKSor";

/// The key set that the services tell.
pub(crate) const JWKS: &str = r#"{"keys":[]}"#;

/// The picture of every logo.
pub(crate) const LOGO: &[u8] = b"\x89PNG\r\n\x1a\n and more";

/// What is behind the edge: it knows one page, by the slug "demo".
#[derive(Clone)]
pub(crate) struct Services {
    pub(crate) page: Shown,
    pub(crate) changes: broadcast::Sender<Told>,
    pub(crate) subscribed: Subscribed,
    pub(crate) slow: mpsc::UnboundedSender<Slow>,
    pub(crate) go_on: CancellationToken,
}

/// What is told of changes, or why nothing is any longer.
pub(crate) type Told = Result<WatchPageChangesResponse, Status>;

/// The page as it is now.
pub(crate) type Shown = Arc<Mutex<GetPageResponse>>;

/// What was asked for by those who subscribed.
pub(crate) type Subscribed = Arc<Mutex<Vec<SubscribeRequest>>>;

/// What became of a slow call (those are `SignOut`'s).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slow {
    Began,
    Ended,
    /// The handler was dropped before its end.
    CutOff,
}

struct Running {
    told: mpsc::UnboundedSender<Slow>,
    outcome: Slow,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _gone_with_the_test = self.told.send(self.outcome);
    }
}

fn refuse_unless(good: bool) -> Result<(), Status> {
    if good { Ok(()) } else { Err(kit::status::not_found()) }
}

impl Services {
    fn page(&self) -> GetPageResponse {
        self.page.lock().unwrap().clone()
    }
}

#[tonic::async_trait]
impl PageChangeService for Services {
    type WatchPageChangesStream =
        Pin<Box<dyn Stream<Item = Result<WatchPageChangesResponse, Status>> + Send>>;

    /// A gap, and then what is told, or a word each half second.
    async fn watch_page_changes(
        &self,
        _: Call<WatchPageChangesRequest>,
    ) -> Result<Response<Self::WatchPageChangesStream>, Status> {
        let gap = WatchPageChangesResponse { gap: true, changes: Vec::new() };
        let told = BroadcastStream::new(self.changes.subscribe()).filter_map(Result::ok);
        let words = IntervalStream::new(tokio::time::interval(Duration::from_millis(500)))
            .map(|_| Ok(WatchPageChangesResponse::default()));
        let all = tokio_stream::once(Ok(gap)).chain(told.merge(words));
        Ok(Response::new(Box::pin(all)))
    }
}

#[tonic::async_trait]
impl StatusService for Services {
    async fn get_page(&self, call: Call<GetPageRequest>) -> Result<Response<GetPageResponse>, Status> {
        let wanted = call.into_inner().page;
        let page = self.page();
        let slug = page.page.as_ref().map(|page| page.slug.clone());
        refuse_unless(wanted == slug.map(get_page_request::Page::Slug))?;
        Ok(Response::new(page))
    }

    async fn list_history(
        &self,
        call: Call<ListHistoryRequest>,
    ) -> Result<Response<ListHistoryResponse>, Status> {
        let asked = call.into_inner();
        refuse_unless(asked.page_id == PAGE_ID)?;
        let page = self.page();
        let (months, next_page_token) = match asked.page_token.as_str() {
            "" => {
                let newest = month(11, &page.open_incidents, &page.recent_maintenances);
                (vec![newest, month(10, &[], &[])], "a/b&c".to_owned())
            }
            "a/b&c" => (vec![month(9, &page.recent_incidents, &[])], String::new()),
            _ => return Err(kit::status::invalid_field("page_token", "is none of ours")),
        };
        let former_components = page.former_components.clone();
        Ok(Response::new(ListHistoryResponse { months, next_page_token, former_components }))
    }

    async fn get_incident(
        &self,
        call: Call<StatusServiceGetIncidentRequest>,
    ) -> Result<Response<StatusServiceGetIncidentResponse>, Status> {
        let asked = call.into_inner();
        let page = self.page();
        let all = page.open_incidents.iter().chain(&page.recent_incidents);
        let incident = all.into_iter().find(|each| each.incident_id == asked.incident_id).cloned();
        refuse_unless(incident.is_some())?;
        Ok(Response::new(StatusServiceGetIncidentResponse {
            incident,
            components: page.components.clone(),
            component_groups: page.component_groups.clone(),
        }))
    }

    async fn get_maintenance(
        &self,
        call: Call<StatusServiceGetMaintenanceRequest>,
    ) -> Result<Response<StatusServiceGetMaintenanceResponse>, Status> {
        let asked = call.into_inner();
        let page = self.page();
        let all = page.active_maintenances.iter().chain(&page.recent_maintenances);
        let maintenance = all.into_iter().find(|each| each.maintenance_id == asked.maintenance_id).cloned();
        refuse_unless(maintenance.is_some())?;
        Ok(Response::new(StatusServiceGetMaintenanceResponse {
            maintenance,
            components: page.components.clone(),
            component_groups: page.component_groups.clone(),
        }))
    }

    async fn list_incidents(
        &self,
        call: Call<StatusServiceListIncidentsRequest>,
    ) -> Result<Response<StatusServiceListIncidentsResponse>, Status> {
        refuse_unless(call.get_ref().page_id == PAGE_ID)?;
        let page = self.page();
        let incidents = page.open_incidents.iter().chain(&page.recent_incidents).cloned();
        Ok(Response::new(StatusServiceListIncidentsResponse {
            incidents: incidents.collect(),
            next_page_token: String::new(),
            former_components: page.former_components.clone(),
        }))
    }

    async fn list_maintenances(
        &self,
        call: Call<StatusServiceListMaintenancesRequest>,
    ) -> Result<Response<StatusServiceListMaintenancesResponse>, Status> {
        refuse_unless(call.get_ref().page_id == PAGE_ID)?;
        let page = self.page();
        let maintenances = page.upcoming_maintenances.iter().chain(&page.active_maintenances);
        Ok(Response::new(StatusServiceListMaintenancesResponse {
            maintenances: maintenances.chain(&page.recent_maintenances).cloned().collect(),
            next_page_token: String::new(),
            former_components: page.former_components.clone(),
        }))
    }

    async fn find_story(&self, call: Call<FindStoryRequest>) -> Result<Response<FindStoryResponse>, Status> {
        let asked = call.into_inner();
        let page = self.page();
        let mut all = page.open_incidents.iter().chain(&page.recent_incidents);
        let found = all.find(|each| code_of(&each.incident_id) == asked.code);
        let id = found.ok_or_else(|| Status::not_found("no such story"))?.incident_id.clone();
        Ok(Response::new(FindStoryResponse { story: Some(find_story_response::Story::IncidentId(id)) }))
    }

    async fn get_uptime(&self, call: Call<GetUptimeRequest>) -> Result<Response<GetUptimeResponse>, Status> {
        let asked = call.into_inner();
        refuse_unless(asked.page_id == PAGE_ID)?;
        // in the month of the page's time as the page tells it, before that nothing was counted
        let Some(get_uptime_request::Range::Month(Month { year: 2026, month })) = asked.range else {
            return Err(kit::status::invalid_field("month", "is not one of 2026"));
        };
        Ok(Response::new(GetUptimeResponse {
            uptimes: if month == 11 { self.page().uptimes } else { Vec::new() },
            weights: Some(UptimeWeights { partial_outage_percent: 30, major_outage_percent: 100 }),
            time_zone: "America/Sao_Paulo".into(),
            generated_at: self.page().generated_at,
        }))
    }

    type WatchPageStream = Pin<Box<dyn Stream<Item = Result<WatchPageResponse, Status>> + Send>>;

    async fn watch_page(
        &self,
        call: Call<WatchPageRequest>,
    ) -> Result<Response<Self::WatchPageStream>, Status> {
        refuse_unless(call.get_ref().page_id == PAGE_ID)?;
        let current = WatchPageResponse { version: self.page().version, heartbeat: false };
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(current)).chain(tokio_stream::pending()))))
    }
}

/// What happened in a month of 2026.
fn month(month: i32, incidents: &[Incident], maintenances: &[Maintenance]) -> HistoryMonth {
    let incidents = incidents.iter().cloned().map(history_entry::Entry::Incident);
    let maintenances = maintenances.iter().cloned().map(history_entry::Entry::Maintenance);
    let entries = incidents.chain(maintenances).map(|entry| HistoryEntry { entry: Some(entry) }).collect();
    HistoryMonth { month: Some(Month { year: 2026, month }), entries }
}

#[tonic::async_trait]
impl SubscriptionService for Services {
    async fn subscribe(&self, call: Call<SubscribeRequest>) -> Result<Response<SubscribeResponse>, Status> {
        let asked = call.into_inner();
        if !asked.email.contains('@') {
            return Err(kit::status::invalid_field("email", "must be an address"));
        }
        if asked.time_zone.as_deref().is_some_and(|zone| zone.starts_with("Mars")) {
            return Err(kit::status::invalid_field("time_zone", "must be a time zone"));
        }
        if let Some(index) = asked.component_ids.iter().position(|id| id == "cmp_gone") {
            let field = format!("component_ids[{index}]");
            return Err(kit::status::invalid_field(field, "must be a component of the page"));
        }
        self.subscribed.lock().unwrap().push(asked);
        Ok(Response::new(SubscribeResponse {}))
    }

    async fn confirm(&self, call: Call<ConfirmRequest>) -> Result<Response<ConfirmResponse>, Status> {
        refuse_unless(call.get_ref().token == GOOD_TOKEN)?;
        Ok(Response::new(ConfirmResponse { page_id: PAGE_ID.into() }))
    }

    async fn unsubscribe(
        &self,
        call: Call<UnsubscribeRequest>,
    ) -> Result<Response<UnsubscribeResponse>, Status> {
        refuse_unless(call.get_ref().token == GOOD_TOKEN)?;
        Ok(Response::new(UnsubscribeResponse { page_id: PAGE_ID.into() }))
    }
}

#[tonic::async_trait]
impl AccountService for Services {
    async fn sign_up(&self, _: Call<SignUpRequest>) -> Result<Response<SignUpResponse>, Status> {
        Ok(Response::new(SignUpResponse::default()))
    }

    async fn sign_in(&self, _: Call<SignInRequest>) -> Result<Response<SignInResponse>, Status> {
        Ok(Response::new(SignInResponse::default()))
    }

    async fn refresh_session(
        &self,
        _: Call<RefreshSessionRequest>,
    ) -> Result<Response<RefreshSessionResponse>, Status> {
        Ok(Response::new(RefreshSessionResponse::default()))
    }

    async fn sign_out(&self, _: Call<SignOutRequest>) -> Result<Response<SignOutResponse>, Status> {
        let mut running = Running { told: self.slow.clone(), outcome: Slow::CutOff };
        self.slow.send(Slow::Began).unwrap();
        self.go_on.cancelled().await;
        running.outcome = Slow::Ended;
        Ok(Response::new(SignOutResponse {}))
    }

    async fn get_key_set(&self, _: Call<GetKeySetRequest>) -> Result<Response<GetKeySetResponse>, Status> {
        Ok(Response::new(GetKeySetResponse { jwks: JWKS.into() }))
    }
}

#[tonic::async_trait]
impl PageLogoService for Services {
    async fn get_page_logo(
        &self,
        call: Call<GetPageLogoRequest>,
    ) -> Result<Response<GetPageLogoResponse>, Status> {
        let asked = call.into_inner();
        let logo = self.page().page.unwrap().branding.unwrap().logo.unwrap();
        refuse_unless(asked.page_id == PAGE_ID && asked.digest == logo.digest)?;
        Ok(Response::new(GetPageLogoResponse { image: LOGO.into(), content_type: logo.content_type }))
    }
}

#[tonic::async_trait]
impl AuditService for Services {
    /// Answers the token that it was asked with.
    async fn list_audit_entries(
        &self,
        call: Call<ListAuditEntriesRequest>,
    ) -> Result<Response<ListAuditEntriesResponse>, Status> {
        let next_page_token = call.into_inner().page_token;
        Ok(Response::new(ListAuditEntriesResponse { next_page_token, ..Default::default() }))
    }
}

/// What programs call an incident.
pub(crate) fn code_of(incident_id: &str) -> String {
    let id: kit::ids::IncidentId = incident_id.parse().unwrap();
    kit::code::Code::of(id.uuid()).to_string()
}
