//! Pages for readers.

use http::{Method, StatusCode};
use proto::incidents::v1::{ComponentStatus, GetPageResponse, Impact, OverallStatus, Phase};

use crate::{
    given,
    web::{assert_in_order, get, post, send},
    world::World,
};

const HOSTILE: &str = "<script>alert(\"1\")</script>";

/// A page on which something is broken.
fn troubled(locale: &str) -> GetPageResponse {
    let mut page = given::page(locale);
    page.overall_status = OverallStatus::PartialOutage.into();
    page.component_groups = vec![given::group("grp_1", "Payments", 1)];
    page.components = vec![
        given::component("cmp_1", None, "Website", ComponentStatus::Operational),
        given::component("cmp_2", Some("grp_1"), "Card payments", ComponentStatus::MajorOutage),
    ];
    let mut updates = vec![
        given::update("upd_3", Phase::Identified, "2026-11-20T23:30:00Z", "Still **working** on it."),
        given::update("upd_2", Phase::Identified, "2026-11-20T23:15:00Z", "A bad deploy."),
        given::update("upd_1", Phase::Investigating, "2026-11-20T23:05:00Z", "Payments fail."),
    ];
    updates[0].affected_components = vec![given::affected("cmp_2", ComponentStatus::MajorOutage)];
    page.open_incidents = vec![given::incident("inc_2", "Payments are down", Impact::Critical, updates)];
    let over = vec![
        given::update("upd_5", Phase::Resolved, "2026-11-10T11:05:00Z", "All is well again."),
        given::update("upd_4", Phase::Investigating, "2026-11-10T10:00:00Z", "Slow pages."),
    ];
    page.recent_incidents = vec![given::incident("inc_1", "Slow pages", Impact::Minor, over)];
    page
}

#[tokio::test]
async fn a_page_tells_its_state_then_open_incidents_then_components_then_recent_incidents() {
    let world = World::showing(troubled("en")).await;
    let page = get(&world, "/p/demo").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_in_order(
        page.text(),
        &[
            "<html lang=\"en\">",
            "<title>Partial outage – Acme status</title>",
            "<h2>Partial outage</h2>",
            "1 open incident",
            "1 component affected",
            "Payments are down",
            "Critical impact",
            "Card payments",
            "<strong>Update</strong>",
            "<time datetime=\"2026-11-20T23:30:00Z\">20 November 2026 at 20:30 GMT−3</time>",
            "<p>Still <strong>working</strong> on it.</p>",
            "<strong>Identified</strong>",
            "A bad deploy.",
            "<strong>Investigating</strong>",
            "Website",
            "Operational",
            "Payments",
            "Card payments",
            "Major outage",
            "/p/demo/incidents/inc_1",
            "Slow pages",
            "All is well again.",
            "Lasted for 1 h 5 min",
            "/p/demo/history",
            "<form class=\"subscribe short\" method=\"post\" action=\"/p/demo/subscribe\">",
        ],
    );
    assert!(!page.text().contains("Slow pages.</p>"), "a summary tells only the last update");
}

#[tokio::test]
async fn a_portuguese_page_is_portuguese_through_and_through() {
    let world = World::showing(troubled("pt-BR")).await;
    let page = get(&world, "/p/demo").await;
    assert_in_order(
        page.text(),
        &[
            "<html lang=\"pt-BR\">",
            "<title>Interrupção parcial – Status de Acme</title>",
            "1 incidente em andamento",
            "1 componente afetado",
            "Impacto crítico",
            "<strong>Atualização</strong>",
            "20 de novembro de 2026 às 20:30 GMT−3",
            "<strong>Identificado</strong>",
            "<strong>Investigando</strong>",
            "Operacional",
            "Interrupção grave",
            "10 de novembro de 2026 às 07:00 GMT−3",
            "Durou 1 h 5 min",
        ],
    );
    assert_eq!(page.header("content-language"), "pt-BR");
    let history = get(&world, "/p/demo/history").await;
    assert_in_order(
        history.text(),
        &["<h1>Histórico de incidentes</h1>", "novembro de 2026</h2>", "Payments"],
    );
}

#[tokio::test]
async fn with_an_incident_open_only_resolved_ones_are_said_not_to_be() {
    for (locale, calm, open) in [
        ("en", "No incidents in the last 14 days.", "No resolved incidents in the last 14 days."),
        ("pt-BR", "Nenhum incidente nos últimos 14 dias.", "Nenhum incidente resolvido nos últimos 14 dias."),
    ] {
        let world = World::showing(given::page(locale)).await;
        assert!(get(&world, "/p/demo").await.text().contains(calm));
        let world = World::showing(GetPageResponse { recent_incidents: vec![], ..troubled(locale) }).await;
        let page = get(&world, "/p/demo").await;
        assert!(page.text().contains(open) && !page.text().contains(calm));
    }
}

#[tokio::test]
async fn nothing_that_a_member_wrote_is_markup() {
    let mut page = troubled("en");
    page.page.as_mut().unwrap().name = HOSTILE.into();
    page.component_groups[0].name = HOSTILE.into();
    for component in &mut page.components {
        component.name = HOSTILE.into();
        component.description = HOSTILE.into();
    }
    for incident in page.open_incidents.iter_mut().chain(&mut page.recent_incidents) {
        incident.title = HOSTILE.into();
        for update in &mut incident.updates {
            update.body = HOSTILE.into();
        }
    }
    let world = World::showing(page).await;
    for path in ["/p/demo", "/p/demo/history", "/p/demo/incidents/inc_2", "/p/demo/subscribe"] {
        let answer = get(&world, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let own = answer.text().matches("<script type=\"module\" src=\"/static/live-").count();
        assert_eq!(answer.text().matches("<script").count(), own, "{path}");
        assert!(answer.text().contains("&#60;script") || answer.text().contains("&lt;script"), "{path}");
    }
}

#[tokio::test]
async fn nothing_from_a_request_is_markup() {
    let world = World::showing(given::page("en")).await;
    let hostile = "%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    for path in [
        format!("/{hostile}"),
        format!("/p/{hostile}"),
        format!("/p/demo/incidents/{hostile}"),
        format!("/p/demo/history?page_token={hostile}"),
        format!("/static/{hostile}"),
        "/p/%FF".to_owned(),
    ] {
        let answer = get(&world, &path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.text().contains("<script"), "{path}");
    }
    let form = post(&world, "/p/demo/subscribe", &format!("email=%22{hostile}")).await;
    assert_eq!(form.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!form.text().contains("<script"));
}

#[tokio::test]
async fn a_history_goes_on_where_it_ended() {
    let world = World::showing(troubled("en")).await;
    let first = get(&world, "/p/demo/history").await;
    assert_in_order(
        first.text(),
        &["November 2026", "Payments are down", "October 2026", "No incidents reported this month"],
    );
    let link = "/p/demo/history?page_token=a%2Fb%26c";
    assert!(first.text().contains(&format!("href=\"{link}\"")), "{}", first.text());
    let second = get(&world, link).await;
    assert_in_order(second.text(), &["September 2026", "Slow pages", "Newest incidents"]);
    assert!(!second.text().contains("page_token"));
}

#[tokio::test]
async fn an_incident_has_a_page_with_its_whole_story() {
    let world = World::showing(troubled("en")).await;
    let story = get(&world, "/p/demo/incidents/inc_1").await;
    assert_in_order(
        story.text(),
        &[
            "<h1 dir=\"auto\">Slow pages</h1>",
            "Resolved",
            "Lasted for 1 h 5 min",
            "All is well again.",
            "Slow pages.",
        ],
    );
    assert!(story.text().contains("id=\"upd_4\""));
}

#[tokio::test]
async fn of_a_long_story_the_front_shows_the_newest_and_folds_the_rest() {
    let mut page = given::page("en");
    let updates = (0..12)
        .rev()
        .map(|n| {
            given::update(
                "upd_1",
                Phase::Monitoring,
                &format!("2026-11-20T10:{n:02}:00Z"),
                &format!("no {n}."),
            )
        })
        .collect();
    page.open_incidents = vec![given::incident("inc_1", "Long", Impact::None, updates)];
    let world = World::showing(page).await;
    let front = get(&world, "/p/demo").await;
    assert_in_order(front.text(), &["no 11.", "no 2.", "2 earlier updates</summary>", "no 1.", "no 0."]);
    assert!(get(&world, "/p/demo/incidents/inc_1").await.text().contains("no 0."));
}

#[tokio::test]
async fn what_does_not_exist_is_a_page_of_its_own_in_the_readers_language() {
    let world = World::showing(given::page("en")).await;
    for path in
        ["/p/other", "/p/demo/incidents/inc_9", "/nowhere", "/p/demo/history?page_token=x", "/static/x.css"]
    {
        let answer = get(&world, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.text().contains("<h1>Page not found</h1>"), "{path}");
        assert_eq!(answer.header("vary"), "accept-language, accept-encoding", "{path}");
    }
    let answer = send(&world, Method::GET, "/nowhere", &[("accept-language", "pt-BR,en;q=0.5")], "").await;
    assert!(answer.text().contains("<h1>Página não encontrada</h1>"));
    let wrong_method = post(&world, "/p/demo", "").await;
    assert_eq!(wrong_method.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_page_whose_service_is_away_says_so_and_when_to_come_back() {
    let world = World::alone().await;
    for path in [
        "/p/demo",
        "/p/demo/history",
        "/p/demo/incidents/inc_1",
        "/p/demo/maintenances/mnt_1",
        "/p/demo/uptime",
        "/p/demo/subscribe",
    ] {
        let answer = get(&world, path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.header("retry-after"), "5", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert!(answer.text().contains("<h1>This page cannot be shown right now</h1>"), "{path}");
    }
    assert_eq!(get(&world, "/.well-known/jwks.json").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get(&world, "/").await.status, StatusCode::OK);
    assert_eq!(get(&world, "/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_page_forbids_others_scripts_frames_and_referrers() {
    let world = World::showing(troubled("en")).await;
    for path in ["/", "/p/demo", "/p/demo/history", "/p/other", "/c/x", "/u/x", "/healthz"] {
        let answer = get(&world, path).await;
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            "{path}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("strict-transport-security"), "max-age=63072000", "{path}");
        assert!(!answer.text().contains(" style=") && !answer.text().contains("<style"), "{path}");
    }
}

#[tokio::test]
async fn a_page_that_the_reader_has_is_not_sent_again() {
    let world = World::showing(troubled("en")).await;
    let first = get(&world, "/p/demo").await;
    assert_eq!(
        first.header("cache-control"),
        "public, max-age=1, stale-while-revalidate=2, stale-if-error=86400"
    );
    let tag = first.header("etag");
    let again = send(&world, Method::GET, "/p/demo", &[("if-none-match", &tag)], "").await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(again.header("etag"), tag);
    let other = send(&world, Method::GET, "/p/demo/history", &[("if-none-match", &tag)], "").await;
    assert_eq!(other.status, StatusCode::OK);
}

#[tokio::test]
async fn a_head_request_gets_the_headers_alone() {
    let world = World::showing(troubled("en")).await;
    let whole = get(&world, "/p/demo").await;
    let head = send(&world, Method::HEAD, "/p/demo", &[], "").await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    assert_eq!(head.header("etag"), whole.header("etag"));
    assert_eq!(head.header("content-length"), whole.body.len().to_string());
}

#[tokio::test]
async fn pages_are_compressed_and_what_is_for_machines_is_not() {
    let world = World::showing(troubled("en")).await;
    let gzip = [("accept-encoding", "gzip")];
    let page = send(&world, Method::GET, "/p/demo", &gzip, "").await;
    assert_eq!(page.header("content-encoding"), "gzip");
    assert_eq!(page.body[..2], [0x1f, 0x8b]);
    let ready = send(&world, Method::GET, "/readyz", &gzip, "").await;
    assert_eq!(ready.header("content-encoding"), "");
}

#[tokio::test]
async fn the_style_sheet_is_kept_for_ever_under_a_name_of_its_content() {
    let world = World::alone().await;
    let landing = get(&world, "/").await;
    let (_, rest) = landing.text().split_once("<link rel=\"stylesheet\" href=\"").unwrap();
    let (path, _) = rest.split_once('"').unwrap();
    let style = get(&world, path).await;
    assert_eq!(style.status, StatusCode::OK);
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(style.header("cache-control"), "public, max-age=31536000, immutable");
    assert!(style.text().contains("prefers-color-scheme: dark"));
}

#[tokio::test]
async fn a_page_of_any_size_is_shown_whole() {
    let mut page = given::page("en");
    page.components = (0..1100)
        .map(|n| {
            given::component(
                &format!("cmp_{n}"),
                None,
                &format!("Component {n}"),
                ComponentStatus::Operational,
            )
        })
        .collect();
    let body = "wide".repeat(6250);
    let updates = vec![given::update("upd_1", Phase::Investigating, "2026-11-20T10:00:00Z", &body)];
    page.open_incidents = vec![given::incident("inc_1", &"x".repeat(200), Impact::None, updates)];
    let world = World::showing(page).await;
    let front = get(&world, "/p/demo").await;
    assert_in_order(front.text(), &[&body, "Component 0<", "Component 1099<", "</html>"]);
}
