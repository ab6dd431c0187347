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

use super::{ROUNDS, figures::spread, machine::status_kib};

/// Who begins to watch at the same time.
const BEGINNERS: usize = 100;

/// By which way the readers come.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// To the incidents process itself, as the edge does: a thousand on a connection.
    Incidents,
    /// To the edge, as many on a connection as it takes.
    Edge,
    /// To the edge, each on a connection of its own, as browsers do.
    Alone,
}

/// The ways, with readers at the same time. Those alone are so few that they fit into what many systems allow a
/// process to open.
const READERS: [(Way, usize); 5] = [
    (Way::Incidents, 1_000),
    (Way::Incidents, 10_000),
    (Way::Edge, 1_000),
    (Way::Edge, 10_000),
    (Way::Alone, 500),
];

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
    for (way, count) in READERS {
        // A system of its own: memory that was used before is not given back to be counted again.
        let database = postgres::Database::create_on(server.socket()).await;
        let settings = [("PHAROS__LOG__FILTER", "warn")];
        let mut cluster = Cluster::start_on(database, Shape::OneProcessEach, &settings).await;
        measure(&mut cluster, way, count).await?;
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
        Way::Alone => (1, "to the edge"),
    };
    let channel = || match way {
        Way::Incidents => cluster.internal_channel("incidents"),
        Way::Edge | Way::Alone => cluster.channel(),
    };
    let channels = (0..count.div_ceil(on_one)).map(|_| channel()).collect::<Vec<_>>();
    // A few readers first: what is needed once, and not by each, is there then.
    let few = count.div_ceil(100);
    let heard = Arc::new(Heard::default());
    let mut readers = JoinSet::new();
    let mut beginning = JoinSet::new();
    let request = WatchPageRequest { page_id: page.id(), after_version: 0 };
    for channel in channels.iter().cycle().take(few) {
        readers.spawn(begin(channel.clone(), request.clone(), Arc::clone(&heard)).await?);
    }
    let before = resident(cluster);
    let began = Instant::now();
    for number in few..count {
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
        let kib = |index: usize| now[index].saturating_sub(before[index]) as f64 / (count - few) as f64;
        format!("incidents {:.1} KiB, edge {:.1} KiB", kib(0), kib(1))
    };
    println!("  {count:>6} {name} {on_one} to a connection, there within {took:.1} s");
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
    ["incidents", "edge"].map(|service| status_kib(cluster.process(service).id(), "VmRSS"))
}
