//! How a page looks like its company's.

use std::time::Duration;

use http::StatusCode;
use proto::{
    common::v1::{Branding, PageLogo},
    incidents::v1::GetPageResponse,
};

use crate::{
    given,
    services::LOGO,
    web::{assert_in_order, get},
    world::World,
};

const GET_LOGO: &str = "/pharos.tenants.v1.PageLogoService/GetPageLogo";

fn digest() -> String {
    "0a".repeat(32)
}

fn branded(branding: Branding) -> GetPageResponse {
    let mut page = given::page("en");
    page.page.as_mut().unwrap().branding = Some(branding);
    page
}

fn whole() -> Branding {
    Branding {
        accent_color: "#ffcc00".into(),
        website_url: "https://acme.example/?a=1&b=\"><script>".into(),
        support_url: "mailto:help@acme.example".into(),
        logo: Some(PageLogo {
            digest: digest(),
            content_type: "image/png".into(),
            alt: "A \"ring\"".into(),
            width: 200,
            height: 56,
        }),
    }
}

#[tokio::test]
async fn a_page_has_its_companys_logo_links_and_colours() {
    let world = World::showing(branded(whole())).await;
    for path in ["/p/demo", "/p/demo/history", "/p/demo/uptime", "/p/demo/subscribe"] {
        let page = get(&world, path).await;
        let logo = format!("/p/demo/logo/{}", digest());
        assert_in_order(
            page.text(),
            &[
                "<link rel=\"stylesheet\" href=\"/p/demo/brand.css\">",
                &format!(
                    "<img class=\"logo\" src=\"{logo}\" alt=\"A &#34;ring&#34;\" width=\"200\" height=\"56\">"
                ),
                "<span class=\"unseen\">Acme status</span>",
                "<a href=\"https://acme.example/?a=1&#38;b=&#34;&#62;&#60;script&#62;\" rel=\"noopener\">Website</a>",
                "<a href=\"mailto:help@acme.example\" rel=\"noopener\">Support</a>",
            ],
        );
    }
    let style = get(&world, "/p/demo/brand.css").await;
    assert_eq!(
        (style.status, style.header("content-type").as_str()),
        (StatusCode::OK, "text/css; charset=utf-8")
    );
    assert_in_order(style.text(), &[":root{--link:#", "(prefers-color-scheme:dark)", "--link:#ffcc00;"]);
    let feed = get(&world, "/p/demo/history.atom").await;
    let logo = format!("<logo>https://status.example.com/p/demo/logo/{}</logo>", digest());
    assert_in_order(feed.text(), &[&logo]);
}

#[tokio::test]
async fn a_page_without_branding_has_its_name_and_nothing_more() {
    let unsafe_links = Branding {
        website_url: "javascript:alert(1)".into(),
        support_url: "http://acme.example".into(),
        ..Branding::default()
    };
    for page in [given::page("en"), branded(Branding::default()), branded(unsafe_links)] {
        let world = World::showing(page).await;
        let page = get(&world, "/p/demo").await;
        assert_in_order(
            page.text(),
            &["<h1 class=\"brand\"><a href=\"/p/demo\" dir=\"auto\">Acme status</a></h1>"],
        );
        for not_there in ["brand.css", "<img", "rel=\"noopener\"", "javascript:", "http://acme"] {
            assert!(!page.text().contains(not_there), "{not_there}");
        }
        assert_eq!(get(&world, "/p/demo/brand.css").await.status, StatusCode::NOT_FOUND);
        let logo = get(&world, &format!("/p/demo/logo/{}", digest())).await;
        assert_eq!(logo.status, StatusCode::NOT_FOUND);
        assert!(!world.called().iter().any(|called| called == GET_LOGO), "nobody is asked for it");
    }
}

#[tokio::test]
async fn a_logo_is_fetched_once_and_kept_for_ever_by_its_readers() {
    let world = World::showing(branded(whole())).await;
    for _ in 0..3 {
        let logo = get(&world, &format!("/p/demo/logo/{}", digest())).await;
        assert_eq!((logo.status, &logo.body[..]), (StatusCode::OK, LOGO));
        assert_eq!(logo.header("content-type"), "image/png");
        assert_eq!(logo.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(logo.header("x-content-type-options"), "nosniff");
    }
    world.be_away(true);
    assert_eq!(get(&world, &format!("/p/demo/logo/{}", digest())).await.status, StatusCode::OK);
    assert_eq!(world.called().iter().filter(|called| *called == GET_LOGO).count(), 1);
    for other in ["0b".repeat(32), "0a".repeat(31), "0A".repeat(32), "../brand.css".into()] {
        let missing = get(&world, &format!("/p/demo/logo/{other}")).await;
        assert_ne!(missing.status, StatusCode::OK, "{other}");
    }
}

#[tokio::test]
async fn a_logo_of_a_type_that_could_run_is_given_to_nobody() {
    let mut branding = whole();
    branding.logo.as_mut().unwrap().content_type = "image/svg+xml".into();
    let world = World::showing(branded(branding)).await;
    let logo = get(&world, &format!("/p/demo/logo/{}", digest())).await;
    assert_eq!(logo.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_logo_that_was_taken_away_is_gone_a_minute_later() {
    let world = World::showing(branded(whole())).await;
    let path = format!("/p/demo/logo/{}", digest());
    assert_eq!(get(&world, &path).await.status, StatusCode::OK);
    let mut page = branded(Branding::default());
    page.version = 2;
    world.change(page);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    let gone = async {
        while get(&world, &path).await.status != StatusCode::NOT_FOUND {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), gone).await.expect("the logo to be gone");
}
