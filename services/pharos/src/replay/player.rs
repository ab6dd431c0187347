//! Tells a timeline to a running system, call by call, as a company's own people would.

use std::{collections::HashMap, time::Duration};

use anyhow::Context as _;
use http::Uri;
use kit::{Clock, peer};
use proto::{
    common::v1::ErrorReason,
    incidents::v1::{
        component_service_client::ComponentServiceClient, incident_service_client::IncidentServiceClient,
        postmortem_service_client::PostmortemServiceClient,
        status_history_service_client::StatusHistoryServiceClient,
        vendor_service_client::VendorServiceClient,
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
    timeline::{Moment, Post, Timeline},
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
        player.make_past().await?;
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
        let mut vendor_client = VendorServiceClient::new(self.channel.clone());
        let mut vendors = HashMap::new();
        for request in timeline.vendor_requests(&page_id) {
            let name = request.name.clone();
            let created = vendor_client.create_vendor(self.signed(request).await?).await?.into_inner();
            vendors.insert(name, created.vendor.context("a created vendor is answered")?.vendor_id);
        }
        let group_id = |name: &str| groups.get(name).cloned().unwrap_or_default();
        let vendor_id = |name: &str| vendors.get(name).cloned().unwrap_or_default();
        for request in timeline.component_requests(&page_id, group_id, vendor_id) {
            let name = request.name.clone();
            let created = client.create_component(self.signed(request).await?).await?.into_inner();
            self.components
                .insert(name, created.component.context("a created component is answered")?.component_id);
        }
        Ok(())
    }

    /// Enters the outages of the months before, and what the incident's month lacks.
    async fn make_past(&mut self) -> anyhow::Result<()> {
        let timeline = self.timeline;
        let mut client = StatusHistoryServiceClient::new(self.channel.clone());
        for component in &timeline.components {
            let component_id = self.component_id(&component.name);
            for request in timeline.downtime_requests(component, &component_id) {
                client.record_status_interval(self.signed(request).await?).await?;
            }
        }
        Ok(())
    }

    fn component_id(&self, name: &str) -> String {
        self.components.get(name).cloned().unwrap_or_default()
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

    /// Tells the incident: each post when the one before has reached everybody, then the report; with a `speed`
    /// none of them before its time.
    pub(super) async fn tell(&mut self, speed: Option<f64>) -> anyhow::Result<()> {
        let timeline = self.timeline;
        let incident = &timeline.incident;
        println!("\n{}", incident.title);
        if let (Some(started), Some(ended)) = (incident.impact_started_at, incident.impact_ended_at) {
            println!("  customers were hurt from {started} to {ended}");
        }
        let first = incident.posts.first().map(|post| post.at);
        let pace = Pace { speed, first: first.or(incident.impact_ended_at), began: Instant::now() };
        let posted = Instant::now();
        let (incident_id, update) = self.open().await?;
        if let (Some(post), Some(update)) = (incident.posts.first(), update) {
            self.report_told(post, &update, posted).await?;
        }
        for post in incident.posts.iter().skip(1) {
            pace.wait_until(post.at).await;
            let posted = Instant::now();
            let update = self.post(post, &incident_id).await?;
            self.report_told(post, &update, posted).await?;
        }
        if let Some(postmortem) = &incident.postmortem {
            pace.wait_until(postmortem.at).await;
            let mut client = PostmortemServiceClient::new(self.channel.clone());
            client.write_postmortem(self.signed(postmortem.write_request(&incident_id)).await?).await?;
            client.publish_postmortem(self.signed(postmortem.publish_request(&incident_id)).await?).await?;
            println!("  {}  postmortem published", postmortem.at);
        }
        Ok(())
    }

    /// Opens the incident, with its first post if it has any; answers the ids of both.
    async fn open(&mut self) -> anyhow::Result<(String, Option<String>)> {
        let request =
            self.timeline.incident.create_request(&self.page.page_id, |name| self.component_id(name));
        let mut client = IncidentServiceClient::new(self.channel.clone());
        let incident = client.create_incident(self.signed(request).await?).await?.into_inner().incident;
        let incident = incident.context("a created incident is answered")?;
        let update = incident.updates.into_iter().next().map(|update| update.update_id);
        Ok((incident.incident_id, update))
    }

    /// Adds a post to the incident; answers its id.
    async fn post(&mut self, post: &Post, incident_id: &str) -> anyhow::Result<String> {
        let request = post.update_request(incident_id, |name| self.component_id(name));
        let mut client = IncidentServiceClient::new(self.channel.clone());
        let update = client.post_update(self.signed(request).await?).await?.into_inner().update;
        Ok(update.context("a post answers its update")?.update_id)
    }

    /// Waits until everybody has been told of a post, and prints how long that took.
    async fn report_told(&mut self, post: &Post, update: &str, posted: Instant) -> anyhow::Result<()> {
        let told = self.wait_for(update).await?;
        println!(
            "  {}  {:<14} {} of {} told after {} ms",
            post.at,
            name(post),
            told.progress.map_or(0, |progress| progress.sent),
            told.progress.map_or(0, |progress| progress.planned),
            posted.elapsed().as_millis()
        );
        Ok(())
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

/// How fast the story is told.
struct Pace {
    /// How many times faster than it happened; without one, nobody waits.
    speed: Option<f64>,
    /// The story's first moment, and when it was told.
    first: Option<Moment>,
    began: Instant,
}

impl Pace {
    /// Waits until a moment of the story has come.
    async fn wait_until(&self, moment: Moment) {
        if let (Some(speed), Some(first)) = (self.speed, self.first) {
            let later = moment.timestamp().duration_since(first.timestamp()).as_secs_f64();
            tokio::time::sleep_until(self.began + Duration::from_secs_f64(later / speed)).await;
        }
    }
}

fn name(post: &Post) -> String {
    post.phase.as_str_name().trim_start_matches("PHASE_").to_lowercase()
}
