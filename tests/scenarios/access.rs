//! Who may call what: every RPC of every contract, by everybody.
//!
//! The RPCs come from the contracts. One without a row in [`example`] fails the test.

use bytes::{Buf, BufMut};
use pharos_tests::{Cluster, PageOf};
use prost_reflect::prost::Message as _;
use proto::{
    Access, RPCS, common::v1::Role, incidents::v1 as incidents, internal::v1 as internal,
    notifications::v1 as notifications, subscriptions::v1 as subscriptions, tenants::v1 as tenants,
};
use tonic::{
    Code, Request, Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::Channel,
};

const ROLES: [Role; 4] = [Role::Viewer, Role::Responder, Role::Admin, Role::Owner];

/// What tenant A has that others must not get at.
#[derive(Clone)]
struct Things {
    page: PageOf,
    incident: String,
    broadcast: String,
    subscriber: String,
}

impl Things {
    /// The same with ids that nothing has.
    fn random(&self) -> Self {
        let clock = kit::Clock::system();
        let mut page = self.page.clone();
        page.page.page_id = kit::ids::PageId::new(&clock).to_string();
        Self {
            page,
            incident: kit::ids::IncidentId::new(&clock).to_string(),
            broadcast: kit::ids::BroadcastId::new(&clock).to_string(),
            subscriber: self.subscriber.clone(),
        }
    }
}

/// What those who may call get for the example: past the gate, it is about the request and not the caller.
fn admitted(path: &str) -> Code {
    match path.trim_start_matches("/pharos.") {
        // an empty request: who may call learns what it lacks
        "tenants.v1.AccountService/SignUp"
        | "tenants.v1.AccountService/SignIn"
        | "tenants.v1.AccountService/RefreshSession"
        | "tenants.v1.AccountService/SignOut"
        | "subscriptions.v1.SubscriptionService/Confirm"
        | "subscriptions.v1.SubscriptionService/Unsubscribe" => Code::InvalidArgument,
        // of a subscriber that nobody knows
        "internal.v1.AudienceService/ReportBounce" => Code::NotFound,
        _ => Code::Ok,
    }
}

/// What another tenant's owner gets to see.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stranger {
    /// The request names something of tenant A: it is not there for others.
    NotFound,
    /// The request names nothing: the caller's own tenant answers.
    Own,
}

/// A good request for the RPC about tenant A's things, and what a stranger gets for it.
fn example(path: &str, things: &Things) -> (Vec<u8>, Stranger) {
    use Stranger::{NotFound, Own};
    let page_id = things.page.id();
    let tenant_id = things.page.company.tenant().to_string();
    let audience = Some(internal::Audience { page_id: page_id.clone(), pending_subscriber_id: None });
    let method = path.trim_start_matches("/pharos.");
    match method {
        "tenants.v1.AccountService/SignUp"
        | "tenants.v1.AccountService/SignIn"
        | "tenants.v1.AccountService/RefreshSession"
        | "tenants.v1.AccountService/SignOut"
        | "tenants.v1.AccountService/GetKeySet"
        | "subscriptions.v1.SubscriptionService/Confirm"
        | "subscriptions.v1.SubscriptionService/Unsubscribe" => (Vec::new(), Own),
        "tenants.v1.TenantService/GetTenant" | "tenants.v1.PageService/ListPages" => (Vec::new(), Own),
        "tenants.v1.PageService/CreatePage" => {
            let request = tenants::CreatePageRequest {
                slug: format!("s{}", uuid::Uuid::new_v4().simple()),
                name: "Page".into(),
                locale: "en".into(),
                time_zone: "UTC".into(),
                ..Default::default()
            };
            (request.encode_to_vec(), Own)
        }
        "tenants.v1.PageService/GetPage" => (tenants::GetPageRequest { page_id }.encode_to_vec(), NotFound),
        "incidents.v1.ComponentService/CreateComponentGroup" => (
            incidents::CreateComponentGroupRequest { page_id, name: "G".into(), ..Default::default() }
                .encode_to_vec(),
            NotFound,
        ),
        "incidents.v1.ComponentService/CreateComponent" => (
            incidents::CreateComponentRequest { page_id, name: "C".into(), ..Default::default() }
                .encode_to_vec(),
            NotFound,
        ),
        "incidents.v1.ComponentService/ListComponentGroups" => (
            incidents::ListComponentGroupsRequest { page_id, ..Default::default() }.encode_to_vec(),
            NotFound,
        ),
        "incidents.v1.ComponentService/ListComponents" => {
            (incidents::ListComponentsRequest { page_id, ..Default::default() }.encode_to_vec(), NotFound)
        }
        "incidents.v1.IncidentService/CreateIncident" => {
            let request = incidents::CreateIncidentRequest {
                page_id,
                title: "T".into(),
                phase: incidents::Phase::Resolved.into(),
                body: "B".into(),
                silent: true,
                ..Default::default()
            };
            (request.encode_to_vec(), NotFound)
        }
        "incidents.v1.IncidentService/PostUpdate" => {
            let request = incidents::PostUpdateRequest {
                incident_id: things.incident.clone(),
                phase: incidents::Phase::Resolved.into(),
                body: "B".into(),
                silent: true,
                ..Default::default()
            };
            (request.encode_to_vec(), NotFound)
        }
        "incidents.v1.IncidentService/GetIncident" => {
            (incidents::GetIncidentRequest { incident_id: things.incident.clone() }.encode_to_vec(), NotFound)
        }
        "incidents.v1.IncidentService/ListIncidents" => {
            (incidents::ListIncidentsRequest { page_id, ..Default::default() }.encode_to_vec(), NotFound)
        }
        "incidents.v1.StatusService/GetPage" => {
            let page = Some(incidents::get_page_request::Page::PageId(page_id));
            (incidents::GetPageRequest { page }.encode_to_vec(), Own)
        }
        "incidents.v1.StatusService/ListHistory" => {
            (incidents::ListHistoryRequest { page_id, ..Default::default() }.encode_to_vec(), Own)
        }
        "incidents.v1.StatusService/GetIncident" => (
            incidents::StatusServiceGetIncidentRequest { page_id, incident_id: things.incident.clone() }
                .encode_to_vec(),
            Own,
        ),
        "subscriptions.v1.SubscriptionService/Subscribe" => {
            let email = "matrix@example.net".to_owned();
            (subscriptions::SubscribeRequest { page_id, email, locale: None }.encode_to_vec(), Own)
        }
        "subscriptions.v1.SubscriberService/ListSubscribers" => (
            subscriptions::ListSubscribersRequest { page_id, ..Default::default() }.encode_to_vec(),
            NotFound,
        ),
        "notifications.v1.BroadcastService/GetBroadcast" => (
            notifications::GetBroadcastRequest { broadcast_id: things.broadcast.clone() }.encode_to_vec(),
            NotFound,
        ),
        "notifications.v1.BroadcastService/ListBroadcasts" => {
            (notifications::ListBroadcastsRequest { page_id, ..Default::default() }.encode_to_vec(), NotFound)
        }
        "notifications.v1.BroadcastService/ListDeliveries" => {
            let broadcast_id = things.broadcast.clone();
            let request = notifications::ListDeliveriesRequest { broadcast_id, ..Default::default() };
            (request.encode_to_vec(), NotFound)
        }
        "internal.v1.PageDirectoryService/LookUpPage" => {
            let key = Some(internal::look_up_page_request::Key::PageId(page_id));
            (internal::LookUpPageRequest { key }.encode_to_vec(), Own)
        }
        "internal.v1.EventService/PublishEvent" => {
            // A confirmation of nobody: planned for an audience of none.
            let event = internal::publish_event_request::Event::ConfirmationRequested(
                internal::ConfirmationRequested { subscriber_id: things.subscriber.clone() },
            );
            let request = internal::PublishEventRequest {
                event_id: kit::ids::EventId::new(&kit::Clock::system()).to_string(),
                tenant_id,
                page_id,
                event: Some(event),
            };
            (request.encode_to_vec(), Own)
        }
        "internal.v1.AudienceService/PlanAudience" => {
            (internal::PlanAudienceRequest { tenant_id, audience, segment_size: 10 }.encode_to_vec(), Own)
        }
        "internal.v1.AudienceService/ReadAudience" => {
            let request = internal::ReadAudienceRequest {
                tenant_id,
                audience,
                last_subscriber_id: things.subscriber.clone(),
                limit: 10,
                ..Default::default()
            };
            (request.encode_to_vec(), Own)
        }
        "internal.v1.AudienceService/ReportBounce" => {
            let subscriber_id = things.subscriber.clone();
            let request = internal::ReportBounceRequest { tenant_id, subscriber_id, reply: "550".into() };
            (request.encode_to_vec(), Own)
        }
        unknown => panic!("{unknown} has no row: say here who may call it and what a stranger gets"),
    }
}

#[tokio::test]
async fn every_rpc_is_open_to_those_whom_its_contract_names_and_to_nobody_else() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let incident = page.incident("Slow", &[]).await;
    let broadcast = page.completed_broadcast(&incident.first.update_id).await.broadcast_id;
    let clock = kit::Clock::system();
    let things = Things {
        incident: incident.incident_id,
        broadcast,
        subscriber: kit::ids::SubscriberId::new(&clock).to_string(),
        page,
    };
    let stranger = cluster.company("Stranger").await;
    let (edge, inside) = (cluster.channel(), cluster.internal_channel("tenants"));

    let mut members = Vec::new();
    for role in ROLES {
        members.push(things.page.company.given_member(&cluster, role).await);
    }

    for rpc in RPCS {
        let access = rpc.access.unwrap_or_else(|| panic!("{} does not say who may call it", rpc.path));
        let (_, foreign) = example(rpc.path, &things);
        // Made anew for each call: what makes something cannot make it twice.
        let ask = async |channel: &Channel, token: Option<String>| {
            let (request, _) = example(rpc.path, &things);
            code(&call(channel.clone(), rpc.path, request, token).await)
        };
        let admitted = admitted(rpc.path);
        match access {
            Access::Anyone => assert_eq!(ask(&edge, None).await, admitted, "{}: anyone", rpc.path),
            Access::Member(least) => {
                assert_eq!(ask(&edge, None).await, Code::Unauthenticated, "{}: nobody", rpc.path);
                for role in ROLES {
                    let member = members.iter().find(|member| member.role == role).unwrap();
                    let token = cluster.token_of(member);
                    let is_enough = i32::from(role) >= i32::from(least);
                    let wanted = if is_enough { admitted } else { Code::PermissionDenied };
                    assert_eq!(ask(&edge, Some(token)).await, wanted, "{}: {role:?}", rpc.path);
                }
                for channel in [&edge, &inside] {
                    let got = ask(channel, Some(cluster.service_token())).await;
                    assert_eq!(got, Code::Unauthenticated, "{}: another service", rpc.path);
                }
                let as_stranger = async |things: &Things| {
                    let (request, _) = example(rpc.path, things);
                    call(edge.clone(), rpc.path, request, Some(stranger.token().to_owned())).await
                };
                let got = as_stranger(&things).await;
                match foreign {
                    Stranger::NotFound => {
                        assert_eq!(code(&got), Code::NotFound, "{}: a stranger", rpc.path);
                        let random = as_stranger(&things.random()).await;
                        assert_eq!(
                            on_the_wire(got),
                            on_the_wire(random),
                            "{}: tells that it is there",
                            rpc.path
                        );
                    }
                    Stranger::Own => {
                        let reply = String::from_utf8_lossy(&got.unwrap()).into_owned();
                        for id in [things.page.id(), things.page.company.tenant().to_string()] {
                            assert!(!reply.contains(&id), "{}: a stranger sees {id}", rpc.path);
                        }
                    }
                }
            }
            Access::Service => {
                let owner = things.page.company.token().to_owned();
                for token in [None, Some(owner.clone()), Some(cluster.service_token())] {
                    assert_eq!(ask(&edge, token).await, Code::Unimplemented, "{}: the public door", rpc.path);
                }
                assert_eq!(ask(&inside, None).await, Code::Unauthenticated, "{}: nobody", rpc.path);
                assert_eq!(ask(&inside, Some(owner)).await, Code::Unauthenticated, "{}: an owner", rpc.path);
                let got = ask(&inside, Some(cluster.service_token())).await;
                assert_eq!(got, admitted, "{}: another service", rpc.path);
            }
        }
    }
}

/// All of a refusal that goes over the wire, but for the date.
fn on_the_wire(answer: Result<Vec<u8>, Status>) -> (Code, String, Vec<u8>, String) {
    let status = answer.unwrap_err();
    let mut headers = status.metadata().clone().into_headers();
    headers.remove("date");
    (status.code(), status.message().to_owned(), status.details().to_vec(), format!("{headers:?}"))
}

#[tokio::test]
async fn a_token_that_is_not_ours_is_nobodys() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let good = company.token().to_owned();
    let (head, signature) = good.rsplit_once('.').unwrap();
    let (_, claims) = head.split_once('.').unwrap();
    // {"alg":"none","typ":"at+jwt"}
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{claims}.");
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let altered = format!("{head}.{flipped}{}", &signature[1..]);
    let other = Cluster::all_in_one().await.company("Other").await.token().to_owned();
    // A key that is not known is looked up, but only once a second: until then its owner is asked to try again.
    pharos_tests::eventually("the other system's token to be refused", || async {
        let path = "/pharos.tenants.v1.TenantService/GetTenant";
        let got = code(&call(cluster.channel(), path, Vec::new(), Some(other.clone())).await);
        assert!(matches!(got, Code::Unavailable | Code::Unauthenticated), "{got:?}");
        (got == Code::Unauthenticated).then_some(())
    })
    .await;
    for bad in ["", "x", "a.b.c", &unsigned, &altered, &cluster.service_token()] {
        let got = call(
            cluster.channel(),
            "/pharos.tenants.v1.TenantService/GetTenant",
            Vec::new(),
            Some(bad.to_owned()),
        );
        assert_eq!(code(&got.await), Code::Unauthenticated, "{bad}");
    }
    let got = call(cluster.channel(), "/pharos.tenants.v1.TenantService/GetTenant", Vec::new(), Some(good));
    assert_eq!(code(&got.await), Code::Ok);
}

fn code(answer: &Result<Vec<u8>, Status>) -> Code {
    answer.as_ref().map_or_else(Status::code, |_| Code::Ok)
}

async fn call(
    channel: Channel,
    path: &'static str,
    request: Vec<u8>,
    token: Option<String>,
) -> Result<Vec<u8>, Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let mut request = Request::new(request);
    if let Some(token) = token {
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    let answer = client.unary(request, http::uri::PathAndQuery::from_static(path), Raw).await;
    answer.map(tonic::Response::into_inner)
}

/// Messages as they are: one codec for every RPC.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut item = vec![0; buffer.remaining()];
        buffer.copy_to_slice(&mut item);
        Ok(Some(item))
    }
}
