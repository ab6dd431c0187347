//! The benchmarks: `make bench`, or `make bench ARGS='pages wire'` for some of them. Everything is measured in one run,
//! beside what it is compared with, and printed as median, minimum and maximum; a ratio says more than a rate on another
//! machine.

mod attackers;
mod audience;
mod cold;
mod conversations;
mod during;
mod fan_out;
mod figures;
mod floods;
mod growth;
mod machine;
mod mail_servers;
mod pages;
mod peers;
mod queue;
mod readers;
mod rebuild;
mod rows;
mod sink;
mod start;
mod visitor;
mod watchers;
mod web_servers;
mod wire;

use tokio::signal::unix::{SignalKind, signal};
use wire::Course;

/// Rounds of each measurement.
const ROUNDS: usize = 5;

/// Their names, in the order in which they run.
const BENCHMARKS: [&str; 14] = [
    "start", "fan-out", "pages", "readers", "cold", "rebuild", "floods", "watchers", "wire", "peers", "dkim",
    "queue", "growth", "during",
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let asked = std::env::args().skip(1).collect::<Vec<_>>();
    let mut told_to_end = signal(SignalKind::terminate())?;
    // whatever ends it, the processes that it started end with it
    tokio::select! {
        ended = run(&asked) => ended,
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
        _ = told_to_end.recv() => Ok(()),
    }
}

async fn run(asked: &[String]) -> anyhow::Result<()> {
    if let Some((attackers::COMMAND, attack)) =
        asked.split_first().map(|(first, rest)| (first.as_str(), rest))
    {
        return attackers::run(attack).await;
    }
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|it| it == name);
    anyhow::ensure!(
        asked.iter().all(|name| BENCHMARKS.contains(&name.as_str())),
        "the benchmarks are {}",
        BENCHMARKS.join(", ")
    );
    println!("{}\n", machine::describe());
    if wanted("start") {
        start::run().await?;
    }
    if wanted("fan-out") {
        fan_out::run().await?;
    }
    if wanted("pages") {
        pages::run().await?;
    }
    if wanted("readers") {
        readers::run().await?;
    }
    if wanted("cold") {
        cold::run().await?;
    }
    if wanted("rebuild") {
        rebuild::run().await?;
    }
    if wanted("floods") {
        floods::run().await?;
    }
    if wanted("watchers") {
        watchers::run().await?;
    }
    let courses = [("wire", Course::Wire), ("peers", Course::Peers), ("dkim", Course::Dkim)];
    let courses = courses.into_iter().filter(|(name, _)| wanted(name)).map(|(_, course)| course);
    let courses = courses.collect::<Vec<_>>();
    if !courses.is_empty() {
        wire::run(&courses).await?;
    }
    if wanted("queue") {
        queue::run().await?;
    }
    if wanted("growth") {
        growth::run().await?;
    }
    if wanted("during") {
        during::run().await?;
    }
    Ok(())
}
