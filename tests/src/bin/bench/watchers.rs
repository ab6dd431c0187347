//! Many who watch one page: what each costs, and when the last of them hears of a change.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use pharos_tests::{Cluster, Shape, postgres};
use proto::incidents::v1::{Phase, WatchPageRequest, status_service_client::StatusServiceClient};
use tokio::{sync::Notify, task::JoinSet};
use tonic::transport::Channel;

use super::{ROUNDS, spread, start::resident_kib};

/// Readers at the same time.
const READERS: [usize; 2] = [1_000, 10_000];
/// Who begins to watch at the same time.
const BEGINNERS: usize = 100;

/// By which way the readers come.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// To the incidents process itself, as the edge does: a thousand on a connection.
    Incidents,
    /// To the edge, as the world does: a hundred on a connection.
    Edge,
}

/// Who has heard what. All readers count on it, and the last of them wakes whoever waits.
#[derive(Debug, Default)]
struct Heard {
    awaited: AtomicI64,
    readers: AtomicUsize,
    news: Notify,
}

/// How long after the change's reply the last reader has it, and what a reader costs each process on its way.
/// The readers run on this machine too, in this process: they have their share of the time.
pub(crate) async fn run() -> anyhow::Result<()> {
    println!("Readers who watch one page; each process on a way of their own");
    let folder = tempfile::Builder::new().prefix("pharos-bench-").tempdir_in("/tmp")?;
    let server = postgres::start_with(folder.path(), true).await?;
    for way in [Way::Incidents, Way::Edge] {
        for count in READERS {
            // A system of its own: memory that was used before is not given back to be counted again.
            let database = postgres::Database::create_on(server.socket()).await;
            let settings = [("PHAROS__LOG__FILTER", "warn")];
            let mut cluster = Cluster::start_on(database, Shape::OneProcessEach, &settings).await;
            measure(&mut cluster, way, count).await?;
        }
    }
    println!();
    server.stop().await?;
    Ok(())
}

async fn measure(cluster: &mut Cluster, way: Way, count: usize) -> anyhow::Result<()> {
    let page = cluster.company("Bench").await.page("bench").await;
    let incident = page.incident("Slow", &[]).await;
    let (on_one, name) = match way {
        Way::Incidents => (1_000, "to incidents"),
        Way::Edge => (100, "to the edge"),
    };
    let channel = || match way {
        Way::Incidents => cluster.internal_channel("incidents"),
        Way::Edge => cluster.channel(),
    };
    let channels = (0..count.div_ceil(on_one)).map(|_| channel()).collect::<Vec<_>>();
    // One reader of each first: what is needed once, and not by each, is there then.
    let heard = Arc::new(Heard::default());
    let mut readers = JoinSet::new();
    let mut beginning = JoinSet::new();
    let request = WatchPageRequest { page_id: page.id(), after_version: 0 };
    for channel in &channels {
        readers.spawn(begin(channel.clone(), request.clone(), Arc::clone(&heard)).await?);
    }
    let before = resident(cluster);
    let began = Instant::now();
    for number in channels.len()..count {
        if beginning.len() >= BEGINNERS
            && let Some(reader) = beginning.join_next().await
        {
            readers.spawn(reader??);
        }
        let channel = channels[number % channels.len()].clone();
        beginning.spawn(begin(channel, request.clone(), Arc::clone(&heard)));
    }
    while let Some(reader) = beginning.join_next().await {
        readers.spawn(reader??);
    }
    let took = began.elapsed().as_secs_f64();
    let opened = resident(cluster);

    let mut last = Vec::new();
    for _ in 0..4 * ROUNDS {
        let version = page.shown().await.version + 1;
        heard.readers.store(0, Ordering::SeqCst);
        heard.awaited.store(version, Ordering::SeqCst);
        incident.post(Phase::Monitoring, "Better already.").await;
        let replied = Instant::now();
        heard.everybody(count).await;
        last.push(replied.elapsed().as_secs_f64() * 1000.0);
    }
    let told = resident(cluster);
    let each = |now: [u64; 2]| {
        let kib =
            |index: usize| now[index].saturating_sub(before[index]) as f64 / (count - channels.len()) as f64;
        format!("incidents {:.1} KiB, edge {:.1} KiB", kib(0), kib(1))
    };
    println!("  {count:>6} {name} over {} connections, there within {took:.1} s", channels.len());
    println!("    PostUpdate's reply to the last of them   {}", spread(&mut last, "ms"));
    println!("    resident memory of each, silent          {}", each(opened));
    println!("    resident memory of each, after {} changes {}", 4 * ROUNDS, each(told));
    Ok(())
}

/// Begins to watch; what it answers watches on.
async fn begin(
    channel: Channel,
    request: WatchPageRequest,
    heard: Arc<Heard>,
) -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut stream = StatusServiceClient::new(channel).watch_page(request).await?.into_inner();
    let first = stream.message().await?;
    anyhow::ensure!(first.is_some_and(|first| first.version > 0), "a page with an incident has a version");
    Ok(async move {
        let mut seen = 0;
        while let Ok(Some(next)) = stream.message().await {
            let awaited = heard.awaited.load(Ordering::SeqCst);
            if seen < awaited && next.version >= awaited {
                heard.readers.fetch_add(1, Ordering::SeqCst);
                heard.news.notify_one();
            }
            seen = seen.max(next.version);
        }
    })
}

impl Heard {
    async fn everybody(&self, count: usize) {
        while self.readers.load(Ordering::SeqCst) < count {
            self.news.notified().await;
        }
    }
}

/// KiB of incidents and of the edge.
fn resident(cluster: &mut Cluster) -> [u64; 2] {
    ["incidents", "edge"].map(|service| resident_kib(cluster.process(service).id()))
}
