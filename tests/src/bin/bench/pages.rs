//! What a page costs, by what is on it and by what happened before: posting an update, and reading the front.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use kit::time::to_wire;
use pharos_tests::{Cluster, PageOf, Shape, postgres, signed};
use proto::incidents::v1::{
    AffectedComponent, Component, ComponentImpact, ComponentStatus, CreateIncidentRequest, GetPageRequest,
    GetUptimeRequest, Phase, PostUpdateRequest, get_page_request,
    incident_service_client::IncidentServiceClient, status_service_client::StatusServiceClient,
};
use tonic::transport::Channel;

use super::figures::spread;

/// Components of the small page and of the large one.
const COMPONENTS: [usize; 2] = [20, 1_100];
/// Past incidents of a young page and of an old one.
const PAST: [usize; 2] = [10, 5_000];
/// Calls of each measurement.
const CALLS: usize = 60;
/// Past incidents entered at the same time.
const WRITERS: usize = 8;

pub(crate) async fn run() -> anyhow::Result<()> {
    println!(
        "A page, by its components and by its past incidents; each call of {CALLS}, one after the other"
    );
    let folder = tempfile::Builder::new().prefix("pharos-bench-").tempdir_in("/tmp")?;
    let server = postgres::start_with(folder.path(), true).await?;
    let database = postgres::Database::create_on(server.socket()).await;
    let settings = [("PHAROS__LOG__FILTER", "warn")];
    let cluster = Cluster::start_on(database, Shape::AllInOne, &settings).await;
    let channel = cluster.internal_channel("incidents");
    let company = cluster.company("Bench").await;
    for count in COMPONENTS {
        let page = company.page(&format!("bench-{count}")).await;
        let mut components = Vec::with_capacity(count);
        for number in 0..count {
            components.push(page.component(&format!("Component {number}")).await);
        }
        let (mut before, mut entered) = (None, 0);
        for past in PAST {
            enter_past(&channel, &page, &components, entered..past).await;
            entered = past;
            let [mut post, mut front, mut uptime] = measure(&channel, &page, &components).await;
            let medians = [median(&mut post), median(&mut front), median(&mut uptime)];
            println!("  {count:>5} components, {past:>5} past incidents");
            println!("    PostUpdate                    {}", spread(&mut post, "ms"));
            println!("    GetPage                       {}", spread(&mut front, "ms"));
            println!("    GetUptime of 90 days, all     {}", spread(&mut uptime, "ms"));
            if let Some(before) = before.replace(medians) {
                let ratio = |index: usize| medians[index] / before[index];
                println!(
                    "    in times of the young page    PostUpdate {:.2}, GetPage {:.2}, GetUptime {:.2}",
                    ratio(0),
                    ratio(1),
                    ratio(2)
                );
            }
        }
    }
    println!();
    drop(cluster);
    server.stop().await?;
    Ok(())
}

/// Enters incidents that were over 100 days ago and before, three a day: each hurt a component for 47 minutes. The page
/// shows none of them, so that what they cost is the cost of a past.
async fn enter_past(
    channel: &Channel,
    page: &PageOf,
    components: &[Component],
    numbers: std::ops::Range<usize>,
) {
    let numbers = numbers.collect::<Vec<_>>();
    let now = kit::Clock::system().now();
    let lots = numbers.chunks(numbers.len().div_ceil(WRITERS).max(1)).map(<[usize]>::to_vec);
    let writers = lots.map(|lot| {
        let (channel, page, components) = (channel.clone(), page.clone(), components.to_vec());
        tokio::spawn(async move {
            for number in lot {
                let began = now - SignedDuration::from_hours(8 * (number as i64 + 300));
                let hurt = &components[number % components.len()];
                let request = CreateIncidentRequest {
                    page_id: page.id(),
                    title: format!("Incident {number}"),
                    phase: Phase::Resolved.into(),
                    body: "It was short, and it is over.".to_owned(),
                    displayed_at: Some(to_wire(began + SignedDuration::from_mins(47))),
                    backfilled: true,
                    component_impacts: vec![ComponentImpact {
                        component_id: hurt.component_id.clone(),
                        status: ComponentStatus::MajorOutage.into(),
                        started_at: Some(to_wire(began)),
                        ended_at: Some(to_wire(began + SignedDuration::from_mins(47))),
                    }],
                    ..Default::default()
                };
                IncidentServiceClient::new(channel.clone())
                    .create_incident(signed(page.company.token(), request))
                    .await
                    .expect("an incident of the past");
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("a writer");
    }
}

/// Milliseconds of each call: posting, the front, uptime.
async fn measure(channel: &Channel, page: &PageOf, components: &[Component]) -> [Vec<f64>; 3] {
    let incident = page.incident("Slow", &[(&components[0], ComponentStatus::PartialOutage)]).await;
    let mut took = [Vec::new(), Vec::new(), Vec::new()];
    let mut incidents = IncidentServiceClient::new(channel.clone());
    let mut status = StatusServiceClient::new(channel.clone()).max_decoding_message_size(16 * 1024 * 1024);
    for number in 0..CALLS {
        let said =
            if number % 2 == 0 { ComponentStatus::MajorOutage } else { ComponentStatus::PartialOutage };
        let request = PostUpdateRequest {
            incident_id: incident.incident_id.clone(),
            phase: Phase::Identified.into(),
            body: "We are on it.".to_owned(),
            affected_components: vec![AffectedComponent {
                component_id: components[1].component_id.clone(),
                status: said.into(),
            }],
            ..Default::default()
        };
        took[0].push(timed(incidents.post_update(signed(page.company.token(), request))).await);
        let request = GetPageRequest { page: Some(get_page_request::Page::PageId(page.id())) };
        took[1].push(timed(status.get_page(request)).await);
        let request = GetUptimeRequest { page_id: page.id(), ..Default::default() };
        took[2].push(timed(status.get_uptime(request)).await);
    }
    incident.post(Phase::Resolved, "Over.").await;
    took
}

async fn timed<T>(call: impl Future<Output = Result<T, tonic::Status>>) -> f64 {
    let began = Instant::now();
    call.await.expect("an answer");
    let took: Duration = began.elapsed();
    took.as_secs_f64() * 1000.0
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
