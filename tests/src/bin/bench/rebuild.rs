//! What a change costs the edge whose readers wait for it, and when they have it: a large page with a long past.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use http::{
    StatusCode,
    header::{ACCEPT_ENCODING, IF_NONE_MATCH},
};
use jiff::SignedDuration;
use kit::time::to_wire;
use pharos_tests::{Cluster, Incident, PageOf, affected};
use proto::incidents::v1::{
    Component, ComponentImpact, ComponentStatus, CreateIncidentRequest, Phase, PostUpdateRequest,
};

use super::{
    ROUNDS,
    audience::Server,
    figures::{Figures, Target, quantile},
    machine,
    visitor::{Visitor, product},
};

/// Of the page.
const COMPONENTS: usize = 100;
/// Incidents that were over at some time of the last 90 days.
const PAST: usize = 200;
/// Changes of a round: an incident is opened, told more of, and resolved.
const CHANGES: usize = 20;
/// Looks of a round while nothing changes.
const LOOKS: usize = 1_000;
/// Between one look and the next.
const PACE: Duration = Duration::from_millis(1);
/// Between one change and the next: what follows the first answer has its time too, and is counted.
const PAUSE: Duration = Duration::from_millis(50);
/// No change takes longer to be seen, or the benchmark ends.
const LONGEST: Duration = Duration::from_secs(10);

pub(crate) async fn run() -> anyhow::Result<()> {
    println!("A page with {COMPONENTS} components and {PAST} past incidents, read while it changes");
    println!("  {}", machine::load());
    let server = Server::start().await?;
    let mut cluster = product(&server, &[]).await?;
    let (page, components) = given_page(&cluster).await;
    let edge = cluster.process("edge").id();
    let mut reader = Reader::of(&cluster, &page).await?;
    reader.look().await?;

    let (mut figures, mut served) = (Figures::default(), Vec::new());
    for _ in 0..ROUNDS {
        let before = machine::cpu(edge);
        for _ in 0..LOOKS {
            reader.look().await?;
            tokio::time::sleep(PACE).await;
        }
        let look = (machine::cpu(edge) - before) / LOOKS as f64;

        let (before, mut looks, mut incident) = (machine::cpu(edge), 0, None);
        for number in 0..CHANGES {
            let awaited = page.shown().await.version + 1;
            change(&page, &components, number, &mut incident).await;
            let committed = Instant::now();
            loop {
                looks += 1;
                if reader.look().await? >= awaited {
                    break;
                }
                anyhow::ensure!(committed.elapsed() < LONGEST, "version {awaited} was never served");
                tokio::time::sleep(PACE).await;
            }
            served.push(committed.elapsed().as_secs_f64() * 1e3);
            tokio::time::sleep(PAUSE).await;
        }
        let cpu = machine::cpu(edge) - before - look * f64::from(looks);
        figures.note("CPU of a look at two documents that are the same", "us", look * 1e6);
        figures.hold("CPU of the edge a change", "ms", cpu * 1e3 / CHANGES as f64, Target::AtMost(10.0));
    }
    for (name, share) in [("p50", 0.5), ("p99", 0.99), ("the slowest", 1.0)] {
        figures.note(
            &format!("from the change's reply until it is served, {name}"),
            "ms",
            quantile(&served, share),
        );
    }
    for document in &reader.documents {
        println!("  {}: {} bytes with gzip", document.path, document.bytes);
    }
    figures.print();
    drop(cluster);
    server.stop().await
}

/// The page, whose members go past the edge: what they ask for would cost it something too.
async fn given_page(cluster: &Cluster) -> (PageOf, Vec<Component>) {
    let mut page = cluster.company("Bench").await.page("bench").await;
    page.company.channel = cluster.internal_channel("incidents");
    let mut components = Vec::with_capacity(COMPONENTS);
    for number in 0..COMPONENTS {
        components.push(page.component(&format!("Component {number}")).await);
    }
    let now = kit::Clock::system().now();
    for number in 0..PAST {
        let began = now - SignedDuration::from_hours(10 * (number as i64 + 1));
        let ended = began + SignedDuration::from_mins(47);
        let request = CreateIncidentRequest {
            title: format!("Incident {number}"),
            phase: Phase::Resolved.into(),
            body: "It was short, and it is over.".to_owned(),
            displayed_at: Some(to_wire(ended)),
            backfilled: true,
            component_impacts: vec![ComponentImpact {
                component_id: components[number % COMPONENTS].component_id.clone(),
                status: ComponentStatus::MajorOutage.into(),
                started_at: Some(to_wire(began)),
                ended_at: Some(to_wire(ended)),
            }],
            ..Default::default()
        };
        page.incident_with(request).await;
    }
    page.incident("Slow since yesterday", &[(&components[0], ComponentStatus::DegradedPerformance)]).await;
    (page, components)
}

/// The next change of a round.
async fn change(page: &PageOf, components: &[Component], number: usize, incident: &mut Option<Incident>) {
    let hurt = &components[number % COMPONENTS];
    match incident {
        None => *incident = Some(page.incident("Slow", &[(hurt, ComponentStatus::PartialOutage)]).await),
        Some(open) if number + 1 == CHANGES => {
            open.post(Phase::Resolved, "Over.").await;
        }
        Some(open) => {
            let request = PostUpdateRequest {
                phase: Phase::Identified.into(),
                body: "We are on it.".to_owned(),
                affected_components: affected(&[(hurt, ComponentStatus::MajorOutage)]),
                ..Default::default()
            };
            open.post_with(request).await;
        }
    }
}

/// Somebody who looks at documents of the page again and again, and is told if they are the same.
struct Reader {
    visitor: Visitor,
    documents: [Document; 2],
}

/// What the reader has of a document.
struct Document {
    path: String,
    tag: String,
    version: i64,
    bytes: usize,
}

impl Reader {
    async fn of(cluster: &Cluster, page: &PageOf) -> anyhow::Result<Self> {
        let documents = ["", "/api/v2/summary.json"].map(|below| Document {
            path: format!("/p/{}{below}", page.page.slug),
            tag: String::new(),
            version: 0,
            bytes: 0,
        });
        Ok(Self { visitor: Visitor::of(&cluster.url()).await?, documents })
    }

    /// Looks at each; answers the oldest of their versions.
    async fn look(&mut self) -> anyhow::Result<i64> {
        for document in &mut self.documents {
            let mut headers = vec![(ACCEPT_ENCODING, "gzip")];
            if !document.tag.is_empty() {
                headers.push((IF_NONE_MATCH, document.tag.as_str()));
            }
            let answer = self.visitor.get(&document.path, &headers).await?;
            match answer.status {
                StatusCode::NOT_MODIFIED => {}
                StatusCode::OK => document.bytes = answer.body.len(),
                other => anyhow::bail!("{} is {other}", document.path),
            }
            document.tag = answer.tag()?.to_owned();
            document.version = answer.header("pharos-version")?.parse()?;
        }
        self.documents.iter().map(|document| document.version).min().context("two documents")
    }
}
