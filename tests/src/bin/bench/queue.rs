//! What a delivery costs when sending it costs nothing: the product with a relay that drops every mail once it is
//! composed, beside a queue with a row for each delivery on the same Postgres.

use pharos_tests::Cluster;
use sqlx::{ConnectOptions as _, Executor as _};

use super::{
    audience::{Audience, Cost, Server, checkpoint, let_run, written},
    figures::{Figures, Target},
    machine,
    rows::Rows,
};

/// Repetitions; in each, everybody has a turn.
const ROUNDS: usize = 5;
/// Deliveries of a turn.
const DELIVERIES: usize = 200_000;
/// Senders of the product, and workers of the queue.
const WORKERS: usize = 32;
/// After how many outcomes the product writes them down: by default, and as often as others do it.
const FLUSHES: [&str; 2] = ["20", "100"];

pub(crate) async fn run() -> anyhow::Result<()> {
    println!("{DELIVERIES} deliveries to nobody, {WORKERS} at a time");
    println!("  {}", machine::load());
    let server = Server::start().await?;
    let mut products: Vec<(String, Cluster, Audience)> = Vec::new();
    for flush in FLUSHES {
        let settings = [("PHAROS__NOTIFICATIONS__FLUSH", flush)];
        let mut cluster = server.product("discard:", WORKERS, &settings).await;
        let audience = Audience::of(&cluster, DELIVERIES, "example.net").await?;
        let_run(&mut cluster, false);
        products.push((format!("product, flush {flush}"), cluster, audience));
    }
    let mut postgres = server.postgres.options("postgres").connect().await?;
    postgres.execute("create database delivery_rows").await?;
    let mut rows = Rows::of(server.postgres.options("delivery_rows"), DELIVERIES).await?;

    let (mut rates, mut costs, mut ratios) = (Figures::default(), Figures::default(), Figures::default());
    let count = DELIVERIES as f64;
    for _ in 0..ROUNDS {
        rows.forget().await?;
        let (cpu, log) = (machine::cpu_of_family(server.postgres.pid()), written(&mut postgres).await?);
        let others = count / rows.tell(WORKERS).await?.as_secs_f64();
        rates.note("a row a delivery", "deliveries/s", others);
        let cpu = (machine::cpu_of_family(server.postgres.pid()) - cpu) * 1e6 / count;
        costs.note("a row a delivery: CPU of Postgres for 1000", "ms", cpu);
        let log = written(&mut postgres).await? - log;
        costs.note("a row a delivery: log of Postgres a delivery", "B", log / count);

        for (name, cluster, audience) in &mut products {
            let_run(cluster, true);
            checkpoint(cluster).await?;
            let before = Cost::so_far(&server, cluster).await?;
            let told = audience.tell().await?;
            let cost = Cost::so_far(&server, cluster).await?.each_since(before, DELIVERIES);
            let_run(cluster, false);
            let own = count / told.took.as_secs_f64();
            rates.note(name, "deliveries/s", own);
            ratios.hold(&format!("{name} / a row a delivery"), "", own / others, Target::AtLeast(6.0));
            let saved = cpu / cost.postgres;
            ratios.note(&format!("CPU of Postgres: a row a delivery / {name}"), "", saved);
            // microseconds a delivery are milliseconds for a thousand
            let what = format!("{name}: CPU of Postgres for 1000");
            costs.hold(&what, "ms", cost.postgres, Target::AtMost(6.0));
            costs.hold(&format!("{name}: log of Postgres a delivery"), "B", cost.log, Target::AtMost(100.0));
            costs.note(&format!("{name}: CPU of the process for 1000"), "ms", cost.product);
        }
    }
    rates.print();
    costs.print();
    ratios.print();
    for (_, cluster, _) in &mut products {
        let_run(cluster, true);
    }
    drop(products);
    server.stop().await
}
