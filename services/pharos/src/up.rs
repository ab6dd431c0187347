//! `pharos up`: everything in one process.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::Router;
use kit::Clock;
use smtp::{client::Relay, server::SmtpServer};
use tokio::{net::TcpListener, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    cli::{Target, UpArgs},
    data_folder::{self, DataFolder},
    http_client, mail_catcher, migrate,
    postgres::{self, PrivatePostgres},
    process::{Listeners, run},
    settings::{self, Settings, SettingsError, Variables},
    telemetry,
};

/// What `pharos up` sets by itself: it is for trying things out.
const LAYER: &str = "[server]\nreflection = true\n[log]\nfilter = \"warn\"\n";
/// The default of `server.public_url`.
const DEFAULT_URL: &str = "http://localhost:8080";

/// Runs everything until told to stop.
///
/// # Errors
/// If a setting is wrong, the folder is in use, or Postgres does not start.
pub async fn up(
    args: UpArgs,
    config: Option<&Path>,
    variables: &Variables,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let began = Instant::now();
    let folder = match args.data {
        Some(folder) => std::path::absolute(folder)?,
        None => data_folder::default_folder(variables)?,
    };
    let data = DataFolder::open(&folder)?;
    let mut settings = settings::load(config, &[LAYER.to_owned(), data.secrets.clone()], variables)?;
    settings.edge.folder.get_or_insert_with(|| folder.join("edge"));
    telemetry::begin(&settings.log)?;

    // Bound before anything is started: a port that is taken ends the start at once.
    let listeners = Listeners::bind(&settings, &Target::ALL).await?;
    let catcher = Catcher::bind(&settings).await?;

    settings.server.public_url = public_url(&settings, &listeners);

    let mut private = match settings.database.url {
        Some(_) => None,
        None => Some(start_postgres(&settings, &folder, variables).await?),
    };
    if let Some(private) = &private {
        settings.database.private = Some(migrate::create_database(&private.options("postgres")).await?);
    }
    let is_private = private.is_some();
    let everything = async {
        migrate::migrate(&settings.database_options()?, settings.database.password.as_ref()).await?;
        let caught = catcher.is_some();
        let routes = match catcher {
            None => Router::new(),
            Some(catcher) => catcher.start(&mut settings, &stop)?,
        };
        let greeting = greet(&settings, &listeners, &folder, is_private, caught, began, stop.clone())?;
        let greeting = tokio::spawn(greeting);
        let outcome = run(settings, &Target::ALL, listeners, routes, stop.clone()).await;
        greeting.abort();
        outcome
    };
    let outcome = match &mut private {
        None => everything.await,
        Some(private) => tokio::select! {
            outcome = everything => outcome,
            ended = private.ended() => Err(anyhow::anyhow!(
                "the private Postgres ended ({}); start again: what was acknowledged is there",
                ended?
            )),
        },
    };
    stop.cancel();
    if let Some(private) = private {
        private.stop().await.context("the private Postgres did not stop")?;
    }
    outcome
}

async fn start_postgres(
    settings: &Settings,
    folder: &Path,
    variables: &Variables,
) -> Result<PrivatePostgres, postgres::Error> {
    PrivatePostgres::start(postgres::Settings {
        folder: folder.join("postgres"),
        bin_dir: settings.up.postgres_bin.clone(),
        fetched: data_folder::fetched_postgres(variables),
        search_path: variables.get("PATH").map(Into::into),
        durable: true,
    })
    .await
}

/// Who moves the port and says nothing of the address means that port: links in mails must work.
fn public_url(settings: &Settings, listeners: &Listeners) -> String {
    let url = &settings.server.public_url;
    let port = listeners
        .public
        .as_ref()
        .and_then(|listener| listener.local_addr().ok())
        .map(|address| address.port());
    match port {
        Some(port) if url == DEFAULT_URL => format!("http://localhost:{port}"),
        _ => url.clone(),
    }
}

/// The local mail server, bound but not yet serving.
struct Catcher(TcpListener);

impl Catcher {
    async fn bind(settings: &Settings) -> Result<Option<Self>, SettingsError> {
        if settings.notifications.smtp_url.is_some() {
            return Ok(None);
        }
        let address = settings.up.mail_catcher_listen;
        let bound = TcpListener::bind(address).await;
        let bound = bound
            .map_err(|error| SettingsError::new("up.mail_catcher_listen", format!("{address}: {error}")))?;
        Ok(Some(Self(bound)))
    }

    /// Serves, has the mails sent there, and answers the inbox's routes.
    fn start(self, settings: &mut Settings, stop: &CancellationToken) -> anyhow::Result<Router> {
        let address = self.0.local_addr()?;
        settings.notifications.smtp_url = Some(format!("smtp://{address}?tls=never").parse()?);
        let clock = Clock::system();
        let store = Arc::new(mail_catcher::Store::new(Arc::new(move || clock.now())));
        let catch = Arc::new(mail_catcher::CatchAll::new(Arc::clone(&store)));
        tokio::spawn(SmtpServer::on_loopback().serve(self.0, catch, stop.clone()));
        Ok(mail_catcher::router(store))
    }
}

/// Where a mail server is.
fn told(relay: &Relay) -> String {
    match relay {
        Relay::Smtp(url) => format!("{}:{}", url.host(), url.port()),
        Relay::Discard => "nowhere: mails are thrown away".to_owned(),
    }
}

/// Says where everything is, once it is ready.
fn greet(
    settings: &Settings,
    listeners: &Listeners,
    folder: &Path,
    private: bool,
    caught: bool,
    began: Instant,
    stop: CancellationToken,
) -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let address = listeners.public.as_ref().context("the edge has a listener")?.local_addr()?;
    let ready = format!("http://{address}/readyz").parse()?;
    let url = settings.server.public_url.clone();
    let relays = settings.relays()?.as_slice().iter().map(told).collect::<Vec<_>>().join(", ");
    let folder = folder.display().to_string();
    let is_exposed = caught && !address.ip().is_loopback();
    let filter = settings.log.filter.clone();
    Ok(async move {
        while !stop.is_cancelled() {
            if http_client::get(&ready).await.is_ok_and(|(status, _)| status.is_success()) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let database =
            if private { "a private Postgres, over a Unix socket only" } else { "as DATABASE_URL says" };
        let inbox = if caught { format!("{url}/inbox") } else { "sent for real".to_owned() };
        println!("Pharos is up after {} ms. Ctrl-C stops it.", began.elapsed().as_millis());
        println!("  status pages   {url}/p/<slug>");
        println!("  API            {url} (gRPC with reflection, gRPC-web, and JSON)");
        println!("  mails          {inbox} (SMTP at {relays})");
        println!("  database       {database}");
        println!("  data           {folder}");
        println!("  log            standard error, filter `{filter}`");
        if is_exposed {
            println!("  take care      whoever reaches {address} can read every mail in the inbox");
        }
        println!("  try            pharos replay timelines/blip.yaml --to {url}");
    })
}
