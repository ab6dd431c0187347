//! Readers of a page while somebody attacks the same door.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use http::{StatusCode, header::ACCEPT_ENCODING};
use tokio::{task::JoinSet, time::MissedTickBehavior};

use super::{
    ROUNDS,
    attackers::{ATTACKS, Attack, Target},
    audience::Server,
    figures::{Figures, Target as Goal, quantile},
    machine,
    visitor::{Visitor, product},
};

/// Readers, each on a connection of its own that stays open.
const READERS: usize = 8;
/// What they read of each measurement, together.
const REQUESTS: usize = 2_000;
/// Between a reader's request and its next: the measurement takes as long as most attacks last that anybody sees.
const PACE: Duration = Duration::from_millis(12);
/// How many times as long as without the attack a reader may wait.
const MOST: f64 = 2.0;

/// What readers saw.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Milliseconds.
    p50: f64,
    /// Milliseconds.
    p99: f64,
    /// Of a core, that the edge was busy.
    edge: f64,
}

pub(crate) async fn run() -> anyhow::Result<()> {
    println!(
        "{READERS} readers of a page, together {:.0} requests/s, and each attack beside them in turn",
        READERS as f64 / PACE.as_secs_f64()
    );
    println!("  {}", machine::load());
    let server = Server::start().await?;
    let mut cluster = product(&server, &[]).await?;
    let mut page = cluster.company("Bench").await.page("bench").await;
    page.company.channel = cluster.internal_channel("incidents");
    for number in 0..20 {
        page.component(&format!("Component {number}")).await;
    }
    page.incident("Elevated error rates", &[]).await;
    let authority = cluster.url().trim_start_matches("http://").to_owned();
    let on = Target { authority, slug: page.page.slug.clone(), page_id: page.id() };
    let (url, edge) = (cluster.url(), cluster.process("edge").id());

    let (mut figures, mut ratios) = (Figures::default(), Figures::default());
    // what is made once is made
    read(&url, &on.slug, edge).await?;
    for _ in 0..ROUNDS {
        for attack in ATTACKS {
            let alone = read(&url, &on.slug, edge).await?;
            let (beside, generator) = beside(attack, &on, &url, edge).await?;
            figures.note("alone: p50", "ms", alone.p50);
            figures.note("alone: p99", "ms", alone.p99);
            figures.note("alone: edge", "% of a core", alone.edge);
            let name = attack.describe();
            figures.note(&format!("{name}: p50"), "ms", beside.p50);
            figures.note(&format!("{name}: p99"), "ms", beside.p99);
            figures.note(&format!("{name}: edge"), "% of a core", beside.edge);
            figures.note(&format!("{name}: attacker"), "% of a core", generator);
            let ratio = beside.p99 / alone.p99;
            ratios.hold(&format!("{name}: p99 beside / alone"), "", ratio, Goal::AtMost(MOST));
        }
    }
    figures.print();
    ratios.print();
    drop(cluster);
    server.stop().await
}

/// Reads beside an attack; what the attacker itself took of a core comes with it.
async fn beside(attack: Attack, on: &Target, url: &str, edge: u32) -> anyhow::Result<(Seen, f64)> {
    let mut attacker = attack.begin(on).await?;
    let process = attacker.id().context("an attacker that goes on")?;
    let (cpu, began) = (machine::cpu(process), Instant::now());
    let seen = read(url, &on.slug, edge).await?;
    let generator = (machine::cpu(process) - cpu) / began.elapsed().as_secs_f64() * 100.0;
    anyhow::ensure!(attacker.try_wait()?.is_none(), "the attack {attack:?} was over before its time");
    attacker.kill().await?;
    Ok((seen, generator))
}

/// Reads the page and its summary in turn.
///
/// # Errors
/// If any answer is not the page.
async fn read(url: &str, slug: &str, edge: u32) -> anyhow::Result<Seen> {
    let paths = [format!("/p/{slug}"), format!("/p/{slug}/api/v2/summary.json")];
    let (cpu, began) = (machine::cpu(edge), Instant::now());
    let mut readers = JoinSet::new();
    for number in 0..READERS {
        let (url, paths) = (url.to_owned(), paths.clone());
        readers.spawn(async move {
            let mut visitor = Visitor::of(&url).await?;
            tokio::time::sleep(PACE.mul_f64(number as f64 / READERS as f64)).await;
            let mut ticks = tokio::time::interval(PACE);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut took = Vec::with_capacity(REQUESTS / READERS);
            for request in 0..REQUESTS / READERS {
                ticks.tick().await;
                let asked = Instant::now();
                let answer = visitor.get(&paths[request % paths.len()], &[(ACCEPT_ENCODING, "br")]).await?;
                anyhow::ensure!(answer.status == StatusCode::OK, "a reader was answered {}", answer.status);
                took.push(asked.elapsed().as_secs_f64() * 1e3);
            }
            Ok(took)
        });
    }
    let mut took = Vec::with_capacity(REQUESTS);
    while let Some(reader) = readers.join_next().await {
        took.extend(reader??);
    }
    let edge = (machine::cpu(edge) - cpu) / began.elapsed().as_secs_f64() * 100.0;
    Ok(Seen { p50: quantile(&took, 0.5), p99: quantile(&took, 0.99), edge })
}
