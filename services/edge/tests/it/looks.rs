//! How pages look where they are not read: to search engines, in chats, as a picture beside a link.

use http::{Method, StatusCode};
use proto::incidents::v1::{
    ComponentStatus, GetPageResponse, Impact, Maintenance, MaintenancePhase, MaintenanceUpdate,
    OverallStatus, Phase,
};

use crate::{
    given,
    web::{assert_in_order, get, send},
    world::World,
};

const URL: &str = "https://status.example.com/p/demo";
const PNG: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];

fn troubled(locale: &str, title: &str, body: &str) -> GetPageResponse {
    let mut page = given::page(locale);
    page.version = 7;
    page.overall_status = OverallStatus::PartialOutage.into();
    page.components = vec![given::component("cmp_1", None, "Payments", ComponentStatus::PartialOutage)];
    let updates = vec![
        given::update("upd_2", Phase::Identified, "2026-11-20T23:30:00Z", body),
        given::update("upd_1", Phase::Investigating, "2026-11-20T23:05:00Z", "Payments fail."),
    ];
    page.open_incidents = vec![given::incident("inc_1", title, Impact::Major, updates)];
    let update = MaintenanceUpdate {
        update_id: "upd_3".into(),
        phase: MaintenancePhase::InProgress.into(),
        displayed_at: given::at("2026-11-20T22:00:00Z"),
        ..MaintenanceUpdate::default()
    };
    page.active_maintenances = vec![Maintenance {
        maintenance_id: "mnt_1".into(),
        page_id: given::PAGE_ID.into(),
        title: title.into(),
        phase: MaintenancePhase::InProgress.into(),
        scheduled_start_at: given::at("2026-11-20T22:00:00Z"),
        scheduled_end_at: given::at("2026-11-21T01:00:00Z"),
        updates: vec![update],
        ..Maintenance::default()
    }];
    page
}

#[tokio::test]
async fn every_document_says_what_it_is_where_it_is_and_how_it_looks() {
    let world = World::showing(troubled("en", "Payments are down", "A **bad** deploy.")).await;
    for (place, kind, type_, title, picture) in [
        ("", "website", "WebPage", "Partial outage – Acme status", "/preview.png?v=7"),
        ("/history", "website", "CollectionPage", "Incident history", "/preview.png?v=7"),
        ("/uptime", "website", "WebPage", "Uptime", "/preview.png?v=7"),
        (
            "/incidents/inc_1",
            "article",
            "LiveBlogPosting",
            "Payments are down",
            "/incidents/inc_1/preview.png?v=7",
        ),
        (
            "/maintenances/mnt_1",
            "article",
            "Event",
            "Payments are down",
            "/maintenances/mnt_1/preview.png?v=7",
        ),
    ] {
        let answer = get(&world, &format!("/p/demo{place}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{place}");
        assert_in_order(
            answer.text(),
            &[
                "<meta name=\"description\" content=\"",
                &format!("<link rel=\"canonical\" href=\"{URL}{place}\">"),
                &format!("<meta property=\"og:type\" content=\"{kind}\">"),
                "<meta property=\"og:site_name\" content=\"Acme status\">",
                &format!("<meta property=\"og:title\" content=\"{title}\">"),
                "<meta property=\"og:locale\" content=\"en_US\">",
                &format!("<meta property=\"og:image\" content=\"{URL}{picture}\">"),
                "<meta property=\"og:image:width\" content=\"1200\">",
                "<meta name=\"twitter:card\" content=\"summary_large_image\">",
                "</head>",
            ],
        );
        let thing = format!("name=\"schema.org\" itemscope itemtype=\"https://schema.org/{type_}\"");
        assert_eq!(answer.text().matches(&thing).count(), 1, "{place}");
        assert!(answer.text().contains(&format!(" itemprop=\"url\" content=\"{URL}{place}\">")), "{place}");
        let shown = get(&world, &format!("/p/demo{picture}")).await;
        assert_eq!((shown.status, &shown.body[..8]), (StatusCode::OK, &PNG[..]), "{place}");
    }
    let other = get(&world, "/p/demo/subscribe").await;
    assert!(other.text().contains("<meta name=\"description\" content=\"Get an email"));
}

#[tokio::test]
async fn a_further_lot_of_history_is_not_to_be_found_by_search() {
    let world = World::showing(troubled("en", "Payments are down", "x")).await;
    let answer = get(&world, "/p/demo/history?page_token=a%2Fb%26c").await;
    assert!(answer.text().contains("<meta name=\"robots\" content=\"noindex\">"));
    assert!(!answer.text().contains("rel=\"canonical\""));
}

#[tokio::test]
async fn a_member_cannot_leave_the_place_that_its_texts_have_in_the_head() {
    let hostile = "</script><script>alert(1)</script>\"><img src=x><!--as of-->";
    let world = World::showing(troubled("en", hostile, hostile)).await;
    for place in ["", "/incidents/inc_1", "/maintenances/mnt_1"] {
        let answer = get(&world, &format!("/p/demo{place}")).await;
        assert!(!answer.text().contains("<script>") && !answer.text().contains("<img"), "{place}");
        assert_eq!(answer.text().matches("<!--as of-->").count(), 1, "{place}");
        assert_eq!(answer.text().matches("<script").count(), 1, "{place}");
    }
}

#[tokio::test]
async fn a_picture_is_kept_like_every_document_and_sent_as_it_is() {
    let world = World::showing(troubled("ja", "決済が停止しています", "x")).await;
    let any = [("accept-encoding", "br, gzip")];
    let first = send(&world, Method::GET, "/p/demo/incidents/inc_1/preview.png", &any, "").await;
    assert_eq!(first.header("content-type"), "image/png");
    assert_eq!(first.header("content-encoding"), "");
    assert_eq!(first.header("pharos-version"), "7");
    assert_eq!(first.body[16..24], [0, 0, 0x04, 0xb0, 0, 0, 0x02, 0x76], "1200 by 630");
    let tag = first.header("etag");
    let again = [("if-none-match", tag.as_str())];
    let again = send(&world, Method::GET, "/p/demo/incidents/inc_1/preview.png?v=7", &again, "").await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let own = [("host", "demo.pages.example")];
    let own = send(&world, Method::GET, "/incidents/inc_1/preview.png", &own, "").await;
    assert_eq!(own.header("etag"), tag, "on the page's own host");
    for missing in ["/p/demo/incidents/inc_9/preview.png", "/p/demo/maintenances/mnt_9/preview.png"] {
        assert_eq!(get(&world, missing).await.status, StatusCode::NOT_FOUND, "{missing}");
    }
}

#[tokio::test]
async fn what_a_page_is_called_is_not_said_twice() {
    for (locale, name, title) in [
        ("en", "Acme Status", "Acme Status"),
        ("de", "Acme status", "Acme status"),
        ("pt-BR", "Acme", "Status de Acme"),
        ("es", "Estado de Acme", "Estado de Acme"),
        ("ja", "Acmeステータス", "Acmeステータス"),
    ] {
        let mut page = given::page(locale);
        page.page.as_mut().unwrap().name = name.into();
        let world = World::showing(page).await;
        let front = get(&world, "/p/demo").await;
        assert!(front.text().contains(&format!(" – {title}</title>")), "{name}: {}", front.text());
    }
}
