//! Mails that come back: reports, complaints and requests to unsubscribe, handed over by a client that we did not write.

use std::{
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::atomic::{AtomicU16, Ordering},
};

use pharos_tests::{Cluster, Company, Mail, PageOf, Shape, eventually, signed};
use proto::notifications::v1::{
    Brake, Delivery, FeedbackKind, GetReputationRequest, GetReputationResponse, ListDeliveriesRequest,
    Outcome, reputation_service_client::ReputationServiceClient,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const LISTEN: &str = "PHAROS__NOTIFICATIONS__INBOUND_LISTEN";
const PROTOCOL: &str = "PHAROS__NOTIFICATIONS__INBOUND_PROTOCOL";

/// A system that takes mails back here.
struct Given {
    cluster: Cluster,
    door: SocketAddr,
    protocol: &'static str,
}

impl Given {
    async fn new(shape: Shape, protocol: &'static str) -> Self {
        let door = free_address();
        let cluster = Cluster::start_with(shape, &[(LISTEN, &door.to_string()), (PROTOCOL, protocol)]).await;
        Self { cluster, door, protocol }
    }

    /// What smtplib is told for each recipient of a mail.
    async fn hand_over(&self, recipients: &[&str], mail: &str) -> Vec<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let python = root.join(".tools/python/bin/python");
        assert!(python.is_file(), "the Python of the tests is missing; run: make python");
        let mut script = tokio::process::Command::new(python)
            .arg(root.join("tests/python/send_mail.py"))
            .args([self.protocol, &self.door.ip().to_string(), &self.door.port().to_string()])
            .args(recipients)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = script.stdin.take().unwrap();
        stdin.write_all(mail.replace('\n', "\r\n").as_bytes()).await.unwrap();
        drop(stdin);
        let said = script.wait_with_output().await.unwrap();
        assert!(said.status.success());
        String::from_utf8(said.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    async fn say(&self, recipient: &str, mail: &str) -> String {
        self.hand_over(&[recipient], mail).await.remove(0)
    }

    /// The mail of a new incident to its one reader, and the delivery's broadcast.
    async fn told(&self, page: &PageOf, reader: &str) -> (Mail, String) {
        let before = self.cluster.smtp.mails_to(reader).len();
        let incident = page.incident("API is slow", &[]).await;
        let broadcast = page.completed_broadcast(&incident.first.update_id).await;
        (self.cluster.smtp.mail_to(reader, before).await, broadcast.broadcast_id)
    }
}

/// An address that nobody has now, below the range from which outgoing connections get theirs.
fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() * 8 % 9000).unwrap();
    let ports = (0..9000).map(|_| 10_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 9000);
    let mut addresses = ports.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    addresses.find(|address| std::net::TcpListener::bind(address).is_ok()).unwrap()
}

/// A report in the way of Postfix.
fn report(action: &str, status: &str, said: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n--b\n\
         Content-Type: text/plain\n\nI'm sorry.\n\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; ada@example.net\nAction: {action}\n\
         Status: {status}\nDiagnostic-Code: smtp; {said}\n\n--b--\n"
    )
}

/// A complaint in the way of Yahoo, with the headers of the mail.
fn complaint(headers: &str) -> String {
    format!(
        "From: feedback@arf.example.net\nSubject: FW: Slow\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=\"b\"\n\n--b\n\
         Content-Type: text/plain\n\nA complaint.\n\n--b\nContent-Type: message/feedback-report\n\n\
         Feedback-Type: abuse\nUser-Agent: Test/1.0\nVersion: 1\n\n--b\nContent-Type: text/rfc822-headers\n\n\
         {headers}\n\n--b--\n"
    )
}

/// The log of a broadcast.
pub(crate) async fn deliveries(page: &PageOf, broadcast: &str) -> Vec<Delivery> {
    let request = ListDeliveriesRequest { broadcast_id: broadcast.to_owned(), ..Default::default() };
    page.caller().broadcasts().list_deliveries(request).await.unwrap().into_inner().deliveries
}

async fn reputation(company: &Company) -> GetReputationResponse {
    let request = signed(company.token(), GetReputationRequest {});
    ReputationServiceClient::new(company.channel.clone()).get_reputation(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn an_address_that_is_not_there_shows_in_the_log_and_gets_no_further_mail() {
    for shape in Shape::BOTH {
        let given = Given::new(shape, "smtp").await;
        let page = given.cluster.company("Acme").await.page("acme").await;
        page.confirmed(&given.cluster, "ada@example.net").await;
        let (mail, broadcast) = given.told(&page, "ada@example.net").await;
        let sender = mail.envelope.sender.as_str();

        let late = report("delayed", "4.4.1", "connection timed out");
        assert_eq!(given.say(sender, &late).await, "250 taken");
        let log = deliveries(&page, &broadcast).await;
        assert_eq!(log[0].outcome(), Outcome::Sent, "late is not returned");

        let gone = report("failed", "5.1.1", "550 5.1.1 no such user");
        for _ in 0..2 {
            assert_eq!(given.say(&sender.to_uppercase(), &gone).await, "250 taken", "{shape:?}");
        }
        let log = deliveries(&page, &broadcast).await;
        assert_eq!(log.len(), 1);
        assert_eq!(log[0].outcome(), Outcome::Bounced);
        let feedback =
            log[0].feedback.iter().map(|it| (it.kind(), it.status.as_str(), it.diagnostic.as_str()));
        assert_eq!(
            feedback.collect::<Vec<_>>(),
            [
                (FeedbackKind::Delayed, "4.4.1", "connection timed out"),
                (FeedbackKind::Returned, "5.1.1", "550 5.1.1 no such user")
            ]
        );
        let next = page.incident("Slow again", &[]).await;
        let next = page.completed_broadcast(&next.first.update_id).await.progress.unwrap();
        assert_eq!((next.sent, next.suppressed), (0, 1), "{shape:?}");
        let reputation = reputation(&page.company).await;
        assert_eq!((reputation.bounced, reputation.complained), (1, 0));
        assert_eq!(reputation.brake(), Brake::None);
    }
}

#[tokio::test]
async fn a_mail_to_an_address_that_is_not_ours_is_refused_and_one_without_a_report_changes_nothing() {
    let given = Given::new(Shape::AllInOne, "smtp").await;
    let page = given.cluster.company("Acme").await.page("acme").await;
    page.confirmed(&given.cluster, "ada@example.net").await;
    let (mail, broadcast) = given.told(&page, "ada@example.net").await;
    let sender = mail.envelope.sender;
    let (local, domain) = sender.split_once('@').unwrap();
    let (kept, last) = local.split_at(local.len() - 1);
    let forged = format!("{kept}{}@{domain}", if last == "a" { "b" } else { "a" });
    let gone = report("failed", "5.1.1", "550 5.1.1 no such user");
    for other in [
        forged.as_str(),
        &format!("{local}@example.org"),
        &format!("someone@{domain}"),
        &format!("b+@{domain}"),
        &format!("u+@{domain}"),
        &format!("u+{}@{domain}", "A".repeat(60)),
    ] {
        assert!(given.say(other, &gone).await.starts_with("550 5.1.1"), "{other}");
    }
    for postmaster in ["postmaster", &format!("Postmaster@{domain}")] {
        assert_eq!(given.say(postmaster, &gone).await, "250 taken");
    }
    for other in ["Subject: Out of office\n\nI am away.\n", &report("relayed", "2.0.0", "250 ok"), ""] {
        assert_eq!(given.say(&sender, other).await, "250 taken");
    }
    let elsewhere = complaint(&format!("Return-Path: <{forged}>"));
    assert_eq!(given.say(&format!("complaints@{domain}"), &elsewhere).await, "250 taken");
    let log = deliveries(&page, &broadcast).await;
    assert_eq!((log[0].outcome(), log[0].feedback.len()), (Outcome::Sent, 0));
}

#[tokio::test]
async fn a_reader_unsubscribes_by_mail() {
    for protocol in ["smtp", "lmtp"] {
        let mut given = Given::new(Shape::OneProcessEach, protocol).await;
        let page = given.cluster.company("Acme").await.page("acme").await;
        page.confirmed(&given.cluster, "ada@example.net").await;
        let (mail, broadcast) = given.told(&page, "ada@example.net").await;
        let header = mail.header("List-Unsubscribe").unwrap();
        let (_, mailto) = header.split_once("<mailto:").unwrap();
        let (address, _) = mailto.split_once("?subject=unsubscribe>").unwrap();
        let request = "Subject: unsubscribe\n\n";

        // Not acknowledged while it cannot be done.
        given.cluster.process("subscriptions").kill();
        assert!(given.say(address, request).await.starts_with("451 4.3.0"), "{protocol}");
        given.cluster.restart("subscriptions");
        given.cluster.wait_until_ready().await;
        let said = eventually("the request to be taken", || async {
            let said = given.say(address, request).await;
            (!said.starts_with("451")).then_some(said)
        });
        assert_eq!(said.await, "250 taken", "{protocol}");
        assert_eq!(given.say(address, request).await, "250 taken", "once more");
        let next = page.incident("Slow again", &[]).await;
        let next = page.completed_broadcast(&next.first.update_id).await.progress.unwrap();
        assert_eq!((next.planned, next.sent), (0, 0), "{protocol}");

        // A mail for two: LMTP says each, SMTP one for both.
        let gone = report("failed", "5.1.1", "550 5.1.1 no such user");
        let said = given.hand_over(&[&mail.envelope.sender, address], &gone).await;
        assert_eq!(said, ["250 taken", "250 taken"]);
        assert_eq!(deliveries(&page, &broadcast).await[0].outcome(), Outcome::Bounced);
    }
}

#[tokio::test]
async fn complaints_slow_the_tenant_whose_mails_they_are_about_and_no_other() {
    let given = Given::new(Shape::AllInOne, "smtp").await;
    let (mut pages, readers) = (Vec::new(), ["ada@example.net", "grace@example.net", "joan@example.net"]);
    for name in ["acme", "busy", "calm"] {
        let page = given.cluster.company(name).await.page(name).await;
        for reader in readers {
            page.confirmed(&given.cluster, &format!("{name}.{reader}")).await;
        }
        pages.push(page);
    }
    let [acme, busy, calm] = &pages[..] else { panic!() };
    let brake = async |page: &PageOf| {
        let reputation = reputation(&page.company).await;
        (reputation.brake(), reputation.complained)
    };
    for (name, page) in [("acme", acme), ("busy", busy)] {
        let incident = page.incident("Slow", &[]).await;
        page.completed_broadcast(&incident.first.update_id).await;
        if name == "busy" {
            // 3 of some 2000 are between one and three of a thousand.
            let mut database = given.cluster.database.connect().await;
            sqlx::query!(
                "update notifications.broadcast set sent = 2000 where tenant_id = $1 and kind = 'incident_update'",
                page.company.tenant().uuid(),
            )
            .execute(&mut database)
            .await
            .unwrap();
        }
        for (number, reader) in (1..).zip(readers) {
            let mail = given.cluster.smtp.mail_to(&format!("{name}.{reader}"), 1).await;
            let sender = mail.envelope.sender.as_str();
            // By the address that it came to, or by the mail that it holds.
            let said = match number {
                1 => given.say(sender, &complaint("Subject: Slow")).await,
                _ => {
                    let headers = format!("Subject: Slow\nReturn-Path: <{sender}>");
                    given.say("Complaints@bounces.localhost", &complaint(&headers)).await
                }
            };
            assert_eq!(said, "250 taken");
            if number < 3 {
                assert_eq!(brake(page).await, (Brake::None, number), "two are too few to count");
            }
        }
    }
    assert_eq!(brake(acme).await, (Brake::Slowed, 3), "all complain, but few");
    assert_eq!(brake(busy).await, (Brake::Slowed, 3));
    assert_eq!(brake(calm).await, (Brake::None, 0));
    let slowly = busy.incident("Slow again", &[]).await;
    let told = busy.completed_broadcast(&slowly.first.update_id).await.progress.unwrap();
    assert_eq!((told.sent, told.suppressed), (0, 3), "who complained gets none");
}

#[tokio::test]
async fn a_tenant_that_is_stopped_goes_on_when_its_complaints_are_old() {
    let mut given = Given::new(Shape::AllInOne, "smtp").await;
    let acme = given.cluster.company("Acme").await.page("acme").await;
    let other = given.cluster.company("Other").await.page("other").await;
    other.confirmed(&given.cluster, "ada@example.org").await;
    let complaining = (0..10).map(|number| format!("r{number}@example.net")).collect::<Vec<_>>();
    for email in complaining.iter().map(String::as_str).chain(["mary@example.net"]) {
        acme.confirmed(&given.cluster, email).await;
    }
    let incident = acme.incident("Slow", &[]).await;
    acme.completed_broadcast(&incident.first.update_id).await;
    for email in &complaining {
        // What a reader says of the mail that it asked for itself does not count.
        for mail in 0..2 {
            let sender = given.cluster.smtp.mail_to(email, mail).await.envelope.sender;
            assert_eq!(given.say(&sender, &complaint("Subject: Slow")).await, "250 taken");
        }
    }
    assert_eq!(reputation(&acme.company).await.brake(), Brake::Stopped);

    let stopped = acme.incident("Stopped", &[]).await;
    eventually("the broadcast to be planned", || acme.broadcast(&stopped.first.update_id)).await;
    // What others tell meanwhile passes it.
    let passing = other.incident("Slow", &[]).await;
    other.completed_broadcast(&passing.first.update_id).await;
    let waiting = acme.broadcast(&stopped.first.update_id).await.unwrap();
    assert_eq!((waiting.progress.unwrap().sent, waiting.completed_at), (0, None));

    let mut database = given.cluster.database.connect().await;
    sqlx::query!(
        "update notifications.feedback set received_at = received_at - interval '7 days' where tenant_id = $1",
        acme.company.tenant().uuid(),
    )
    .execute(&mut database)
    .await
    .unwrap();
    // Complaints are counted when the service begins, and every ten minutes.
    given.cluster.restart("notifications");
    given.cluster.wait_until_ready().await;
    let told = acme.completed_broadcast(&stopped.first.update_id).await.progress.unwrap();
    assert_eq!((told.sent, told.suppressed), (1, 10), "who complained gets none");
    let reputation = reputation(&acme.company).await;
    assert_eq!((reputation.brake(), reputation.complained), (Brake::None, 0));
}

/// What is said on a new connection; empty if it is closed without a word.
async fn greeted(door: SocketAddr) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(door).await.unwrap();
    let mut said = vec![0; 512];
    let read = stream.read(&mut said).await.unwrap();
    said.truncate(read);
    (stream, String::from_utf8(said).unwrap())
}

#[tokio::test]
async fn the_door_keeps_its_limits() {
    let given = Given::new(Shape::AllInOne, "smtp").await;
    let page = given.cluster.company("Acme").await.page("acme").await;
    page.confirmed(&given.cluster, "ada@example.net").await;
    let (mail, _) = given.told(&page, "ada@example.net").await;
    let sender = mail.envelope.sender.as_str();

    let mut held = Vec::new();
    for number in 1..=10 {
        let (stream, said) = greeted(given.door).await;
        assert!(said.starts_with("220 "), "{number}: {said}");
        held.push(stream);
    }
    let (_, said) = greeted(given.door).await;
    assert!(said.starts_with("421 4.7.0"), "{said}");
    drop(held);
    eventually("a place", || async { greeted(given.door).await.1.starts_with("220 ").then_some(()) }).await;

    // 1 MiB with the CR LF of each line.
    let lines = "x".repeat(62) + "\n";
    let full = lines.repeat(1024 * 1024 / 64);
    let said = eventually("a place", || async {
        let said = given.say(sender, &full).await;
        (!said.starts_with("421")).then_some(said)
    });
    assert_eq!(said.await, "250 taken");
    assert!(given.say(sender, &format!("{full}x\n")).await.starts_with("552 "));

    let nested = |level: usize| format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n");
    for hostile in [
        (0..1000).map(nested).collect(),
        "Content-Type: message/rfc822\n\n".repeat(30_000),
        format!("{}\n", format!("X-{}: y\n", "x".repeat(900)).repeat(1000)),
        report("failed", "5.1.1", &"x\n ".repeat(100_000)),
    ] {
        assert_eq!(given.say(sender, &hostile).await, "250 taken");
    }
}
