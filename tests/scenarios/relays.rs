//! Several mail servers, and providers that ask for less.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use pharos_tests::{Cluster, PageOf, Shape, eventually};
use smtp::server::{Answer, Envelope, Policy, Received, Reply, SmtpServer};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What a desk says to a recipient, if not yes.
type Refusal = Box<dyn Fn(&str) -> Option<Reply> + Send + Sync>;

/// A mail server that can die and come back, and refuses whom it is told to.
struct Desk {
    address: String,
    book: Arc<Book>,
    stop: CancellationToken,
}

#[derive(Default)]
struct Book(Mutex<Pages>);

#[derive(Default)]
struct Pages {
    taken: Vec<String>,
    /// By address.
    refused: HashMap<String, usize>,
    refusal: Option<Refusal>,
}

impl Book {
    fn pages(&self) -> std::sync::MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Policy for Book {
    fn greeting(&self, _peer: std::net::SocketAddr) -> Reply {
        Reply::say(220, "desk.test ESMTP")
    }

    fn recipient(&self, envelope: &Envelope) -> Reply {
        let mut pages = self.pages();
        let address = envelope.latest_recipient();
        match pages.refusal.as_ref().and_then(|refuse| refuse(address)) {
            Some(refusal) => {
                *pages.refused.entry(address.to_owned()).or_default() += 1;
                refusal
            }
            None => Reply::say(250, "2.1.5 ok"),
        }
    }

    async fn message(&self, received: Received) -> Answer {
        self.pages().taken.extend(received.envelope.recipients);
        Reply::say(250, "2.0.0 taken").into()
    }
}

impl Desk {
    async fn open() -> Self {
        Self::open_at("127.0.0.1:0", Arc::default()).await
    }

    async fn open_at(address: &str, book: Arc<Book>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap().to_string(), CancellationToken::new());
        tokio::spawn(SmtpServer::on_loopback().serve(listener, Arc::clone(&book), stop.clone()));
        Self { address, book, stop }
    }

    /// Says 421 to everybody and listens no more.
    async fn close(&self) {
        self.stop.cancel();
        eventually("the port to be free", || async {
            tokio::net::TcpStream::connect(&self.address).await.is_err().then_some(())
        })
        .await;
    }

    async fn open_again(&self) -> Self {
        Self::open_at(&self.address, Arc::clone(&self.book)).await
    }

    fn url(&self, parameters: &str) -> String {
        format!("smtp://{}?tls=never{parameters}", self.address)
    }

    fn refuse(&self, refusal: impl Fn(&str) -> Option<Reply> + Send + Sync + 'static) {
        self.book.pages().refusal = Some(Box::new(refusal));
    }

    fn accept(&self) {
        self.book.pages().refusal = None;
    }

    fn taken(&self) -> Vec<String> {
        self.book.pages().taken.clone()
    }

    fn taken_at(&self, domain: &str) -> usize {
        self.taken().iter().filter(|address| address.ends_with(domain)).count()
    }

    fn refused(&self) -> usize {
        self.book.pages().refused.values().sum()
    }
}

/// A system that sends by these relays, and a page with so many readers.
async fn told_by(relays: &str, readers: i32) -> (Cluster, PageOf) {
    let further = [("SMTP_URL", relays), ("PHAROS__NOTIFICATIONS__SEGMENT_SIZE", "100")];
    let cluster = Cluster::start_with(Shape::AllInOne, &further).await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.given_confirmed_subscribers(&cluster, readers).await;
    (cluster, page)
}

/// Every `each`th reader is at this domain.
async fn given_readers_at(cluster: &Cluster, domain: &str, each: i32) {
    let mut database = cluster.database.connect().await;
    sqlx::query!(
        "update subscriptions.subscriber subscriber set email = split_part(email, '@', 1) || '@' || $1::text
         from (select subscriber_id, row_number() over (order by subscriber_id) as place
               from subscriptions.subscriber) numbered
         where numbered.subscriber_id = subscriber.subscriber_id and place % $2::integer = 0",
        domain,
        each,
    )
    .execute(&mut database)
    .await
    .unwrap();
}

/// What waits is due a while earlier than it was.
async fn let_time_pass(cluster: &Cluster, seconds: f64) {
    let mut database = cluster.database.connect().await;
    sqlx::query!(
        "update notifications.segment set due_at = due_at - make_interval(secs => $1) where state = 'waiting'",
        seconds,
    )
    .execute(&mut database)
    .await
    .unwrap();
}

#[tokio::test]
async fn the_next_mail_server_takes_over_when_one_dies_and_gives_back_when_it_returns() {
    const READERS: usize = 2_000;
    let (first, second) = (Desk::open().await, Desk::open().await);
    // So slow that the first is back before the second is done.
    let relays = format!("{} {}", first.url(""), second.url("&rate=200"));
    let (_cluster, page) = told_by(&relays, i32::try_from(READERS).unwrap()).await;
    let incident = page.incident("Slow", &[]).await;
    eventually("mails by the first", || async { (first.taken().len() > 100).then_some(()) }).await;
    first.close().await;
    let before = first.taken().len();
    assert!(before < READERS, "it died too late");
    eventually("mails by the second", || async { (second.taken().len() > 100).then_some(()) }).await;
    let _first = first.open_again().await;
    let broadcast = page.completed_broadcast(&incident.first.update_id).await;

    assert_eq!(broadcast.progress.unwrap().sent, READERS as i64);
    assert!(first.taken().len() > before, "the first is not used again");
    let mut all = first.taken();
    all.extend(second.taken());
    all.sort_unstable();
    let mails = all.len();
    all.dedup();
    assert_eq!((mails, all.len()), (READERS, READERS), "nobody is lost and nobody told twice");
}

/// A provider of a hundred readers, among a thousand of others, answers this to each of them, and later no more.
async fn only_it_is_slowed(refusal: Reply) {
    let desk = Desk::open().await;
    desk.refuse(move |address| address.ends_with("@slow.example").then(|| refusal.clone()));
    let (cluster, page) = told_by(&desk.url(""), 1_100).await;
    given_readers_at(&cluster, "slow.example", 11).await;
    let incident = page.incident("Slow", &[]).await;
    eventually("the others to be told", || async { (desk.taken_at("@example.net") == 1_000).then_some(()) })
        .await;
    let tries = desk.refused();
    assert!((1..60).contains(&tries), "{tries} tries at a provider that refuses");
    assert_eq!(desk.taken().len(), 1_000);

    desk.accept();
    let progress = eventually("the rest to be told", || async {
        let_time_pass(&cluster, 5.0).await;
        let broadcast = page.broadcast(&incident.first.update_id).await?;
        broadcast.progress.filter(|progress| progress.sent == 1_100)
    })
    .await;
    assert_eq!((progress.bounced, progress.suppressed, progress.abandoned), (0, 0, 0));
    assert_eq!(desk.taken().len(), 1_100, "nobody is told twice");
}

#[tokio::test]
async fn a_provider_that_puts_us_off_is_slowed_and_the_others_do_not_wait_for_it() {
    only_it_is_slowed(Reply::say(451, "4.7.0 slow down")).await;
}

#[tokio::test]
async fn a_provider_over_whose_mails_the_server_leaves_is_slowed_and_the_others_do_not_wait_for_it() {
    only_it_is_slowed(Reply::say(421, "4.7.0 slow down")).await;
}

#[tokio::test]
async fn a_provider_that_refuses_us_for_our_reputation_is_left_alone_and_nobody_is_suppressed() {
    let desk = Desk::open().await;
    desk.refuse(|address| {
        address.ends_with("@blocked.example").then(|| Reply::say(550, "5.7.1 your network is blocked"))
    });
    let (mut cluster, page) = told_by(&desk.url(""), 400).await;
    given_readers_at(&cluster, "blocked.example", 2).await;
    let first = page.incident("Slow", &[]).await;
    eventually("the others to be told", || async { (desk.taken().len() == 200).then_some(()) }).await;
    eventually("the rest to be put off", || async {
        let progress = page.broadcast(&first.first.update_id).await?.progress?;
        (progress.deferred == 200).then_some(())
    })
    .await;
    let tries = desk.refused();
    assert!((1..=80).contains(&tries), "{tries}: what was in flight, and no more");

    let second = page.incident("Slow again", &[]).await;
    eventually("the others to be told", || async { (desk.taken().len() == 400).then_some(()) }).await;
    let progress = eventually("the rest to be put off", || async {
        let progress = page.broadcast(&second.first.update_id).await?.progress?;
        (progress.deferred == 200).then_some(progress)
    })
    .await;
    assert_eq!(desk.refused(), tries, "it is left alone");
    assert_eq!((progress.sent, progress.bounced, progress.suppressed), (200, 0, 0));

    let log = cluster.process("notifications").log();
    let alarms = log.lines().filter(|line| line.contains("for our reputation")).collect::<Vec<_>>();
    assert_eq!(alarms.len(), 1, "{alarms:?}");
    for part in ["ERROR", desk.address.as_str(), "blocked.example", "550 5.7.1"] {
        assert!(alarms[0].contains(part), "no {part} in {}", alarms[0]);
    }
}

#[tokio::test]
async fn a_relay_that_discards_counts_every_mail_as_sent() {
    let (cluster, page) = told_by("discard:", 50).await;
    let incident = page.incident("Slow", &[]).await;
    let broadcast = page.completed_broadcast(&incident.first.update_id).await;
    assert_eq!(broadcast.progress.unwrap().sent, 50);
    assert_eq!(cluster.smtp.accepted(), 0);
}
