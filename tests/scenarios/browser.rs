//! The pages as people meet them: in a real browser, with eyes or without, with a mouse or without.

use std::{path::Path, process::Stdio};

use pharos_tests::{Cluster, Incident, PageOf, affected, seconds_from_now};
use proto::incidents::v1::{
    ComponentStatus, CreateComponentGroupRequest, CreateComponentRequest, CreateIncidentRequest, Phase,
    PostUpdateRequest,
};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, process::Command};

const HOUR: i64 = 3600;

/// A language with the words of a company that speaks it: a group, a component, an incident and what is said of it.
const COMPANIES: [[&str; 6]; 6] = [
    ["en", "UTC", "Payments", "Checkout", "Card payments fail", "We are looking for the cause."],
    ["pt-BR", "America/Sao_Paulo", "Pagamentos", "Finalização", "Falha nos pagamentos", "Buscamos a causa."],
    ["es", "Europe/Madrid", "Pagos", "Caja", "Fallan los pagos con tarjeta", "Buscamos la causa."],
    [
        "de",
        "Europe/Berlin",
        "Zahlungsverkehrsabwicklung",
        "Kreditkartenautorisierungsschnittstelle",
        "Kartenzahlungen schlagen fehl",
        "Wir suchen die Ursache.",
    ],
    ["fr", "Europe/Paris", "Paiements", "Caisse", "Échec des paiements", "Nous cherchons la cause."],
    ["ja", "Asia/Tokyo", "決済", "チェックアウト", "カード決済が失敗します", "原因を調査しています。"],
];

/// Texts that run if anything takes them for more.
const HOSTILE: [&str; 16] = [
    "<script>hacked()</script>",
    "</title><script>hacked()</script>",
    "<img src=x onerror=hacked()>",
    "\"><svg onload=hacked()>",
    "'\"><img src=x onerror='hacked()'>",
    "</style></textarea><script>hacked()</script>",
    "]]><script>hacked()</script>",
    "--><script>hacked()</script>",
    "&lt;img src=x onerror=hacked()&gt;",
    "&#60;img src=x onerror=hacked()>",
    "<details open ontoggle=hacked()>",
    "<iframe srcdoc='<script>parent.hacked()</script>'>",
    "<a href=javascript:hacked()>here</a>",
    "<meta http-equiv=refresh content='0;url=javascript:hacked()'>",
    "{{7+7}} ${hacked()} {% raw %} <%= 7+7 %> #{7+7}",
    "\\\"};hacked();//",
];

/// The same by Markdown's own means.
const HOSTILE_MARKDOWN: &str = "[one](javascript:hacked()) [two](JaVaScRiPt&colon;hacked()) \
    [three](data:text/html,<script>hacked()</script>) [four](vbscript:hacked())\n\n\
    ![five](x\" onerror=\"hacked()) ![six](https://tracker.example/a.png) <javascript:hacked()>\n\n\
    [seven](https://example.com/\"onmouseover=\"hacked()) [eight][ref]\n\n[ref]: javascript:hacked()\n\n\
    ```\"><script>hacked()</script>\ncode\n```";

#[tokio::test]
async fn pages_of_every_language_can_be_used_by_everybody_on_every_screen() {
    let cluster = Cluster::all_in_one().await;
    let mut steps = Vec::new();
    for words in COMPANIES {
        let [language, zone, ..] = words;
        let slug = format!("acme-{}", language.to_lowercase());
        let page = cluster.company("Acme").await.page_in(&slug, language, zone).await;
        let pages = lively(&cluster, &page, words).await;
        steps.push(json!({ "does": "look", "at": cluster.url(), "language": language, "pages": pages }));
    }
    for does in ["withoutScript", "walk"] {
        steps.push(json!({ "does": does, "at": cluster.url(), "path": "/p/acme-en" }));
    }
    browse(steps).await;
}

#[tokio::test]
async fn a_reader_subscribes_confirms_and_leaves_by_clicking() {
    const EMAIL: &str = "ada@example.net";
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let at = cluster.url();
    let ask = json!({ "does": "ask", "at": at, "path": "/p/acme", "email": EMAIL });
    let press = |link: &str, what: &str| json!({ "does": "press", "at": at, "link": link, "what": what });

    browse(vec![ask]).await;
    let link = format!("/c/{}", cluster.smtp.mail_to(EMAIL, 0).await.token("/c/"));
    browse(vec![press(&link, "confirming")]).await;
    let incident = page.incident("Slow", &[]).await;
    page.completed_broadcast(&incident.first.update_id).await;
    let mail = cluster.smtp.mail_to(EMAIL, 1).await;
    assert!(mail.text().contains("Slow"), "{}", mail.text());
    browse(vec![press(&format!("/u/{}", mail.token("/u/")), "leaving")]).await;
    let update = incident.post(Phase::Identified, "Found.").await;
    page.completed_broadcast(&update.update_id).await;
    assert_eq!(cluster.smtp.mails_to(EMAIL).len(), 2, "who left is told nothing more");
}

#[tokio::test]
async fn texts_that_try_to_be_more_are_shown_as_texts_and_run_nowhere() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("\"><img src=x onerror=hacked()>").await.page("hostile").await;
    let body = format!("{}\n\n{HOSTILE_MARKDOWN}", HOSTILE.join("\n\n"));
    // Markdown reads entities and backslashes in a body, and nothing else of these
    let plain = HOSTILE.into_iter().filter(|text| !text.starts_with(['&', '\\']));
    let said = plain.chain([page.page.name.as_str()]).collect::<Vec<_>>();
    let mut pages = Vec::new();
    for text in HOSTILE {
        let all = [&said[..], &[text]].concat();
        let group = CreateComponentGroupRequest {
            page_id: page.id(),
            name: text.to_owned(),
            description: text.to_owned(),
            ..Default::default()
        };
        let group = page.caller().components().create_component_group(group).await.unwrap().into_inner();
        let component = CreateComponentRequest {
            name: text.to_owned(),
            description: text.to_owned(),
            component_group_id: Some(group.component_group.unwrap().component_group_id),
            shows_uptime: Some(true),
            ..Default::default()
        };
        let component = page.component_with(component).await;
        let incident = page.incident(text, &[(&component, ComponentStatus::MajorOutage)]).await;
        incident.post(Phase::Identified, &body).await;
        pages.push(shown(&incident_path(&page, &incident), &all));
        let (start, end) = (seconds_from_now(HOUR), seconds_from_now(2 * HOUR));
        let planned = page.maintenance(text, start, end, &[&component]).await;
        planned.post(proto::incidents::v1::MaintenancePhase::Scheduled, &body).await;
        let path = format!("/p/hostile/maintenances/{}", planned.maintenance_id);
        pages.push(shown(&path, &all));
    }
    let over = page.incident("Over", &[]).await;
    over.post(Phase::Resolved, &body).await;
    over.write_postmortem(&body).await;
    over.publish_postmortem(true).await;
    pages.push(shown(&incident_path(&page, &over), &said));
    for path in ["/p/hostile", "/p/hostile/history", "/p/hostile/uptime", "/p/hostile/subscribe"] {
        pages.push(shown(path, &HOSTILE));
    }
    let below = |paths: &[&str]| paths.iter().map(|path| format!("/p/hostile{path}")).collect::<Vec<_>>();
    let documents = [
        "/history.atom",
        "/history.rss",
        "/updates.atom",
        "/feed.json",
        "/maintenances.ics",
        "/badge.svg",
        "/widget.json",
        "/widget.js",
        "/api/v2/summary.json",
        "/api/v2/incidents.json",
    ];
    browse(vec![json!({
        "does": "provoke",
        "at": cluster.url(),
        "base": "/p/hostile",
        "texts": HOSTILE,
        "pages": pages,
        "documents": below(&documents),
        "feeds": below(&["/history.atom", "/history.rss", "/updates.atom", "/feed.json"]),
    })])
    .await;
}

/// Lets a browser do this, and shows what it says.
pub(crate) async fn browse(steps: Vec<Value>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let packages = root.join(".tools/node/node_modules");
    assert!(
        packages.join("axe-core").is_dir(),
        "the packages of the tests from npm are missing; run: make node"
    );
    let mut node = Command::new("node");
    node.arg(root.join("tests/node/browse.cjs")).env("NODE_PATH", packages);
    let mut node = node.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    node.stdin.take().unwrap().write_all(Value::from(steps).to_string().as_bytes()).await.unwrap();
    let said = node.wait_with_output().await.unwrap();
    println!("{}", String::from_utf8_lossy(&said.stdout));
    assert!(said.status.success(), "the browser found what is above");
}

fn shown(path: &str, texts: &[&str]) -> Value {
    json!({ "path": path, "shows": texts })
}

fn incident_path(page: &PageOf, incident: &Incident) -> String {
    format!("/p/{}/incidents/{}", page.page.slug, incident.incident_id)
}

/// Gives a page all that can be seen on one, and returns its pages: a name, an address and a status each.
async fn lively(cluster: &Cluster, page: &PageOf, words: [&str; 6]) -> Value {
    let [_, _, group, component, title, said] = words;
    let group = page.group(group).await;
    let mut components = Vec::new();
    for (index, status) in [
        ComponentStatus::Operational,
        ComponentStatus::DegradedPerformance,
        ComponentStatus::PartialOutage,
        ComponentStatus::MajorOutage,
        ComponentStatus::UnderMaintenance,
    ]
    .into_iter()
    .enumerate()
    {
        let request = CreateComponentRequest {
            name: format!("{component} {}", index + 1),
            description: said.to_owned(),
            component_group_id: (index % 2 == 0).then(|| group.component_group_id.clone()),
            shows_uptime: Some(true),
            ..Default::default()
        };
        let made = page.component_with(request).await;
        page.set_status(&made, status).await;
        components.push(made);
    }

    let over =
        page.incident(&format!("{title} (1)"), &[(&components[0], ComponentStatus::MajorOutage)]).await;
    over.post(Phase::Monitoring, said).await;
    let resolved = PostUpdateRequest {
        phase: Phase::Resolved.into(),
        body: said.to_owned(),
        affected_components: affected(&[(&components[0], ComponentStatus::Operational)]),
        ..Default::default()
    };
    over.post_with(resolved).await;
    over.write_postmortem(&format!("## {title}\n\n{said}\n\n- {said}\n\n> {said}\n\n`{title}`")).await;
    over.publish_postmortem(false).await;

    let opened = CreateIncidentRequest {
        title: title.to_owned(),
        phase: Phase::Investigating.into(),
        body: format!("**{said}** [example.com](https://example.com/)"),
        affected_components: affected(&[(&components[3], ComponentStatus::MajorOutage)]),
        ..Default::default()
    };
    let open = page.incident_with(opened).await;
    for _ in 0..3 {
        open.post(Phase::Identified, said).await;
    }
    let promise = PostUpdateRequest {
        phase: Phase::Monitoring.into(),
        body: said.to_owned(),
        next_update_at: Some(seconds_from_now(HOUR)),
        ..Default::default()
    };
    open.post_with(promise).await;

    let now = page.maintenance(title, seconds_from_now(-5), seconds_from_now(HOUR), &[&components[4]]).await;
    page.maintenance(title, seconds_from_now(24 * HOUR), seconds_from_now(25 * HOUR), &[&components[1]])
        .await;
    cluster.run_until_idle().await;

    let slug = &page.page.slug;
    json!([
        ["front", format!("/p/{slug}"), 200],
        ["history", format!("/p/{slug}/history"), 200],
        ["incident", incident_path(page, &open), 200],
        ["incident that is over", incident_path(page, &over), 200],
        ["maintenance", format!("/p/{slug}/maintenances/{}", now.maintenance_id), 200],
        ["uptime", format!("/p/{slug}/uptime"), 200],
        ["form", format!("/p/{slug}/subscribe"), 200],
        ["confirming", "/c/any", 200],
        ["leaving", "/u/any", 200],
        ["nothing", "/p/nothing-here", 404],
    ])
}
