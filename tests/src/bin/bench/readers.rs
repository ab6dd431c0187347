//! Many who read one page, from the product and from nginx: the same bytes, from memory and from files.

use http::{
    HeaderName, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, IF_NONE_MATCH},
};
use jiff::SignedDuration;
use kit::time::to_wire;
use pharos_tests::{Cluster, PageOf};
use proto::incidents::v1::{
    ComponentImpact, ComponentStatus, CreateComponentRequest, CreateIncidentRequest, Phase,
};

use super::{
    ROUNDS,
    audience::Server,
    figures::{Figures, Target},
    machine,
    visitor::{Answer, Visitor, product},
    web_servers::{CONNECTIONS, File, Nginx, read},
};

/// Components of the page, in groups of this many, and its past incidents, one a day: it has about 30 KB.
const COMPONENTS: usize = 16;
const IN_A_GROUP: usize = 4;
const PAST: usize = 10;

/// The documents by their names at nginx, and where the product has them below the page's address.
const DOCUMENTS: [(&str, &str); 2] = [("page", ""), ("summary.json", "/api/v2/summary.json")];

/// Who serves.
struct Contender {
    name: &'static str,
    url: String,
    /// This process and its children do it.
    process: u32,
}

/// What is asked for again and again.
struct Case {
    name: String,
    /// The paths of each contender.
    paths: [String; 2],
    /// Whether the reader has it already.
    is_known: bool,
    /// How many times as many requests a CPU second as nginx the product should serve.
    least: f64,
}

pub(crate) async fn run() -> anyhow::Result<()> {
    println!(
        "Readers of one page over {CONNECTIONS} connections that stay open, with gzip, from memory and from nginx's files"
    );
    println!("  {}", machine::load());
    let server = Server::start().await?;
    // like nginx's one worker: with more of them, on a machine of two cores, wrk is what they would take the time from
    let mut cluster = product(&server, &[("TOKIO_WORKER_THREADS", "1")]).await?;
    let page = given_page(&cluster).await;
    let path = format!("/p/{}", page.page.slug);

    let mut visitor = Visitor::of(&cluster.url()).await?;
    let mut files = Vec::new();
    for (name, below) in DOCUMENTS {
        let path = format!("{path}{below}");
        let plain = visitor.get(&path, &[]).await?;
        let packed = visitor.get(&path, &[(ACCEPT_ENCODING, "gzip")]).await?;
        let (large, small) = (plain.body.len(), packed.body.len());
        println!("  {name}: {large} bytes, {small} of them with gzip");
        files.push(File { name, plain: plain.body, gzip: packed.body, headers: packed.headers });
    }
    let nginx = Nginx::start(&files).await?;
    let edge = cluster.process("edge").id();
    let contenders = [
        Contender { name: "product", url: cluster.url(), process: edge },
        Contender { name: "nginx", url: nginx.url(), process: nginx.id() },
    ];
    let cases = cases(&path, &contenders).await?;

    let (mut figures, mut ratios) = (Figures::default(), Figures::default());
    for round in 0..ROUNDS {
        for case in &cases {
            let mut measured = [[0.0; 2]; 2];
            // each is the first as often as the other
            for turn in 0..contenders.len() {
                let index = (round + turn) % contenders.len();
                measured[index] = measure(case, &contenders[index], &case.paths[index], &mut figures).await?;
            }
            let [product, nginx] = measured;
            let name = |what: &str| format!("{}: {what}, product / nginx", case.name);
            let target = Target::AtLeast(case.least);
            ratios.hold(&name("requests a CPU second"), "", product[0] / nginx[0], target);
            ratios.hold(&name("p99"), "", product[1] / nginx[1], Target::AtMost(1.0));
        }
    }
    let threads = std::fs::read_dir(format!("/proc/{edge}/task"))?.count();
    println!("  the product's edge has one thread for readers ({threads} in all), nginx one worker");
    figures.print();
    ratios.print();
    drop((nginx, cluster));
    server.stop().await
}

/// A page as companies of some size have it.
async fn given_page(cluster: &Cluster) -> PageOf {
    let page = cluster.company("Bench").await.page("bench").await;
    let mut components = Vec::new();
    for number in 0..COMPONENTS / IN_A_GROUP {
        let group = page.group(&format!("Region {number}")).await;
        for name in ["API", "Dashboard", "Webhooks", "Search"].into_iter().take(IN_A_GROUP) {
            let request = CreateComponentRequest {
                name: format!("{name} of region {number}"),
                description: format!("What customers of region {number} use as {name}."),
                component_group_id: Some(group.component_group_id.clone()),
                ..Default::default()
            };
            components.push(page.component_with(request).await);
        }
    }
    let now = kit::Clock::system().now();
    for number in 0..PAST {
        let hurt = &components[number % components.len()];
        let began = now - SignedDuration::from_hours(24 * (number as i64 + 1));
        let ended = began + SignedDuration::from_mins(47);
        let request = CreateIncidentRequest {
            title: format!("{} answered slowly", hurt.name),
            phase: Phase::Resolved.into(),
            body:
                "A **deployment** doubled the load on a database. It was rolled back, and all is well again."
                    .to_owned(),
            displayed_at: Some(to_wire(ended)),
            backfilled: true,
            component_impacts: vec![ComponentImpact {
                component_id: hurt.component_id.clone(),
                status: ComponentStatus::PartialOutage.into(),
                started_at: Some(to_wire(began)),
                ended_at: Some(to_wire(ended)),
            }],
            ..Default::default()
        };
        page.incident_with(request).await;
    }
    let affected = [
        (&components[0], ComponentStatus::PartialOutage),
        (&components[1], ComponentStatus::DegradedPerformance),
    ];
    let open = page.incident("Elevated error rates", &affected).await;
    open.post(Phase::Identified, "A network device drops packets; it is being replaced.").await;
    open.post(Phase::Monitoring, "The device is replaced. Error rates are falling; we go on watching.").await;
    page
}

/// All cases, once it is sure that both contenders answer them with the same.
async fn cases(path: &str, contenders: &[Contender; 2]) -> anyhow::Result<Vec<Case>> {
    let (mut whole, mut unchanged) = (Vec::new(), Vec::new());
    for (name, below) in DOCUMENTS {
        let [product, nginx] = contenders;
        let (ours, theirs) = (format!("{path}{below}"), format!("/{name}"));
        let (first, second) = (checked(product, &ours).await?, checked(nginx, &theirs).await?);
        anyhow::ensure!(first.body == second.body, "{name}: nginx serves other bytes than the product");
        let paths = [ours, theirs];
        whole.push(Case { name: name.to_owned(), paths: paths.clone(), is_known: false, least: 1.2 });
        unchanged.push(Case { name: format!("{name}, 304"), paths, is_known: true, least: 1.0 });
    }
    whole.extend(unchanged);
    Ok(whole)
}

/// The whole answer of a contender who compresses it, and knows it again.
async fn checked(contender: &Contender, path: &str) -> anyhow::Result<Answer> {
    let mut visitor = Visitor::of(&contender.url).await?;
    let whole = visitor.get(path, &[(ACCEPT_ENCODING, "gzip")]).await?;
    let who = contender.name;
    anyhow::ensure!(whole.status == StatusCode::OK, "{who}: {path} is {}", whole.status);
    anyhow::ensure!(whole.header(CONTENT_ENCODING.as_str())? == "gzip", "{who}: {path} is not compressed");
    let again = visitor.get(path, &headers(Some(whole.tag()?))).await?;
    anyhow::ensure!(again.status == StatusCode::NOT_MODIFIED, "{who}: {path} is {} again", again.status);
    Ok(whole)
}

fn headers(tag: Option<&str>) -> Vec<(HeaderName, &str)> {
    [(ACCEPT_ENCODING, "gzip")].into_iter().chain(tag.map(|tag| (IF_NONE_MATCH, tag))).collect()
}

/// Requests a CPU second, and the p99 in milliseconds.
async fn measure(
    case: &Case,
    contender: &Contender,
    path: &str,
    figures: &mut Figures,
) -> anyhow::Result<[f64; 2]> {
    let (seen, cpu) = loop {
        let tag = checked(contender, path).await?.tag()?.to_owned();
        let before = machine::cpu_of_family(contender.process);
        let headers = headers(case.is_known.then_some(tag.as_str()));
        let seen = read(&format!("{}{path}", contender.url), &headers).await?;
        let cpu = machine::cpu_of_family(contender.process) - before;
        // the uptime of a page with an open incident changes now and then; who has the page before it is sent the whole
        if checked(contender, path).await?.tag()? == tag {
            break (seen, cpu);
        }
    };
    let mut note = |what: &str, unit, value| {
        figures.note(&format!("{}: {}, {what}", case.name, contender.name), unit, value);
    };
    note("requests", "/s", seen.rate);
    note("CPU a request", "us", cpu * 1e6 / seen.requests);
    note("p50", "ms", seen.p50);
    note("p99", "ms", seen.p99);
    Ok([seen.requests / cpu, seen.p99])
}
