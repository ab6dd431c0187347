//! A whole system for one test: the real binary on a database of its own, with a mail server that a test
//! can script.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicU16, Ordering},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::Uri;
use kit::{Clock, Secret, caller::Member, ids::SessionId, token::MemberSigner};
use pharos::http_client;
use proto::incidents::v1::{GetPageRequest, get_page_request, status_service_client::StatusServiceClient};
use tonic::transport::Channel;

use crate::{Caller, Company, Process, SmtpSink, eventually, postgres::Database, web};

/// How a system is spread over processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// All services in one process.
    AllInOne,
    /// A process for each service.
    OneProcessEach,
}

impl Shape {
    /// Both: a scenario runs in each.
    pub const BOTH: [Self; 2] = [Self::AllInOne, Self::OneProcessEach];
}

const SERVICES: [&str; 5] = ["tenants", "incidents", "subscriptions", "notifications", "edge"];

/// A running system.
#[derive(Debug)]
pub struct Cluster {
    /// The mail server that it sends to.
    pub smtp: SmtpSink,
    /// Its database.
    pub database: Database,
    folder: tempfile::TempDir,
    processes: Vec<(Vec<&'static str>, Process)>,
    settings: Vec<(String, String)>,
    /// Where the services listen, by name; the edge's is the public one.
    addresses: Vec<(&'static str, SocketAddr)>,
    secrets: Secrets,
}

#[derive(Debug)]
struct Secrets {
    service: [u8; 32],
    signing_seed: [u8; 32],
}

impl Cluster {
    /// A system in one process, ready.
    pub async fn all_in_one() -> Self {
        Self::start(Shape::AllInOne).await
    }

    /// A system in one process for each service, ready.
    pub async fn one_process_each() -> Self {
        Self::start(Shape::OneProcessEach).await
    }

    /// A system of this shape, ready.
    pub async fn start(shape: Shape) -> Self {
        Self::start_with(shape, &[]).await
    }

    /// A system of this shape with further settings, ready.
    ///
    /// # Panics
    /// If it does not become ready.
    pub async fn start_with(shape: Shape, further: &[(&str, &str)]) -> Self {
        Self::start_on(Database::create().await, shape, further).await
    }

    /// A system on this database, ready.
    ///
    /// # Panics
    /// If it does not become ready.
    pub async fn start_on(database: Database, shape: Shape, further: &[(&str, &str)]) -> Self {
        let smtp = SmtpSink::start().await;
        let folder = tempfile::tempdir().expect("a folder for the logs");
        let addresses = SERVICES.iter().map(|service| (*service, free_address())).collect::<Vec<_>>();
        let addresses = match shape {
            Shape::OneProcessEach => addresses,
            Shape::AllInOne => {
                let shared = addresses[0].1;
                addresses
                    .into_iter()
                    .map(|(service, address)| (service, if service == "edge" { address } else { shared }))
                    .collect()
            }
        };
        let secrets = Secrets { service: random(), signing_seed: random() };
        let mut cluster =
            Self { settings: Vec::new(), smtp, database, folder, processes: Vec::new(), addresses, secrets };
        cluster.settings = cluster.common_settings();
        cluster.settings.extend(further.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let spread: Vec<Vec<&'static str>> = match shape {
            Shape::AllInOne => vec![SERVICES.to_vec()],
            Shape::OneProcessEach => SERVICES.iter().map(|service| vec![*service]).collect(),
        };
        for services in spread {
            let process = cluster.run(&services);
            cluster.processes.push((services, process));
        }
        cluster.wait_until_ready().await;
        cluster
    }

    fn common_settings(&self) -> Vec<(String, String)> {
        let mut settings = vec![
            ("DATABASE_URL".to_owned(), self.database.url()),
            ("SMTP_URL".to_owned(), self.smtp.url()),
            ("PHAROS__SERVER__PUBLIC_URL".to_owned(), self.url()),
            ("PHAROS__SERVER__PUBLIC_LISTEN".to_owned(), self.address("edge").to_string()),
            ("PHAROS__SERVER__REFLECTION".to_owned(), "true".to_owned()),
            ("PHAROS__DATABASE__MAX_CONNECTIONS".to_owned(), "8".to_owned()),
            ("PHAROS__NOTIFICATIONS__CONNECTIONS".to_owned(), "4".to_owned()),
            ("PHAROS__EDGE__FOLDER".to_owned(), self.folder.path().join("edge-data").display().to_string()),
            // Nobody listens there: no test asks the world's name servers.
            ("PHAROS__NOTIFICATIONS__DNS_SERVER".to_owned(), "127.0.0.1:1".to_owned()),
            ("PHAROS__SECRETS__SERVICE".to_owned(), STANDARD.encode(self.secrets.service)),
            ("PHAROS__SECRETS__SIGNING_SEED".to_owned(), STANDARD.encode(self.secrets.signing_seed)),
        ];
        for service in ["tenants", "subscriptions", "notifications"] {
            settings
                .push((format!("PHAROS__SECRETS__{}", service.to_uppercase()), STANDARD.encode(random())));
        }
        for service in ["tenants", "incidents", "subscriptions", "notifications"] {
            let address = format!("http://{}", self.address(service));
            settings.push((format!("PHAROS__PEERS__{}", service.to_uppercase()), address));
        }
        settings
    }

    fn run(&self, services: &[&'static str]) -> Process {
        let mut settings = self.settings.clone();
        settings.push(("PHAROS__SERVER__INTERNAL_LISTEN".to_owned(), self.address(services[0]).to_string()));
        let arguments = ["serve"].into_iter().chain(services.iter().copied()).collect::<Vec<_>>();
        Process::start(&services.join("+"), self.folder.path(), &arguments, &settings)
    }

    /// One more process of a service, beside the one that the others call, with further settings.
    #[must_use]
    pub fn another(&self, service: &'static str, further: &[(&str, &str)]) -> Process {
        let address = free_address();
        let mut settings = self.settings.clone();
        settings.push(("PHAROS__SERVER__INTERNAL_LISTEN".to_owned(), address.to_string()));
        settings.extend(further.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let name = format!("{service}-{}", address.port());
        Process::start(&name, self.folder.path(), &["serve", service], &settings)
    }

    fn address(&self, service: &str) -> SocketAddr {
        self.addresses.iter().find(|(name, _)| *name == service).expect("a service of ours").1
    }

    /// Where the world finds it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address("edge"))
    }

    /// The public API.
    #[must_use]
    pub fn channel(&self) -> Channel {
        kit::peer::channel(&self.url().parse().expect("an address"))
    }

    /// A service's own listener, behind the edge.
    #[must_use]
    pub fn internal_channel(&self, service: &str) -> Channel {
        kit::peer::channel(&format!("http://{}", self.address(service)).parse().expect("an address"))
    }

    /// Gets what the edge has at this path; of a page, once it shows what the page is now.
    ///
    /// # Panics
    /// If the edge does not answer.
    pub async fn get(&self, path: &str) -> (http::StatusCode, String) {
        let page = path.strip_prefix("/p/").and_then(|path| path.split(['/', '?']).next());
        let now = match page {
            Some(slug) => self.version_of(slug).await,
            None => 0,
        };
        let uri: Uri = format!("{}{path}", self.url()).parse().expect("an address");
        let (status, body) = eventually("the page as it is now", || {
            let uri = uri.clone();
            async move {
                let answer = web::get(uri).await.expect("the edge answers");
                let shown = answer.headers().get("pharos-version").and_then(|shown| shown.to_str().ok());
                let is_now = shown.is_none_or(|shown| shown.parse::<i64>().is_ok_and(|shown| now <= shown));
                is_now.then(|| (answer.status(), answer.into_body()))
            }
        })
        .await;
        (status, String::from_utf8(body.to_vec()).expect("text"))
    }

    /// The version of a page; 0 if there is none.
    async fn version_of(&self, slug: &str) -> i64 {
        let page = Some(get_page_request::Page::Slug(slug.to_owned()));
        let mut reader = StatusServiceClient::new(self.channel());
        reader.get_page(GetPageRequest { page }).await.map_or(0, |page| page.into_inner().version)
    }

    /// Waits until every service says that it is ready.
    pub async fn wait_until_ready(&mut self) {
        let uri: Uri = format!("{}/readyz", self.url()).parse().expect("an address");
        let processes = &mut self.processes;
        eventually("the system to be ready", || {
            for (services, process) in processes.iter_mut() {
                assert!(process.ended().is_none(), "{services:?} ended: {}", process.log());
            }
            let uri = uri.clone();
            async move {
                http_client::get(&uri).await.is_ok_and(|(status, _)| status.is_success()).then_some(())
            }
        })
        .await;
    }

    /// A new company with its owner, signed up through the public API.
    pub async fn company(&self, name: &str) -> Company {
        Company::sign_up(self, name).await
    }

    /// A token that the system takes for this member's.
    ///
    /// # Panics
    /// If the crypto library fails.
    #[must_use]
    pub fn token_of(&self, member: &Member) -> String {
        let clock = Clock::system();
        let session = SessionId::new(&clock);
        let signer = MemberSigner::new(&Secret::new(self.secrets.signing_seed), self.url(), clock);
        signer.expect("a signer").sign(member, session).expect("a token").0
    }

    /// This member, calling.
    #[must_use]
    pub fn caller(&self, member: &Member) -> Caller {
        Caller::new(self.channel(), &self.token_of(member))
    }

    /// A token that the system takes for another service's.
    ///
    /// # Panics
    /// If the crypto library fails.
    #[must_use]
    pub fn service_token(&self) -> String {
        let secret = Secret::new(self.secrets.service);
        let signer = kit::token::ServiceSigner::new(&secret, "incidents", Clock::system());
        signer.expect("a signer").sign().expect("a token")
    }

    /// The process that runs a service.
    ///
    /// # Panics
    /// If none does.
    pub fn process(&mut self, service: &str) -> &mut Process {
        let found = self.processes.iter_mut().find(|(services, _)| services.contains(&service));
        &mut found.expect("a service of ours").1
    }

    /// Starts the process of a service anew.
    ///
    /// # Panics
    /// If none runs it.
    pub fn restart(&mut self, service: &str) {
        let index = self.processes.iter().position(|(services, _)| services.contains(&service));
        let index = index.expect("a service of ours");
        let services = self.processes[index].0.clone();
        self.processes[index].1.kill();
        self.processes[index].1 = self.run(&services);
    }

    /// Waits until no work is left: nothing is due, every outbox is empty, every broadcast has come to its end.
    ///
    /// # Panics
    /// If the database does not answer.
    pub async fn run_until_idle(&self) {
        let mut database = self.database.connect().await;
        let deadline = tokio::time::Instant::now() + crate::PATIENCE;
        loop {
            let left = sqlx::query!(
                r#"select (select count(*) from incidents.outbox)
                    + (select count(*) from incidents.due
                       where due_at <= now() and attempts = 0 and kind <> 'read_vendor')
                    + (select count(*) from subscriptions.outbox)
                    + (select count(*) from notifications.segment where done_at is null and attempt = 1)
                    + (select count(*) from notifications.broadcast b where completed_at is null and not exists (
                          select from notifications.segment s
                          where s.broadcast_id = b.broadcast_id and s.done_at is null and s.attempt > 1))
                    as "left!""#
            )
            .fetch_one(&mut database)
            .await
            .expect("the database answers")
            .left;
            if left == 0 {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "{left} pieces of work are left");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// How many connections of the services stand in a transaction and do nothing.
    ///
    /// # Panics
    /// If the database does not answer.
    pub async fn idle_transactions(&self) -> i64 {
        let mut database = self.database.connect().await;
        let row = sqlx::query!(
            r#"select count(*) as "count!" from pg_stat_activity
               where datname = current_database() and usename like 'pharos\_%' and state like 'idle in transaction%'"#
        );
        row.fetch_one(&mut database).await.expect("the database answers").count
    }
}

/// 32 random bytes.
fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    for half in bytes.chunks_mut(16) {
        half.copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    }
    bytes
}

/// An address that nobody has now and that no outgoing connection gets by chance: below the range from which
/// Linux and macOS take those. Tests run in processes beside each other, so each begins somewhere else.
fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() * 16 % 12_000).unwrap_or(0);
    for _ in 0..12_000 {
        let port = 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if std::net::TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no port is free")
}
