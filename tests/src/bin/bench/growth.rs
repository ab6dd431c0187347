//! Whether a delivery costs more if more are told: one system, three pages, a relay that drops every mail.

use std::time::Duration;

use super::{
    audience::{Audience, Cost, Server, checkpoint},
    figures::{Figures, Target, median},
    machine,
};

/// Rounds; in each, every page has its turn.
const ROUNDS: usize = 3;
/// Subscribers of a page, and how often they are told in a round: a few of them too seldom to be measured by the clock
/// that counts CPU time.
const PAGES: [(usize, usize); 3] = [(1_000, 30), (100_000, 3), (1_000_000, 1)];
/// Senders.
const CONNECTIONS: usize = 8;

pub(crate) async fn run() -> anyhow::Result<()> {
    println!("From a thousand subscribers to a million, {CONNECTIONS} senders, to nobody");
    println!("  {}", machine::load());
    let server = Server::start().await?;
    let mut cluster = server.product("discard:", CONNECTIONS, &[]).await;
    let mut audiences = Vec::new();
    for (count, _) in PAGES {
        audiences.push(Audience::of(&cluster, count, "example.net").await?);
    }
    let mut figures = Figures::default();
    let mut costs: [Vec<f64>; 3] = Default::default();
    for _ in 0..ROUNDS {
        for (index, (count, times)) in PAGES.into_iter().enumerate() {
            checkpoint(&cluster).await?;
            let before = Cost::so_far(&server, &mut cluster).await?;
            let (mut took, mut planned) = (Duration::ZERO, Duration::ZERO);
            for _ in 0..times {
                let told = audiences[index].tell().await?;
                took += told.took;
                planned = planned.max(told.planned);
            }
            let deliveries = count * times;
            let cost = Cost::so_far(&server, &mut cluster).await?.each_since(before, deliveries);
            costs[index].push(cost.product + cost.postgres);
            let name = |what| format!("{count:>9} subscribers: {what}");
            figures.note(&name("CPU of the process a delivery"), "us", cost.product);
            figures.note(&name("CPU of Postgres a delivery"), "us", cost.postgres);
            figures.note(&name("both"), "us", cost.product + cost.postgres);
            figures.note(&name("time a delivery"), "us", took.as_secs_f64() * 1e6 / deliveries as f64);
            figures.note(&name("until planned"), "ms", planned.as_secs_f64() * 1e3);
            figures.note(&name("log of Postgres a delivery"), "B", cost.log);
        }
    }
    let [thousand, many, million] = costs.map(|values| median(&values));
    figures.note("growth of the CPU a delivery, 1,000 to 1,000,000", "%", (million / thousand - 1.0) * 100.0);
    let growth = (million / many - 1.0) * 100.0;
    let target = Target::AtMost(10.0);
    figures.hold("growth of the CPU a delivery, 100,000 to 1,000,000", "%", growth, target);
    let peak = machine::peak_mib(cluster.process("notifications").id());
    figures.hold("most memory of the process at any time", "MiB", peak, Target::AtMost(128.0));
    figures.print();
    drop(cluster);
    server.stop().await
}
