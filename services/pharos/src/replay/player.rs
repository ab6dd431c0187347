//! Tells a timeline to a running system, call by call, as a company's own people would.

use std::{collections::HashMap, time::Duration};

use anyhow::Context as _;
use http::Uri;
use kit::{Clock, peer};
use proto::{
    common::v1::ErrorReason,
    incidents::v1::{
        component_service_client::ComponentServiceClient, incident_service_client::IncidentServiceClient,
    },
    notifications::v1::{Broadcast, ListBroadcastsRequest, broadcast_service_client::BroadcastServiceClient},
    subscriptions::v1::{ConfirmRequest, subscription_service_client::SubscriptionServiceClient},
    tenants::v1::{
        Page, RefreshSessionRequest, Session, SignUpRequest, account_service_client::AccountServiceClient,
        page_service_client::PageServiceClient,
    },
};
use tokio::time::Instant;
use tonic::{Request, Response, Status, transport::Channel};

use super::{
    inbox::Inbox,
    timeline::{Post, Timeline},
};

/// A broadcast that is not over within this time will not be.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long between two looks at a broadcast.
const PAUSE: Duration = Duration::from_millis(20);
/// So many pages may have been made of one timeline before.
const MAX_COPIES: u32 = 1000;

/// A timeline being played.
pub(super) struct Player<'a> {
    pub(super) timeline: &'a Timeline,
    pub(super) inbox: Inbox,
    pub(super) page: Page,
    system: &'a Uri,
    channel: Channel,
    clock: Clock,
    session: Session,
    components: HashMap<String, String>,
}

impl<'a> Player<'a> {
    /// Signs the company up and makes its page with everything on it.
    pub(super) async fn begin(timeline: &'a Timeline, system: &'a Uri) -> anyhow::Result<Self> {
        let inbox = Inbox::open(system).await?;
        let channel = peer::channel(system);
        let clock = Clock::system();
        let (email, password) = (format!("{}@example.com", clock.uuid().simple()), clock.uuid().to_string());
        let request = SignUpRequest {
            company_name: timeline.company.clone(),
            email: email.clone(),
            password: password.clone(),
        };
        let signed_up = AccountServiceClient::new(channel.clone()).sign_up(request).await;
        let session = signed_up.context("the company cannot sign up")?.into_inner().session;
        let session = session.context("a sign-up answers a session")?;
        println!("{} signed up; its owner is {email}, password {password}", timeline.company);

        let mut player = Self {
            timeline,
            inbox,
            page: Page::default(),
            system,
            channel,
            clock,
            session,
            components: HashMap::new(),
        };
        player.make_page().await?;
        player.make_components().await?;
        println!(
            "page {} with {} components: {}p/{}",
            player.page.name,
            player.components.len(),
            player.system,
            player.page.slug
        );
        Ok(player)
    }

    async fn make_page(&mut self) -> anyhow::Result<()> {
        let wanted = self.timeline.page.create_request();
        for copy in 1..=MAX_COPIES {
            let mut request = wanted.clone();
            if copy > 1 {
                // A timeline may be played again beside the first time.
                let suffix = format!("-{copy}");
                request.slug.truncate(63 - suffix.len());
                request.slug.push_str(&suffix);
            }
            let mut client = PageServiceClient::new(self.channel.clone());
            match client.create_page(self.signed(request).await?).await {
                Ok(created) => {
                    self.page = created.into_inner().page.context("a created page is answered")?;
                    return Ok(());
                }
                Err(refused) if kit::status::reason(&refused) == Some(ErrorReason::SlugTaken) => {}
                Err(refused) => return Err(refused).context("the page cannot be made"),
            }
        }
        anyhow::bail!("{MAX_COPIES} pages are named {} already", wanted.slug)
    }

    async fn make_components(&mut self) -> anyhow::Result<()> {
        let timeline = self.timeline;
        let page_id = self.page.page_id.clone();
        let mut client = ComponentServiceClient::new(self.channel.clone());
        let mut groups = HashMap::new();
        for request in timeline.group_requests(&page_id) {
            let name = request.name.clone();
            let created = client.create_component_group(self.signed(request).await?).await?.into_inner();
            groups.insert(
                name,
                created.component_group.context("a created group is answered")?.component_group_id,
            );
        }
        let group_id = |name: &str| groups.get(name).cloned().unwrap_or_default();
        for request in timeline.component_requests(&page_id, group_id) {
            let name = request.name.clone();
            let created = client.create_component(self.signed(request).await?).await?.into_inner();
            self.components
                .insert(name, created.component.context("a created component is answered")?.component_id);
        }
        Ok(())
    }

    /// Subscribes everybody and confirms each by the link in its mail.
    pub(super) async fn subscribe_all(&self) -> anyhow::Result<()> {
        let mut client = SubscriptionServiceClient::new(self.channel.clone());
        for subscriber in &self.timeline.subscribers {
            client.subscribe(subscriber.subscribe_request(&self.page.page_id)).await?;
        }
        for subscriber in &self.timeline.subscribers {
            let token = self.inbox.confirmation_token(&subscriber.email).await?;
            client.confirm(ConfirmRequest { token }).await?;
            println!("{} confirmed", subscriber.email);
        }
        Ok(())
    }

    /// Posts the incident's story, each post when the one before has reached everybody, and with a `speed`
    /// not before its time.
    pub(super) async fn tell(&mut self, speed: Option<f64>) -> anyhow::Result<()> {
        let timeline = self.timeline;
        let incident = &timeline.incident;
        println!("\n{}", incident.title);
        let began = Instant::now();
        let mut incident_id = None;
        for post in &incident.posts {
            if let (Some(speed), Some(first)) = (speed, incident.posts.first()) {
                let later = post.at.timestamp().duration_since(first.at.timestamp()).as_secs_f64();
                tokio::time::sleep_until(began + Duration::from_secs_f64(later / speed)).await;
            }
            let posted = Instant::now();
            let (incident, update) = self.post(post, incident_id.as_deref()).await?;
            incident_id = Some(incident);
            let told = self.wait_for(&update).await?;
            let sent = told.progress.map_or(0, |progress| progress.sent);
            println!(
                "  {}  {:<14} {sent} of {} told after {} ms",
                post.at,
                name(post),
                told.progress.map_or(0, |progress| progress.planned),
                posted.elapsed().as_millis()
            );
        }
        Ok(())
    }

    async fn post(&mut self, post: &Post, incident: Option<&str>) -> anyhow::Result<(String, String)> {
        let components = self.components.clone();
        let component_id = |name: &str| components.get(name).cloned().unwrap_or_default();
        let mut client = IncidentServiceClient::new(self.channel.clone());
        let answered = match incident {
            None => {
                let request =
                    post.create_request(&self.page.page_id, &self.timeline.incident.title, component_id);
                let incident =
                    client.create_incident(self.signed(request).await?).await?.into_inner().incident;
                let incident = incident.context("a created incident is answered")?;
                let update = incident.updates.first().map(|update| update.update_id.clone());
                (incident.incident_id, update)
            }
            Some(incident) => {
                let request = post.update_request(incident, component_id);
                let update = client.post_update(self.signed(request).await?).await?.into_inner().update;
                (incident.to_owned(), update.map(|update| update.update_id))
            }
        };
        Ok((answered.0, answered.1.context("a post answers its update")?))
    }

    /// Waits until everybody has been told of an update.
    async fn wait_for(&mut self, update: &str) -> anyhow::Result<Broadcast> {
        let mut client = BroadcastServiceClient::new(self.channel.clone());
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let request = ListBroadcastsRequest {
                page_id: self.page.page_id.clone(),
                update_id: Some(update.to_owned()),
                ..Default::default()
            };
            let listed: Result<Response<_>, Status> =
                client.list_broadcasts(self.signed(request).await?).await;
            let broadcast = listed?.into_inner().broadcasts.into_iter().next();
            if let Some(broadcast) = broadcast.filter(|broadcast| broadcast.completed_at.is_some()) {
                return Ok(broadcast);
            }
            tokio::time::sleep(PAUSE).await;
        }
        anyhow::bail!("the update {update} did not reach everybody within {} s", PATIENCE.as_secs())
    }

    /// A request with the owner's access token, made anew when it is about to end.
    async fn signed<T>(&mut self, message: T) -> anyhow::Result<Request<T>> {
        let ends = self.session.access_expires_at.as_ref().map_or(0, |at| at.seconds);
        let soon = self.clock.now().as_second() + 30;
        if ends < soon {
            let request = RefreshSessionRequest { refresh_token: self.session.refresh_token.clone() };
            let refreshed = AccountServiceClient::new(self.channel.clone()).refresh_session(request).await?;
            self.session = refreshed.into_inner().session.context("a refresh answers a session")?;
        }
        let mut request = Request::new(message);
        let bearer = format!("Bearer {}", self.session.access_token).parse()?;
        request.metadata_mut().insert("authorization", bearer);
        Ok(request)
    }
}

fn name(post: &Post) -> String {
    post.phase.as_str_name().trim_start_matches("PHASE_").to_lowercase()
}
