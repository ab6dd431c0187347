//! How close the product comes to the wire: a fan-out, from the member's click to the last outcome on the disk, beside
//! programs that send the same mails and keep nothing, and beside what others would do it with.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{Ed25519KeyPair, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use pharos_tests::{Cluster, Mail};

use super::{
    audience::{Audience, Cost, Server, checkpoint, let_run},
    conversations,
    figures::{Figures, Target},
    machine,
    mail_servers::{Sink, source},
    peers,
    sink::FastSink,
};

/// Repetitions; in each, everybody has a turn.
const ROUNDS: usize = 5;
/// Mails of a turn.
const MAILS: usize = 60_000;
/// Mails of a turn of those who are slower by far.
const MAILS_OF_PEERS: usize = 3_000;
/// Mails of a turn if each is signed with RSA.
const MAILS_SIGNED: usize = 5_000;
/// Connections to the mail server, of everybody.
const CONNECTIONS: usize = 32;
/// Mails that the conversations without a database send over and over.
const SAMPLE: usize = 500;

/// A contender that sends to a server with which the mail server is not what limits: one core of smtp-sink is.
const FASTER: &str = "product, to a faster server";

/// The product in one of its settings.
struct Contender {
    name: &'static str,
    cluster: Cluster,
    audience: Audience,
}

/// What to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// Against smtp-source, with lettre and our own conversation beside it.
    Wire,
    /// Against pg-boss with nodemailer.
    Peers,
    /// What signing costs.
    Dkim,
}

pub(crate) async fn run(courses: &[Course]) -> anyhow::Result<()> {
    let server = Server::start().await?;
    let sample = sample(&server).await?;
    let octets = sample.iter().map(|mail| mail.raw.len()).sum::<usize>() / sample.len();
    println!("{MAILS} mails of {octets} octets over {CONNECTIONS} connections to smtp-sink");
    println!("  {}", machine::load());
    let (sink, fast) = (Sink::start().await?, FastSink::start("watched.example")?);
    let has = |course| courses.contains(&course);

    let url = sink.url();
    let mut contenders = vec![Contender::of(&server, &url, "product", MAILS, &[]).await?];
    if has(Course::Wire) {
        let settings = [("PHAROS__NOTIFICATIONS__FLUSH", "100")];
        contenders.push(Contender::of(&server, &url, "product, flush 100", MAILS, &settings).await?);
        contenders.push(Contender::of(&server, &fast.url(), FASTER, MAILS, &[]).await?);
    }
    if has(Course::Dkim) {
        let keys = [("Ed25519", ed25519()?, MAILS), ("RSA-2048", rsa()?, MAILS_SIGNED)];
        for (kind, key, count) in keys {
            let name = if kind == "Ed25519" { "product, Ed25519" } else { "product, RSA-2048" };
            let settings = [
                ("PHAROS__NOTIFICATIONS__DKIM_SELECTOR", "bench"),
                ("PHAROS__NOTIFICATIONS__DKIM_KEY", key.as_str()),
            ];
            contenders.push(Contender::of(&server, &url, name, count, &settings).await?);
        }
    }

    let (mut rates, mut costs, mut ratios) = (Figures::default(), Figures::default(), Figures::default());
    for _ in 0..ROUNDS {
        let before = sink.cpu();
        let wire = rate(MAILS, source(sink.address, MAILS, CONNECTIONS, octets).await?);
        rates.note("smtp-source", "mails/s", wire);
        costs.note("smtp-sink's CPU a mail of smtp-source", "us", (sink.cpu() - before) * 1e6 / MAILS as f64);

        let (mut product, mut faster) = (0.0, 0.0);
        for (index, contender) in contenders.iter_mut().enumerate() {
            let own = contender.turn(&server, &sink, &mut costs).await?;
            rates.note(contender.name, "mails/s", own);
            match contender.name {
                _ if index == 0 => {
                    product = own;
                    ratios.hold("product / smtp-source", "", own / wire, Target::AtLeast(2.0));
                }
                FASTER => faster = own,
                name if name.contains("flush") => {
                    ratios.note(&format!("{name} / smtp-source"), "", own / wire);
                }
                name => ratios.note(&format!("{name} / product"), "", own / product),
            }
        }
        if has(Course::Wire) {
            let ours = rate(MAILS, conversations::ours(&url, &sample, MAILS, CONNECTIONS).await?);
            rates.note("our conversation alone", "mails/s", ours);
            ratios.note("our conversation alone / smtp-source", "", ours / wire);
            let lettre = rate(MAILS, conversations::lettre(sink.address, &sample, MAILS, CONNECTIONS).await?);
            rates.note("lettre's connections alone", "mails/s", lettre);
            ratios.note("lettre's connections alone / smtp-source", "", lettre / wire);
            ratios.note("product / lettre's connections alone", "", product / lettre);
            let wire = rate(MAILS, source(fast.address, MAILS, CONNECTIONS, octets).await?);
            rates.note("smtp-source, to a faster server", "mails/s", wire);
            ratios.note("product / smtp-source, both to a faster server", "", faster / wire);
        }
        if has(Course::Peers) {
            let took = peers::tell(&server, &sink, &sample[0], MAILS_OF_PEERS, CONNECTIONS).await?;
            let peer = rate(MAILS_OF_PEERS, took);
            rates.note("pg-boss + nodemailer", "mails/s", peer);
            ratios.hold("product / (pg-boss + nodemailer)", "", product / peer, Target::AtLeast(20.0));
        }
    }
    rates.print();
    costs.print();
    ratios.print();
    for contender in &mut contenders {
        let_run(&mut contender.cluster, true);
    }
    drop(contenders);
    server.stop().await
}

impl Contender {
    async fn of(
        server: &Server,
        relay: &str,
        name: &'static str,
        count: usize,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let mut cluster = server.product(relay, CONNECTIONS, settings).await;
        let audience = Audience::of(&cluster, count, "example.net").await?;
        let_run(&mut cluster, false);
        Ok(Self { name, cluster, audience })
    }

    /// Mails a second of one fan-out, with nobody else awake.
    async fn turn(&mut self, server: &Server, sink: &Sink, costs: &mut Figures) -> anyhow::Result<f64> {
        let_run(&mut self.cluster, true);
        checkpoint(&self.cluster).await?;
        let before = Cost::so_far(server, &mut self.cluster).await?;
        let (sink_before, idle_before) = (sink.cpu(), machine::idle());
        let told = self.audience.tell().await?;
        let idle = machine::idle() - idle_before;
        let cost = Cost::so_far(server, &mut self.cluster).await?.each_since(before, self.audience.count);
        let taken = (sink.cpu() - sink_before) * 1e6 / self.audience.count as f64;
        let_run(&mut self.cluster, false);
        let mut note = |what: &str, unit, value| costs.note(&format!("{}: {what}", self.name), unit, value);
        note("CPU of the process a mail", "us", cost.product);
        note("CPU of Postgres a mail", "us", cost.postgres);
        note("log of Postgres a mail", "B", cost.log);
        note("idle cores a mail", "us", idle * 1e6 / self.audience.count as f64);
        if self.name != FASTER {
            note("smtp-sink's CPU a mail", "us", taken);
        }
        Ok(rate(self.audience.count, told.took))
    }
}

fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// Mails of a fan-out of ours, as a mail server got them.
async fn sample(server: &Server) -> anyhow::Result<Arc<Vec<Mail>>> {
    let settings = [("PHAROS__LOG__FILTER", "warn")];
    let cluster = Cluster::start_on(server.database().await, pharos_tests::Shape::AllInOne, &settings).await;
    let mut audience = Audience::of(&cluster, SAMPLE, "example.net").await?;
    audience.tell().await?;
    Ok(Arc::new(cluster.smtp.mails()))
}

fn ed25519() -> anyhow::Result<String> {
    let key = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new())?;
    Ok(pem(key.as_ref()))
}

fn rsa() -> anyhow::Result<String> {
    let key: Pkcs8V1Der<'_> = RsaKeyPair::generate(KeySize::Rsa2048)?.as_der()?;
    Ok(pem(key.as_ref()))
}

fn pem(der: &[u8]) -> String {
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
}
