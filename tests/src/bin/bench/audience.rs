//! The product with one page and its subscribers: the real binary, on a Postgres that keeps what it acknowledged.

use std::time::{Duration, Instant};

use kit::time::from_wire;
use pharos::postgres::PrivatePostgres;
use pharos_tests::{Cluster, Company, Incident, PageOf, Shape, postgres};
use proto::incidents::v1::Phase;
use rustix::process::Signal;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _};
use tempfile::TempDir;

use super::machine;

/// No fan-out takes longer, or the benchmark ends.
const LONGEST: Duration = Duration::from_secs(600);
/// A broadcast is looked at seldom, for that costs what is measured: each time after a tenth more of the time that it has
/// taken, and within these bounds. When it ended is written in it.
const LOOKS: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(500));

/// The Postgres of one benchmark, set up as `pharos up` does, with fsync.
pub(crate) struct Server {
    pub(crate) postgres: PrivatePostgres,
    pub(crate) folder: TempDir,
}

impl Server {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("pharos-bench-").tempdir_in("/tmp")?;
        let postgres = postgres::start_with(folder.path(), true).await?;
        Ok(Self { postgres, folder })
    }

    /// A database on it with every migration applied.
    pub(crate) async fn database(&self) -> postgres::Database {
        postgres::Database::create_on(self.postgres.socket()).await
    }

    /// The product on a database of its own, sending to this relay with so many connections.
    pub(crate) async fn product(&self, relay: &str, connections: usize, further: &[(&str, &str)]) -> Cluster {
        let connections = connections.to_string();
        let mut settings = vec![
            ("SMTP_URL", relay),
            ("PHAROS__NOTIFICATIONS__CONNECTIONS", connections.as_str()),
            ("PHAROS__DATABASE__MAX_CONNECTIONS", "12"),
            ("PHAROS__LOG__FILTER", "warn"),
        ];
        settings.extend_from_slice(further);
        Cluster::start_on(self.database().await, Shape::AllInOne, &settings).await
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.postgres.stop().await?;
        Ok(())
    }
}

/// A page with subscribers and an incident to tell them of.
pub(crate) struct Audience {
    pub(crate) incident: Incident,
    pub(crate) count: usize,
    told: usize,
}

/// What became of one fan-out. It runs from the reply to `PostUpdate` until the last outcome is on the disk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FanOut {
    /// Until the broadcast was planned for everybody.
    pub(crate) planned: Duration,
    /// Until its last delivery had its outcome.
    pub(crate) took: Duration,
}

impl Audience {
    /// So many confirmed subscribers on a page of a company of its own; `domain` is their mail provider.
    pub(crate) async fn of(cluster: &Cluster, count: usize, domain: &str) -> anyhow::Result<Self> {
        let company = cluster.company(&format!("Bench {count}")).await;
        let page = page_of(&company, cluster).await;
        // first, so that nobody is told of it
        let incident = page.incident("Elevated API errors", &[]).await;
        let mut database = cluster.database.connect().await;
        seed(&mut database, &page, count, domain).await?;
        Ok(Self { incident, count, told: 0 })
    }

    /// Tells everybody, and fails if not everybody was told.
    pub(crate) async fn tell(&mut self) -> anyhow::Result<FanOut> {
        self.told += 1;
        let body =
            format!("Error rates are falling; we go on watching. This is update number {}.", self.told);
        let page = self.incident.page.clone();
        let update = self.incident.post(Phase::Monitoring, &body).await;
        let (posted, clock) = (Instant::now(), kit::Clock::system());
        let posted_at = clock.now();
        let mut planned = None;
        let (broadcast, progress) = loop {
            anyhow::ensure!(posted.elapsed() < LONGEST, "a fan-out took too long");
            if let Some(broadcast) = page.broadcast(&update.update_id).await {
                let progress = broadcast.progress.unwrap_or_default();
                if planned.is_none() && progress.planned >= self.count as i64 {
                    planned = Some(posted.elapsed());
                }
                if broadcast.completed_at.is_some() {
                    break (broadcast, progress);
                }
            }
            tokio::time::sleep((posted.elapsed() / 10).clamp(LOOKS.0, LOOKS.1)).await;
        };
        anyhow::ensure!(
            progress.sent == self.count as i64,
            "not everybody was told: {progress:?} of {}",
            self.count
        );
        let completed = broadcast.completed_at.unwrap_or_default();
        let completed = from_wire(&completed, clock.now()).map_err(anyhow::Error::msg)?;
        let took = Duration::try_from(completed.duration_since(posted_at))?;
        Ok(FanOut { planned: planned.unwrap_or(took), took })
    }
}

async fn page_of(company: &Company, cluster: &Cluster) -> PageOf {
    let slug = format!("bench-{}", &company.tenant().uuid().simple().to_string()[20..]);
    let page = company.page(&slug).await;
    cluster.run_until_idle().await;
    page
}

/// Writes subscribers as the service would, with ids that grow as theirs do.
async fn seed(database: &mut PgConnection, page: &PageOf, count: usize, domain: &str) -> anyhow::Result<()> {
    let tenant = page.company.tenant().uuid();
    let page: kit::ids::PageId = page.page.page_id.parse()?;
    let page = page.uuid();
    database
        .execute(AssertSqlSafe(format!(
            "insert into subscriptions.subscriber
                 (tenant_id, subscriber_id, page_id, email, locale, state, confirmation_round, created_at, confirmed_at)
             select '{tenant}', ('019a0000-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid, '{page}',
                 'reader' || number || '@{domain}', 'en', 'confirmed', 1, now(), now()
             from generate_series(1, {count}) number"
        )))
        .await?;
    database.execute("vacuum analyze subscriptions.subscriber").await?;
    Ok(())
}

/// What the system has cost so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// CPU seconds of the product.
    pub(crate) product: f64,
    /// CPU seconds of Postgres.
    pub(crate) postgres: f64,
    /// Bytes of write-ahead log.
    pub(crate) log: f64,
}

impl Cost {
    /// Up to now.
    pub(crate) async fn so_far(server: &Server, cluster: &mut Cluster) -> anyhow::Result<Self> {
        let mut database = cluster.database.connect().await;
        Ok(Self {
            product: machine::cpu(cluster.process("notifications").id()),
            postgres: machine::cpu_of_family(server.postgres.pid()),
            log: written(&mut database).await?,
        })
    }

    /// What came on top of an earlier one, a delivery: the CPU times in microseconds.
    pub(crate) fn each_since(self, earlier: Self, deliveries: usize) -> Self {
        let count = deliveries as f64;
        Self {
            product: (self.product - earlier.product) * 1e6 / count,
            postgres: (self.postgres - earlier.postgres) * 1e6 / count,
            log: (self.log - earlier.log) / count,
        }
    }
}

/// Bytes of write-ahead log so far.
pub(crate) async fn written(database: &mut PgConnection) -> anyhow::Result<f64> {
    let row = database.fetch_one("select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8").await?;
    Ok(row.try_get(0)?)
}

/// Puts everything where it belongs, so that what follows begins as everything else did.
pub(crate) async fn checkpoint(cluster: &Cluster) -> anyhow::Result<()> {
    cluster.database.connect().await.execute("checkpoint").await?;
    Ok(())
}

/// Stops the clock of a system that others run beside, so that it costs nothing, or lets it go on.
pub(crate) fn let_run(cluster: &mut Cluster, runs: bool) {
    let signal = if runs { Signal::CONT } else { Signal::STOP };
    cluster.process("notifications").signal(signal);
}
