//! A process that runs some of the services.

use axum::Router;
use http::Uri;
use kit::{Clock, Db, Host, gate::Gate, peer, token};
use proto::{
    incidents::v1::status_service_client::StatusServiceClient,
    internal::v1::{
        audience_service_client::AudienceServiceClient, event_service_client::EventServiceClient,
        feedback_service_client::FeedbackServiceClient, page_change_service_client::PageChangeServiceClient,
        page_directory_service_client::PageDirectoryServiceClient,
        responder_service_client::ResponderServiceClient,
    },
    subscriptions::v1::subscription_service_client::SubscriptionServiceClient,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use secrecy::ExposeSecret as _;
use sqlx::postgres::PgConnectOptions;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    cli::Target,
    settings::{Peers, Secrets, Settings, SettingsError},
};

/// The listeners of a process, bound: the addresses are known before anything runs.
#[derive(Debug)]
pub struct Listeners {
    /// For the other services; `None` if the process runs only the edge.
    pub internal: Option<TcpListener>,
    /// For everybody; `None` if the process runs no edge.
    pub public: Option<TcpListener>,
    /// For mails that come back; `None` if the process runs no notifications, or the settings name no place.
    pub inbound: Option<TcpListener>,
}

impl Listeners {
    /// Binds what the targets need.
    ///
    /// # Errors
    /// If an address is taken or not ours, naming its key.
    pub async fn bind(settings: &Settings, targets: &[Target]) -> Result<Self, SettingsError> {
        let bind = async |wanted: bool, key: &str, address| {
            if !wanted {
                return Ok(None);
            }
            let bound = TcpListener::bind(address).await;
            bound.map(Some).map_err(|error| SettingsError::new(key, format!("{address}: {error}")))
        };
        let server = &settings.server;
        let inbound =
            settings.notifications.inbound_listen.filter(|_| targets.contains(&Target::Notifications));
        let inbound = match inbound {
            Some(address) => bind(true, "notifications.inbound_listen", address).await?,
            None => None,
        };
        let serves = targets.iter().any(|target| *target != Target::Edge);
        Ok(Self {
            internal: bind(serves, "server.internal_listen", server.internal_listen).await?,
            public: bind(targets.contains(&Target::Edge), "server.public_listen", server.public_listen)
                .await?,
            inbound,
        })
    }

    /// How this process reaches its own services.
    fn here(&self) -> Option<Uri> {
        let address = self.internal.as_ref()?.local_addr().ok()?;
        format!("http://{address}").parse().ok()
    }
}

/// Checks that the settings hold everything that these targets need, without binding or connecting.
///
/// # Errors
/// [`SettingsError`], naming the key.
pub fn check_config(settings: &Settings, targets: &[Target]) -> Result<(), SettingsError> {
    let here =
        targets.iter().any(|target| *target != Target::Edge).then(|| Uri::from_static("http://localhost"));
    for target in targets {
        Parts::new(settings, targets, here.as_ref()).check(*target)?;
    }
    Ok(())
}

/// Runs the targets until told to stop.
///
/// # Errors
/// If a setting is missing, an address is taken, or a worker ended by itself.
pub async fn serve(settings: Settings, targets: &[Target], stop: CancellationToken) -> anyhow::Result<()> {
    let listeners = Listeners::bind(&settings, targets).await?;
    run(settings, targets, listeners, Router::new(), stop).await
}

/// Runs the targets on these listeners, with further routes beside the edge's.
///
/// # Errors
/// As [`serve`].
pub async fn run(
    settings: Settings,
    targets: &[Target],
    mut listeners: Listeners,
    routes: Router,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    raise_open_files();
    let here = listeners.here();
    let parts = Parts::new(&settings, targets, here.as_ref());
    let mut host = Host::new(stop, settings.server.reflection);
    for target in targets {
        parts.mount(*target, &mut host, &mut listeners.inbound)?;
    }
    host.web(routes);
    let internal = match listeners.internal {
        Some(listener) => Some((listener, parts.gate()?)),
        None => None,
    };
    tracing::info!(targets = ?targets, "serving");
    host.serve(internal, listeners.public).await?;
    tracing::info!("stopped");
    Ok(())
}

/// Each reader who watches a page is an open file here, and many systems begin a process with 1,024 of them and leave
/// it to the process to ask for what it is allowed.
fn raise_open_files() {
    let limits = getrlimit(Resource::Nofile);
    if limits.current == limits.maximum {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limits.maximum, ..limits }) {
        tracing::warn!(%error, "the limit of open files stays at {:?}", limits.current);
    }
}

/// What services are made of.
struct Parts<'a> {
    settings: &'a Settings,
    targets: &'a [Target],
    here: Option<&'a Uri>,
    clock: Clock,
}

impl<'a> Parts<'a> {
    fn new(settings: &'a Settings, targets: &'a [Target], here: Option<&'a Uri>) -> Self {
        Self { settings, targets, here, clock: Clock::system() }
    }

    fn check(&self, target: Target) -> Result<(), SettingsError> {
        let secrets = &self.settings.secrets;
        if target != Target::Edge {
            self.settings.database_options()?;
            Secrets::required("service", secrets.service.as_ref())?;
            self.address(Target::Tenants)?;
        }
        match target {
            Target::Tenants => {
                Secrets::required("tenants", secrets.tenants.as_ref())?;
                Secrets::required("signing_seed", secrets.signing_seed.as_ref())?;
            }
            Target::Incidents => {
                self.address(Target::Notifications)?;
            }
            Target::Subscriptions => {
                Secrets::required("subscriptions", secrets.subscriptions.as_ref())?;
                self.address(Target::Incidents)?;
                self.address(Target::Notifications)?;
            }
            Target::Notifications => {
                Secrets::required("notifications", secrets.notifications.as_ref())?;
                self.settings.relays()?;
                self.settings
                    .notifications
                    .check()
                    .map_err(|(key, problem)| SettingsError::new(format!("notifications.{key}"), problem))?;
                self.address(Target::Subscriptions)?;
            }
            Target::Edge => {
                for peer in [Target::Tenants, Target::Incidents, Target::Subscriptions, Target::Notifications]
                {
                    self.address(peer)?;
                }
            }
        }
        Ok(())
    }

    /// `inbound` is taken by notifications.
    fn mount(
        &self,
        target: Target,
        host: &mut Host,
        inbound: &mut Option<TcpListener>,
    ) -> anyhow::Result<()> {
        self.check(target)?;
        let settings = self.settings;
        let secrets = &settings.secrets;
        let clock = self.clock.clone();
        match target {
            Target::Tenants => tenants::mount(
                host,
                tenants::Config {
                    secret: Secrets::required("tenants", secrets.tenants.as_ref())?,
                    signing_seed: Secrets::required("signing_seed", secrets.signing_seed.as_ref())?,
                },
                tenants::Deps {
                    db: self.db(tenants::SCHEMA)?,
                    clock,
                    issuer: settings.server.public_url.clone(),
                },
            )?,
            Target::Incidents => incidents::mount(
                host,
                settings.incidents.clone(),
                incidents::Deps {
                    db: self.db(incidents::SCHEMA)?,
                    clock,
                    pages: self.pages("incidents")?,
                    events: self.events("incidents")?,
                },
            ),
            Target::Subscriptions => subscriptions::mount(
                host,
                subscriptions::Config {
                    secret: Secrets::required("subscriptions", secrets.subscriptions.as_ref())?,
                },
                subscriptions::Deps {
                    db: self.db(subscriptions::SCHEMA)?,
                    clock,
                    pages: self.pages("subscriptions")?,
                    status: StatusServiceClient::new(self.peer("subscriptions", Target::Incidents)?),
                    events: self.events("subscriptions")?,
                },
            ),
            Target::Notifications => notifications::mount(
                host,
                settings.notifications.clone(),
                notifications::Deps {
                    db: self.db(notifications::SCHEMA)?,
                    clock,
                    pages: self.pages("notifications")?,
                    audience: AudienceServiceClient::new(self.peer("notifications", Target::Subscriptions)?),
                    subscriptions: SubscriptionServiceClient::new(
                        self.peer("notifications", Target::Subscriptions)?,
                    ),
                    inbound: inbound.take(),
                    responders: ResponderServiceClient::new(self.peer("notifications", Target::Tenants)?),
                    relays: settings.relays()?,
                    secret: Secrets::required("notifications", secrets.notifications.as_ref())?,
                    public_url: settings.server.public_url.clone(),
                },
            )?,
            Target::Edge => edge::mount(
                host,
                &settings.edge,
                edge::Deps {
                    tenants: self.address(Target::Tenants)?,
                    incidents: self.address(Target::Incidents)?,
                    subscriptions: self.address(Target::Subscriptions)?,
                    notifications: self.address(Target::Notifications)?,
                    feedback: self.feedback()?,
                    changes: self.changes()?,
                    clock,
                    public_url: settings.server.public_url.clone(),
                    pages_domain: settings.server.pages_domain.clone(),
                    reflection: settings.server.reflection,
                },
            )?,
        }
        Ok(())
    }

    fn gate(&self) -> anyhow::Result<Gate> {
        let secret = Secrets::required("service", self.settings.secrets.service.as_ref())?;
        let accounts = peer::channel(&self.address(Target::Tenants)?);
        let issuer = self.settings.server.public_url.clone();
        Ok(Gate::new(token::Verifier::new(issuer, &secret, accounts, self.clock.clone())?))
    }

    /// The service's pool: the same server as the owner's, but as the service's own role.
    fn db(&self, schema: &str) -> Result<Db, SettingsError> {
        let database = &self.settings.database;
        let role = format!("pharos_{schema}");
        let mut options: PgConnectOptions =
            self.settings.database_options()?.username(&role).application_name(&role);
        if let Some(password) = &database.password {
            options = options.password(password.expose_secret());
        }
        Ok(Db::lazy(options, database.max_connections))
    }

    fn pages(&self, caller: &'static str) -> anyhow::Result<PageDirectoryServiceClient<peer::Peer>> {
        Ok(PageDirectoryServiceClient::new(self.peer(caller, Target::Tenants)?))
    }

    fn events(&self, caller: &'static str) -> anyhow::Result<EventServiceClient<peer::Peer>> {
        Ok(EventServiceClient::new(self.peer(caller, Target::Notifications)?))
    }

    /// The edge's way to hand providers' webhooks on; none for an edge that was not given the services' secret.
    fn feedback(&self) -> anyhow::Result<Option<FeedbackServiceClient<peer::Peer>>> {
        match self.settings.secrets.service {
            Some(_) => Ok(Some(FeedbackServiceClient::new(self.peer("edge", Target::Notifications)?))),
            None => Ok(None),
        }
    }

    /// How the edge hears of changes; it asks instead if it was not given the services' secret.
    fn changes(&self) -> anyhow::Result<Option<PageChangeServiceClient<peer::Peer>>> {
        if self.settings.secrets.service.is_none() {
            return Ok(None);
        }
        let incidents = peer::connect_for_streams(&self.address(Target::Incidents)?, self.signer("edge")?);
        Ok(Some(PageChangeServiceClient::new(incidents)))
    }

    fn peer(&self, caller: &'static str, target: Target) -> anyhow::Result<peer::Peer> {
        Ok(peer::connect(&self.address(target)?, self.signer(caller)?))
    }

    fn signer(&self, caller: &'static str) -> anyhow::Result<token::ServiceSigner> {
        let secret = Secrets::required("service", self.settings.secrets.service.as_ref())?;
        Ok(token::ServiceSigner::new(&secret, caller, self.clock.clone())?)
    }

    fn address(&self, target: Target) -> Result<Uri, SettingsError> {
        let peers = &self.settings.peers;
        let here = self.here.filter(|_| self.targets.contains(&target));
        match target {
            Target::Tenants => Peers::required("tenants", peers.tenants.as_ref(), here),
            Target::Incidents => Peers::required("incidents", peers.incidents.as_ref(), here),
            Target::Subscriptions => Peers::required("subscriptions", peers.subscriptions.as_ref(), here),
            Target::Notifications => Peers::required("notifications", peers.notifications.as_ref(), here),
            Target::Edge => Err(SettingsError::new("peers", "nobody calls the edge")),
        }
    }
}
