//! The benchmarks: `make bench`. Everything is measured in one run, beside what it is compared with, and
//! printed as minimum, median and maximum; a ratio says more than a rate on another machine.

use std::{
    ops::ControlFlow,
    path::Path,
    time::{Duration, Instant},
};

use notifications::smtp::{Connection, Envelope, SmtpUrl, Timeouts};
use pharos_tests::{Cluster, Mail, Process, eventually, postgres};
use proto::incidents::v1::Phase;
use rustix::process::Signal;

/// Subscribers of the fan-out.
const READERS: usize = 1_000;
/// Rounds of each measurement.
const ROUNDS: usize = 5;
/// Connections to the mail server, on both sides of the comparison.
const CONNECTIONS: usize = 8;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    start_and_memory().await?;
    fan_out().await
}

/// How long `pharos up` takes until everything is ready, and what it needs when nothing happens.
async fn start_and_memory() -> anyhow::Result<()> {
    println!("pharos up, from its start until every service is ready");
    let folder = tempfile::Builder::new().prefix("pharos-bench-").tempdir_in("/tmp")?;
    let (mut cold, mut warm, mut memory) = (Vec::new(), Vec::new(), 0);
    for round in 0..ROUNDS {
        let data = folder.path().join(format!("data{round}"));
        cold.push(up(folder.path(), &data, &mut memory).await);
        warm.push(up(folder.path(), &data, &mut memory).await);
    }
    println!("  cold (no database yet)  {}", spread(&mut cold, "ms"));
    println!("  warm                    {}", spread(&mut warm, "ms"));
    println!("  resident memory, idle, without Postgres: {:.1} MiB\n", memory as f64 / 1024.0);
    Ok(())
}

async fn up(folder: &Path, data: &Path, memory: &mut u64) -> f64 {
    let variables = pharos::settings::variables();
    let kept =
        ["PATH", "HOME"].into_iter().filter_map(|name| Some((name.to_owned(), variables.get(name)?.clone())));
    let mut settings = kept.collect::<Vec<_>>();
    for key in ["SERVER__PUBLIC_LISTEN", "SERVER__INTERNAL_LISTEN", "UP__MAIL_CATCHER_LISTEN"] {
        settings.push((format!("PHAROS__{key}"), "127.0.0.1:0".to_owned()));
    }
    let name = format!("up-{}", uuid::Uuid::new_v4().simple());
    let began = Instant::now();
    let mut process =
        Process::start(&name, folder, &["up", "--data", data.to_str().expect("a plain path")], &settings);
    eventually("up to be ready", || async { process.log().contains("Pharos is up").then_some(()) }).await;
    let took = began.elapsed().as_secs_f64() * 1000.0;
    *memory = resident_kib(process.id()).max(*memory);
    process.signal(Signal::TERM);
    eventually("up to end", || std::future::ready(process.ended())).await;
    took
}

fn resident_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

/// From the reply to `PostUpdate` to the first and the last of a thousand mails at the sink; and the same
/// mails over the bare conversation, with no database and nothing to compose.
async fn fan_out() -> anyhow::Result<()> {
    println!("{READERS} mails of one update, over {CONNECTIONS} connections");
    let folder = tempfile::Builder::new().prefix("pharos-bench-").tempdir_in("/tmp")?;
    let server = postgres::start_with(folder.path(), true).await?;
    let database = postgres::Database::create_on(server.socket()).await;
    let connections = CONNECTIONS.to_string();
    let settings =
        [("PHAROS__NOTIFICATIONS__CONNECTIONS", connections.as_str()), ("PHAROS__LOG__FILTER", "warn")];
    let cluster = Cluster::start_on(database, pharos_tests::Shape::AllInOne, &settings).await;
    let page = cluster.company("Bench").await.page("bench").await;
    page.given_confirmed_subscribers(&cluster, i32::try_from(READERS)?).await;
    let incident = page.incident("Slow", &[]).await;
    cluster.smtp.wait_for(READERS).await;

    let (mut first, mut last, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = cluster.smtp.accepted();
        let update = incident.post(Phase::Monitoring, "Better already.").await;
        let posted = Instant::now();
        cluster.smtp.wait_for(before + READERS).await;
        page.completed_broadcast(&update.update_id).await;
        let mails = cluster.smtp.mails().split_off(before);
        let after = |mail: Option<&Mail>| {
            mail.map_or(0.0, |mail| mail.at.saturating_duration_since(posted).as_secs_f64() * 1000.0)
        };
        first.push(after(mails.first()));
        last.push(after(mails.last()));

        let bare = bare_conversation(&cluster.smtp.url(), &mails).await?;
        ratios.push(after(mails.last()) / (bare.as_secs_f64() * 1000.0));
    }
    println!("  PostUpdate's reply to the first mail  {}", spread(&mut first, "ms"));
    println!("  PostUpdate's reply to the last mail   {}", spread(&mut last, "ms"));
    println!("  the last mail, in times of the bare conversation  {}", spread(&mut ratios, ""));
    drop(cluster);
    server.stop().await?;
    Ok(())
}

async fn bare_conversation(url: &str, mails: &[Mail]) -> anyhow::Result<Duration> {
    let url: SmtpUrl = url.parse()?;
    let lots = mails.chunks(mails.len().div_ceil(CONNECTIONS)).map(<[Mail]>::to_vec).collect::<Vec<_>>();
    let began = Instant::now();
    let senders = lots.into_iter().map(|lot| {
        let url = url.clone();
        tokio::spawn(async move {
            let mut connection = Connection::open(&url, &Timeouts::default(), "bench.localhost").await?;
            let compose = |index: usize, body: &mut Vec<u8>| {
                body.extend_from_slice(lot[index].raw.as_bytes());
                Envelope {
                    sender: lot[index].envelope.sender.clone(),
                    recipient: lot[index].recipient().to_owned(),
                }
            };
            connection.deliver(lot.len(), compose, |_, _| ControlFlow::Continue(())).await?;
            anyhow::Ok(())
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await??;
    }
    Ok(began.elapsed())
}

/// Minimum, median and maximum.
fn spread(values: &mut [f64], unit: &str) -> String {
    values.sort_by(f64::total_cmp);
    let (least, median, most) = (values[0], values[values.len() / 2], values[values.len() - 1]);
    format!("{median:.1} {unit} [{least:.1}..{most:.1}]")
}
