//! What people do, through the public API.

use kit::{
    caller::Member,
    ids::{MemberId, TenantId},
};
use proto::{
    common::v1::Role,
    incidents::v1::{
        AffectedComponent, Component, ComponentStatus, CreateComponentRequest, CreateIncidentRequest,
        IncidentUpdate, Phase, PostUpdateRequest, component_service_client::ComponentServiceClient,
        incident_service_client::IncidentServiceClient,
    },
    notifications::v1::{Broadcast, ListBroadcastsRequest, broadcast_service_client::BroadcastServiceClient},
    subscriptions::v1::{
        ConfirmRequest, SubscribeRequest, subscription_service_client::SubscriptionServiceClient,
    },
    tenants::v1::{
        CreatePageRequest, Page, Session, SignUpRequest, account_service_client::AccountServiceClient,
        page_service_client::PageServiceClient,
    },
};
use tonic::{Request, transport::Channel};

use crate::{Cluster, eventually};

/// A request with a bearer token.
///
/// # Panics
/// If the token cannot stand in a header.
pub fn signed<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    request
}

/// A company, by its owner.
#[derive(Debug, Clone)]
pub struct Company {
    /// Its name.
    pub name: String,
    /// The owner's address.
    pub email: String,
    /// The owner's session.
    pub session: Session,
    /// The owner.
    pub owner: Member,
    /// The public API.
    pub channel: Channel,
}

impl Company {
    /// The password of every owner in the tests.
    pub const PASSWORD: &str = "correct horse battery staple";

    /// Signs a company up.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn sign_up(cluster: &Cluster, name: &str) -> Self {
        let channel = cluster.channel();
        let email = format!("owner-{}@example.com", uuid::Uuid::new_v4().simple());
        let request = SignUpRequest {
            company_name: name.to_owned(),
            email: email.clone(),
            password: Self::PASSWORD.to_owned(),
        };
        let reply = AccountServiceClient::new(channel.clone()).sign_up(request).await.expect("a sign-up");
        let reply = reply.into_inner();
        let (tenant, member) = (reply.tenant.expect("a tenant"), reply.member.expect("a member"));
        let owner = Member {
            tenant: tenant.tenant_id.parse().expect("a tenant's id"),
            member: member.member_id.parse().expect("a member's id"),
            role: Role::Owner,
        };
        Self { name: name.to_owned(), email, session: reply.session.expect("a session"), owner, channel }
    }

    /// Its tenant.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.owner.tenant
    }

    /// The owner's access token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.session.access_token
    }

    /// Somebody else of the company, with this role; written into the database, since nobody can be invited yet.
    ///
    /// # Panics
    /// If the database refuses.
    pub async fn given_member(&self, cluster: &Cluster, role: Role) -> Member {
        let member = MemberId::from_uuid(uuid::Uuid::now_v7());
        let mut database = cluster.database.connect().await;
        sqlx::query!(
            "insert into tenants.member (tenant_id, member_id, email, role, password_hash)
             values ($1, $2, $3, $4::text::tenants.role, '')",
            self.tenant().uuid(),
            member.uuid(),
            format!("{}@example.com", member.uuid().simple()),
            role.as_str_name().trim_start_matches("ROLE_").to_lowercase(),
        )
        .execute(&mut database)
        .await
        .expect("a member");
        Member { tenant: self.owner.tenant, member, role }
    }

    /// A page in English and UTC.
    pub async fn page(&self, slug: &str) -> PageOf {
        self.page_in(slug, "en", "UTC").await
    }

    /// A page in a language and a time zone.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn page_in(&self, slug: &str, locale: &str, time_zone: &str) -> PageOf {
        let request = CreatePageRequest {
            slug: slug.to_owned(),
            name: format!("{} status", self.name),
            locale: locale.to_owned(),
            time_zone: time_zone.to_owned(),
            ..Default::default()
        };
        let reply =
            PageServiceClient::new(self.channel.clone()).create_page(signed(self.token(), request)).await;
        let page = reply.expect("a page").into_inner().page.expect("a page");
        PageOf { company: self.clone(), page }
    }
}

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

    fn channel(&self) -> Channel {
        self.company.channel.clone()
    }

    /// A component of the page.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn component(&self, name: &str) -> Component {
        let request =
            CreateComponentRequest { page_id: self.id(), name: name.to_owned(), ..Default::default() };
        let reply = ComponentServiceClient::new(self.channel())
            .create_component(signed(self.company.token(), request))
            .await;
        reply.expect("a component").into_inner().component.expect("a component")
    }

    /// Asks for the page's mails, and no more.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn subscribe(&self, email: &str) {
        let request = SubscribeRequest { page_id: self.id(), email: email.to_owned(), locale: None };
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
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn incident(&self, title: &str, affected: &[(&Component, ComponentStatus)]) -> Incident {
        let request = CreateIncidentRequest {
            page_id: self.id(),
            title: title.to_owned(),
            phase: Phase::Investigating.into(),
            body: format!("We look into it: {title}."),
            affected_components: affected
                .iter()
                .map(|(component, status)| AffectedComponent {
                    component_id: component.component_id.clone(),
                    status: (*status).into(),
                })
                .collect(),
            ..Default::default()
        };
        let reply = IncidentServiceClient::new(self.channel())
            .create_incident(signed(self.company.token(), request))
            .await;
        let incident = reply.expect("an incident").into_inner().incident.expect("an incident");
        Incident { page: self.clone(), incident_id: incident.incident_id, first: incident.updates[0].clone() }
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
        let reply = BroadcastServiceClient::new(self.channel())
            .list_broadcasts(signed(self.company.token(), request))
            .await;
        match reply {
            Ok(reply) => reply.into_inner().broadcasts.into_iter().next(),
            Err(status) if status.code() == tonic::Code::Unavailable => None,
            Err(status) => panic!("{status}"),
        }
    }
}

/// An incident and the page it is on.
#[derive(Debug, Clone)]
pub struct Incident {
    /// The page.
    pub page: PageOf,
    /// Its id.
    pub incident_id: String,
    /// Its first update.
    pub first: IncidentUpdate,
}

impl Incident {
    /// Posts an update.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn post(&self, phase: Phase, body: &str) -> IncidentUpdate {
        let request = PostUpdateRequest {
            incident_id: self.incident_id.clone(),
            phase: phase.into(),
            body: body.to_owned(),
            ..Default::default()
        };
        let reply = IncidentServiceClient::new(self.page.channel())
            .post_update(signed(self.page.company.token(), request))
            .await;
        reply.expect("an update").into_inner().update.expect("an update")
    }
}
