//! What others notice of a fan-out to a million: a member of another company who posts, and ten subscribers of a third.

use std::time::{Duration, Instant};

use proto::incidents::v1::Phase;
use tokio::sync::watch;

use super::{
    audience::{Audience, Server},
    figures::{Figures, Target, quantile},
    machine,
    sink::FastSink,
};

/// Subscribers of the page that is loud.
const LOUD: usize = 1_000_000;
/// Subscribers of the page that is small.
const SMALL: usize = 10;
/// Posts while nothing else happens.
const POSTS: usize = 300;
/// How often the small page tells its subscribers while nothing else happens, and at most during it.
const NEWS: [usize; 2] = [10, 400];
/// Posts on one incident; then comes the next one, for an incident has at most 500 updates.
const POSTS_ON_ONE: usize = 100;
/// Between one post and the next.
const PAUSE: Duration = Duration::from_millis(20);
/// Connections to the mail server.
const CONNECTIONS: usize = 32;
/// The small page's subscribers have their mail here.
const DOMAIN: &str = "watched.example";

pub(crate) async fn run() -> anyhow::Result<()> {
    println!("During a fan-out to {LOUD} over {CONNECTIONS} connections");
    println!("  {}", machine::load());
    let server = Server::start().await?;
    let sink = FastSink::start(DOMAIN)?;
    let mut cluster = server.product(&sink.url(), CONNECTIONS, &[]).await;
    let mut loud = Audience::of(&cluster, LOUD, "example.net").await?;
    let small = Audience::of(&cluster, SMALL, DOMAIN).await?;
    let alone = Audience::of(&cluster, 0, DOMAIN).await?;

    let (_, is_over) = watch::channel(false);
    let (mut idle, mut idle_news) = (Vec::new(), Vec::new());
    post(&alone, POSTS, is_over.clone(), &mut idle).await?;
    spread_news(&small, &sink, NEWS[0], is_over, &mut idle_news).await?;

    let before = sink.mails();
    let (over, is_over) = watch::channel(false);
    let (mut busy, mut busy_news) = (Vec::new(), Vec::new());
    let fan_out = async {
        let told = loud.tell().await;
        over.send_replace(true);
        told
    };
    let (told, posted, news) = tokio::join!(
        fan_out,
        post(&alone, usize::MAX, is_over.clone(), &mut busy),
        spread_news(&small, &sink, NEWS[1], is_over, &mut busy_news),
    );
    let told = told?;
    posted?;
    news?;

    let mut figures = Figures::default();
    let rate = (sink.mails() - before) as f64 / told.took.as_secs_f64();
    figures.note("the fan-out", "mails/s", rate);
    figures.note("the fan-out, in all", "s", told.took.as_secs_f64());
    figures.note("the fan-out, until planned", "s", told.planned.as_secs_f64());
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
        let (quiet, loud) = (quantile(&idle, share), quantile(&busy, share));
        figures.note(&format!("another's PostUpdate, {name}, idle"), "ms", quiet);
        figures.note(&format!("another's PostUpdate, {name}, during it"), "ms", loud);
        figures.hold(&format!("another's PostUpdate, {name}, ratio"), "", loud / quiet, Target::AtMost(2.0));
    }
    for value in idle_news {
        figures.note("another's ten subscribers have their mails, idle", "ms", value);
    }
    let target = Target::AtMost(2_000.0);
    for value in &busy_news {
        figures.note("another's ten subscribers have their mails, during it", "ms", *value);
    }
    figures.hold("the same, the slowest", "ms", quantile(&busy_news, 1.0), target);
    let peak = machine::peak_mib(cluster.process("notifications").id());
    figures.hold("most memory of the process at any time", "MiB", peak, Target::AtMost(128.0));
    println!("  {} posts and {} times ten mails during it", busy.len(), busy_news.len());
    figures.print();
    drop(cluster);
    server.stop().await
}

/// Posts again and again on a page that nobody reads: milliseconds of each call.
async fn post(
    page: &Audience,
    times: usize,
    is_over: watch::Receiver<bool>,
    took: &mut Vec<f64>,
) -> anyhow::Result<()> {
    let mut incident = page.incident.page.incident("Slow", &[]).await;
    for number in 1..=times {
        if *is_over.borrow() {
            break;
        }
        if number % POSTS_ON_ONE == 0 {
            incident = page.incident.page.incident("Slow", &[]).await;
        }
        let began = Instant::now();
        incident.post(Phase::Monitoring, "We go on watching.").await;
        took.push(began.elapsed().as_secs_f64() * 1e3);
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// Tells the few again and again: milliseconds from the reply to `PostUpdate` until the last of them has the mail.
async fn spread_news(
    page: &Audience,
    sink: &FastSink,
    times: usize,
    is_over: watch::Receiver<bool>,
    took: &mut Vec<f64>,
) -> anyhow::Result<()> {
    for _ in 0..times {
        if *is_over.borrow() {
            break;
        }
        sink.take_noted();
        page.incident.post(Phase::Monitoring, "We go on watching.").await;
        let posted = Instant::now();
        while sink.noted() < page.count {
            anyhow::ensure!(posted.elapsed() < Duration::from_secs(60), "the few never got their mails");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let last = sink.take_noted().into_iter().map(|(_, at)| at).max().unwrap_or(posted);
        took.push(last.saturating_duration_since(posted).as_secs_f64() * 1e3);
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
