//! What a whole system needs: until it is there, and while nothing happens.

use std::{path::Path, time::Instant};

use pharos_tests::{Process, eventually};
use rustix::process::Signal;

use super::{ROUNDS, figures::spread, machine::status_kib};

/// How long `pharos up` takes until everything is ready, and what it needs when nothing happens.
pub(crate) async fn run() -> anyhow::Result<()> {
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
    *memory = status_kib(process.id(), "VmRSS").max(*memory);
    process.signal(Signal::TERM);
    eventually("up to end", || std::future::ready(process.ended())).await;
    took
}
