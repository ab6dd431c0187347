//! What programs read of a page, read by programs that we did not write.

use std::{path::Path, process::Stdio};

use kit::{
    code::Code,
    ids::{ComponentGroupId, ComponentId, IncidentId, MaintenanceId, PageId},
};
use pharos_tests::{Cluster, Incident, Maintenance, PageOf, Shape, mask, seconds_from_now};
use proto::incidents::v1::{
    Component, ComponentStatus, CreateComponentRequest, CreateIncidentRequest, CreateMaintenanceRequest,
    MaintenancePhase, Phase, PostUpdateRequest, UpdateMaintenanceRequest,
};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, process::Command};

const HOURS: i64 = 3600;

/// The code of an id of this kind.
macro_rules! code {
    ($kind:ty, $id:expr) => {
        Code::of($id.parse::<$kind>().unwrap().uuid()).to_string()
    };
}

#[tokio::test]
async fn readers_that_are_not_ours_read_a_page_as_it_happened() {
    let cluster =
        Cluster::start_with(Shape::AllInOne, &[("PHAROS__SERVER__PAGES_DOMAIN", "localhost")]).await;
    let page = cluster.company("Açaí & Co").await.page_in("acme", "en", "America/Sao_Paulo").await;
    let story = what_happened(&cluster, &page).await.to_string();

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let python = root.join(".tools/python/bin/python");
    assert!(python.is_file(), "the Python of the tests is missing; run: make python");
    let mut python = Command::new(python);
    read(python.arg(root.join("tests/python/read_formats.py")), &story).await;
    cluster.smtp.mail_to("ada@example.net", 0).await;

    let packages = root.join(".tools/node/node_modules");
    assert!(packages.is_dir(), "the packages of the tests from npm are missing; run: make node");
    let mut node = Command::new("node");
    read(node.arg(root.join("tests/node/read_formats.cjs")).env("NODE_PATH", packages), &story).await;
}

/// Lets a program read the page, and shows what it says.
async fn read(program: &mut Command, story: &str) {
    let program = program.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut program = program.spawn().expect("the program is installed");
    program.stdin.take().unwrap().write_all(story.as_bytes()).await.unwrap();
    let said = program.wait_with_output().await.unwrap();
    println!("{}", String::from_utf8_lossy(&said.stdout));
    assert!(said.status.success(), "the reader found what is above");
}

/// A page with a past, a present and plans; told as the readers should read it.
async fn what_happened(cluster: &Cluster, page: &PageOf) -> Value {
    let checkout = page.group("Checkout").await;
    let component_group_id = Some(checkout.component_group_id.clone());
    let member = |name: &str| CreateComponentRequest {
        name: name.to_owned(),
        component_group_id: component_group_id.clone(),
        ..Default::default()
    };
    let cards = page.component_with(member("Cartões")).await;
    let pix = page.component_with(member("Pix")).await;
    let api = page.component("API & web").await;

    let long_ago = entered(page, "The old network", 240).await;
    let a_month_ago = entered(page, "Late payments", 35).await;
    let closed = page.incident("Cards are refused", &[(&cards, ComponentStatus::MajorOutage)]).await;
    closed.post(Phase::Identified, "A certificate **ran out**.").await;
    closed.post(Phase::Monitoring, "We put a new one there.").await;
    let over = PostUpdateRequest {
        phase: Phase::Resolved.into(),
        body: "Cards are taken again.".to_owned(),
        affected_components: pharos_tests::affected(&[(&cards, ComponentStatus::Operational)]),
        ..Default::default()
    };
    closed.post_with(over).await;
    closed.write_postmortem("Nobody had written down when it ends.\n\n- Now somebody has.").await;
    closed.publish_postmortem(false).await;

    let opened = CreateIncidentRequest {
        title: "API & web are slow".to_owned(),
        phase: Phase::Investigating.into(),
        body: "Pages take long; we look for why.".to_owned(),
        affected_components: pharos_tests::affected(&[(&api, ComponentStatus::DegradedPerformance)]),
        ..Default::default()
    };
    let open = page.incident_with(opened).await;
    open.post(Phase::Identified, "A query reads everything.").await;
    open.post(Phase::Identified, "It is being changed.").await;

    let disks = planned(page, "Disks; in rows, and racks", 24, &pix).await;
    let power = planned(page, "Power", 48, &api).await;
    let cables = planned(page, "Cables", 72, &api).await;
    let (start, end) = (seconds_from_now(100 * HOURS), seconds_from_now(103 * HOURS));
    let moved = UpdateMaintenanceRequest {
        maintenance_id: power.maintenance_id.clone(),
        update_mask: mask(&["scheduled_start_at", "scheduled_end_at"]),
        scheduled_start_at: Some(start),
        scheduled_end_at: Some(end),
        ..Default::default()
    };
    page.caller().maintenances().update_maintenance(moved).await.unwrap();
    cables.post(MaintenancePhase::Cancelled, "The cables have not come.").await;

    let group = code!(ComponentGroupId, checkout.component_group_id);
    let component = |component: &Component, group: Option<&str>, status: &str| {
        json!({
            "code": code!(ComponentId, component.component_id),
            "name": component.name,
            "group": group,
            "status": status,
        })
    };
    let maintenances = [
        told(&disks, "scheduled", false).await,
        told(&power, "scheduled", true).await,
        told(&cables, "cancelled", false).await,
    ];
    let url = cluster.url();
    json!({
        "at": url,
        "url": format!("{url}/p/acme"),
        "host": url.replace("http://127.0.0.1", "acme.localhost"),
        "page": {
            "code": code!(PageId, page.id()),
            "name": page.page.name,
            "time_zone": "America/Sao_Paulo",
        },
        "status": { "indicator": "minor", "description": "Partially Degraded Service" },
        "groups": [{ "code": group, "name": "Checkout", "status": "operational" }],
        "components": [
            component(&cards, Some(&group), "operational"),
            component(&pix, Some(&group), "operational"),
            component(&api, None, "degraded_performance"),
        ],
        "incidents": [
            {
                "code": code!(IncidentId, open.incident_id),
                "title": "API & web are slow",
                "status": "identified",
                "impact": "minor",
                "affects": ["API & web"],
                "phases": ["identified", "identified", "investigating"],
            },
            {
                "code": code!(IncidentId, closed.incident_id),
                "title": "Cards are refused",
                "status": "postmortem",
                "impact": "critical",
                "affects": ["Cartões"],
                "phases": ["postmortem", "resolved", "monitoring", "identified", "investigating"],
            },
            past(&a_month_ago, "Late payments"),
            past(&long_ago, "The old network"),
        ],
        "maintenances": maintenances,
        // ten of incidents, three that announce, one that moves, one that cancels
        "updates": 15,
        "said": [
            "We look into it: Cards are refused.",
            "A certificate <strong>ran out</strong>.",
            "We put a new one there.",
            "Cards are taken again.",
            "<li>Now somebody has.</li>",
            "Pages take long; we look for why.",
            "It is being changed.",
            "The cables have not come.",
        ],
        "subscriber": "ada@example.net",
    })
}

/// An incident of so many days ago, entered after the fact.
async fn entered(page: &PageOf, title: &str, days_ago: i64) -> Incident {
    page.incident_with(CreateIncidentRequest {
        title: title.to_owned(),
        phase: Phase::Resolved.into(),
        body: "It is over.".to_owned(),
        displayed_at: Some(seconds_from_now(-24 * HOURS * days_ago)),
        backfilled: true,
        ..Default::default()
    })
    .await
}

fn past(incident: &Incident, title: &str) -> Value {
    json!({
        "code": code!(IncidentId, incident.incident_id),
        "title": title,
        "status": "resolved",
        "impact": "none",
        "affects": [],
        "phases": ["resolved"],
    })
}

/// An hour of work on a component, announced.
async fn planned(page: &PageOf, title: &str, hours_from_now: i64, component: &Component) -> Maintenance {
    page.maintenance_with(CreateMaintenanceRequest {
        title: title.to_owned(),
        body: format!("We work on it, {title}."),
        component_ids: vec![component.component_id.clone()],
        scheduled_start_at: Some(seconds_from_now(hours_from_now * HOURS)),
        scheduled_end_at: Some(seconds_from_now((hours_from_now + 1) * HOURS)),
        ..Default::default()
    })
    .await
}

async fn told(maintenance: &Maintenance, status: &str, moved: bool) -> Value {
    let found = maintenance.get().await;
    json!({
        "code": code!(MaintenanceId, maintenance.maintenance_id),
        "title": found.title,
        "status": status,
        "moved": moved,
        "start": found.scheduled_start_at.unwrap().seconds,
        "end": found.scheduled_end_at.unwrap().seconds,
    })
}
