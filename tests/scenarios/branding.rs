//! A company's logo, colour and links: from the contract to its page.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use pharos_tests::{Cluster, PageOf, Shape, eventually, mask, violated};
use proto::{
    common::v1::{Branding, Role},
    tenants::v1::{
        DeletePageLogoRequest, GetPageLogoRequest, GetPageRequest, ListPagesRequest, Page,
        SetPageLogoRequest, UpdatePageRequest, page_logo_service_client::PageLogoServiceClient,
    },
};
use serde_json::json;
use tonic::{Code, Status};

use crate::browser::browse;

/// A ring beside two bars, of 200 by 56 pixels.
const LOGO: &[u8] = include_bytes!("branding.png");
/// The longest picture, in bytes.
const MAX_IMAGE: usize = 128 * 1024;
const FIELDS: [&str; 5] =
    ["name", "time_zone", "branding.accent_color", "branding.website_url", "branding.support_url"];

/// Everything that can be changed of a page.
fn whole(page: &PageOf) -> UpdatePageRequest {
    UpdatePageRequest {
        page_id: page.id(),
        update_mask: mask(&FIELDS),
        name: " Acme & Sons ".to_owned(),
        time_zone: "America/Sao_Paulo".to_owned(),
        branding: Some(Branding {
            accent_color: "#ffcc00".to_owned(),
            website_url: "https://acme.example/?a=1&b=2".to_owned(),
            support_url: "mailto:help@acme.example".to_owned(),
            logo: None,
        }),
        ..Default::default()
    }
}

async fn update(page: &PageOf, request: UpdatePageRequest) -> Result<Page, Status> {
    Ok(page.caller().pages().update_page(request).await?.into_inner().page.unwrap())
}

async fn set_logo(page: &PageOf, image: &[u8], alt: &str) -> Result<Page, Status> {
    let request = SetPageLogoRequest { page_id: page.id(), image: image.to_vec(), alt: alt.to_owned() };
    Ok(page.caller().pages().set_page_logo(request).await?.into_inner().page.unwrap())
}

async fn delete_logo(page: &PageOf) -> Page {
    let request = DeletePageLogoRequest { page_id: page.id() };
    page.caller().pages().delete_page_logo(request).await.unwrap().into_inner().page.unwrap()
}

async fn get(page: &PageOf) -> Page {
    let request = GetPageRequest { page_id: page.id() };
    page.caller().pages().get_page(request).await.unwrap().into_inner().page.unwrap()
}

/// The picture behind a digest, for anyone, with its type.
async fn picture(cluster: &Cluster, page: &PageOf, digest: &str) -> Result<(Vec<u8>, String), Status> {
    let request = GetPageLogoRequest { page_id: page.id(), digest: digest.to_owned() };
    let told = PageLogoServiceClient::new(cluster.channel()).get_page_logo(request).await?.into_inner();
    Ok((told.image, told.content_type))
}

/// What the edge has at this path, as it comes.
async fn fetch(cluster: &Cluster, path: &str) -> http::Response<Bytes> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let uri = format!("{}{path}", cluster.url()).parse().unwrap();
    let (parts, body) = client.get(uri).await.unwrap().into_parts();
    http::Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
}

/// A page of the edge, once it holds this text.
async fn page_that(cluster: &Cluster, path: &str, text: &str) -> String {
    eventually("the page as it is wanted", || async {
        let page = fetch(cluster, path).await;
        let page = String::from_utf8(page.into_body().to_vec()).unwrap();
        page.contains(text).then_some(page)
    })
    .await
}

/// A picture of so many pixels, as far as its header says, and so many bytes.
fn png(width: u32, height: u32, bytes: usize) -> Vec<u8> {
    let mut image = LOGO.to_vec();
    image[16..20].copy_from_slice(&width.to_be_bytes());
    image[20..24].copy_from_slice(&height.to_be_bytes());
    image.resize(bytes.max(LOGO.len()), 0);
    image
}

#[tokio::test]
async fn a_company_gives_its_page_a_logo_a_colour_and_links_and_readers_see_them() {
    for shape in Shape::BOTH {
        let cluster = Cluster::start(shape).await;
        let page = cluster.company("Acme").await.page("acme").await;
        let changed = update(&page, whole(&page)).await.unwrap();
        assert_eq!((changed.name.as_str(), changed.time_zone.as_str()), ("Acme & Sons", "America/Sao_Paulo"));
        let shown = set_logo(&page, LOGO, " A ring ").await.unwrap();
        let branding = shown.branding.clone().unwrap();
        let logo = branding.logo.clone().unwrap();
        assert_eq!(branding.accent_color, "#ffcc00");
        assert_eq!((logo.content_type.as_str(), logo.alt.as_str()), ("image/png", "A ring"));
        assert_eq!((logo.width, logo.height), (200, 56));
        assert_eq!(get(&page).await, shown);
        let listed = page.caller().pages().list_pages(ListPagesRequest::default()).await.unwrap();
        assert_eq!(listed.into_inner().pages, std::slice::from_ref(&shown));
        let told = picture(&cluster, &page, &logo.digest).await.unwrap();
        assert_eq!(told, (LOGO.to_vec(), "image/png".to_owned()));

        let html = page_that(&cluster, "/p/acme", &logo.digest).await;
        let of_status = page.shown().await.page.unwrap();
        assert_eq!(of_status.branding, Some(branding));
        for part in [
            &format!("<img class=\"logo\" src=\"/p/acme/logo/{}\" alt=\"A ring\"", logo.digest),
            "Acme &#38; Sons status</span>",
            "<link rel=\"stylesheet\" href=\"/p/acme/brand.css\">",
            "<a href=\"https://acme.example/?a=1&#38;b=2\" rel=\"noopener\">",
            "<a href=\"mailto:help@acme.example\" rel=\"noopener\">",
        ] {
            assert!(html.contains(part), "{part}");
        }
        let image = fetch(&cluster, &format!("/p/acme/logo/{}", logo.digest)).await;
        assert_eq!(image.headers()["content-type"], "image/png");
        assert_eq!(image.headers()["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(image.body(), LOGO);
        page_that(&cluster, "/p/acme/brand.css", "--link:#ffcc00").await;

        let without = delete_logo(&page).await;
        assert_eq!(without.branding.as_ref().unwrap().logo, None);
        assert_eq!(delete_logo(&page).await, without, "one that has none stays as it is");
        let gone = picture(&cluster, &page, &logo.digest).await.unwrap_err();
        assert_eq!(gone.code(), Code::NotFound);
        eventually("the logo to be off the page", || async {
            page.shown().await.page.unwrap().branding.unwrap().logo.is_none().then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_page_is_changed_by_its_mask_and_on_its_version_alone() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let first = get(&page).await;
    let only = |paths: &[&str]| UpdatePageRequest { update_mask: mask(paths), ..whole(&page) };
    let coloured = update(&page, only(&["branding.accent_color"])).await.unwrap();
    let branding = coloured.branding.clone().unwrap();
    assert_eq!((coloured.name.as_str(), branding.website_url.as_str()), (first.name.as_str(), ""));
    assert_eq!(branding.accent_color, "#ffcc00");
    assert_ne!(coloured.etag, first.etag);
    let again = update(&page, only(&["branding.accent_color"])).await.unwrap();
    assert_eq!(again, coloured, "nothing changed");

    let late = UpdatePageRequest { etag: first.etag.clone(), ..whole(&page) };
    assert_eq!(update(&page, late).await.unwrap_err().code(), Code::Aborted);
    let logo = set_logo(&page, LOGO, "").await.unwrap();
    let late = UpdatePageRequest { etag: coloured.etag, ..whole(&page) };
    assert_eq!(update(&page, late).await.unwrap_err().code(), Code::Aborted, "a logo is a change too");
    assert_eq!(get(&page).await, logo, "refused is not done");
    let in_time = UpdatePageRequest { etag: logo.etag, ..whole(&page) };
    assert!(update(&page, in_time).await.unwrap().branding.unwrap().logo.is_some(), "the logo stays");
    let cleared = UpdatePageRequest { branding: None, ..only(&FIELDS[2..]) };
    let cleared = update(&page, cleared).await.unwrap().branding.unwrap();
    assert_eq!(Branding { logo: None, ..cleared }, Branding::default());

    for bad in [&[][..], &["slug"], &["branding"], &["branding.logo"], &["name", "*"]] {
        let refused = update(&page, only(bad)).await.unwrap_err();
        assert_eq!(violated(&refused), ["update_mask"], "{bad:?}");
    }
    for (field, bad) in [
        ("name", UpdatePageRequest { name: " ".to_owned(), ..only(&["name"]) }),
        ("name", UpdatePageRequest { name: "a".repeat(65), ..only(&["name"]) }),
        ("time_zone", UpdatePageRequest { time_zone: "Mars/Olympus".to_owned(), ..only(&["time_zone"]) }),
    ] {
        assert_eq!(violated(&update(&page, bad).await.unwrap_err()), [field]);
    }
    let longest = UpdatePageRequest { name: "é".repeat(64), ..only(&["name"]) };
    assert_eq!(update(&page, longest).await.unwrap().name, "é".repeat(64));
}

#[tokio::test]
async fn a_logo_is_a_small_picture_that_cannot_run() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    for good in [png(1, 1, 0), png(2000, 2000, 0), png(9, 9, MAX_IMAGE)] {
        let logo = set_logo(&page, &good, &"é".repeat(200)).await.unwrap().branding.unwrap().logo.unwrap();
        assert_eq!(picture(&cluster, &page, &logo.digest).await.unwrap().0, good);
    }
    let kept = get(&page).await;
    for bad in [
        Vec::new(),
        b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>".to_vec(),
        b"GIF89a\x09\0\x09\0\0\0\0;".to_vec(),
        png(0, 9, 0),
        png(9, 0, 0),
        png(2001, 9, 0),
        png(9, 2001, 0),
        png(9, 9, MAX_IMAGE + 1),
    ] {
        let refused = set_logo(&page, &bad, "").await.unwrap_err();
        assert_eq!(violated(&refused), ["image"], "{refused}");
    }
    assert_eq!(violated(&set_logo(&page, LOGO, &"é".repeat(201)).await.unwrap_err()), ["alt"]);
    assert_eq!(get(&page).await, kept, "refused is not done");
}

#[tokio::test]
async fn whoever_is_no_admin_changes_nothing_of_a_page() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let responder = page.company.given_member(&cluster, Role::Responder).await;
    let mut pages = cluster.caller(&responder).pages();
    let image = LOGO.to_vec();
    let logo = SetPageLogoRequest { page_id: page.id(), image, ..Default::default() };
    let refused = [
        pages.update_page(whole(&page)).await.unwrap_err(),
        pages.set_page_logo(logo).await.unwrap_err(),
        pages.delete_page_logo(DeletePageLogoRequest { page_id: page.id() }).await.unwrap_err(),
    ];
    assert!(refused.iter().all(|refused| refused.code() == Code::PermissionDenied), "{refused:?}");
}

#[tokio::test]
async fn a_branded_page_can_be_read_by_everybody_on_every_screen() {
    let cluster = Cluster::all_in_one().await;
    let mut steps = Vec::new();
    for (slug, accent_color) in [("bright", "#ffcc00"), ("deep", "#1a0a5e"), ("middle", "#e5484d")] {
        let page = cluster.company("Acme").await.page(slug).await;
        page.component("API").await;
        page.incident("Slow", &[]).await;
        let mut request = whole(&page);
        request.branding.as_mut().unwrap().accent_color = accent_color.to_owned();
        update(&page, request).await.unwrap();
        let digest = set_logo(&page, LOGO, "A ring").await.unwrap().branding.unwrap().logo.unwrap().digest;
        page_that(&cluster, &format!("/p/{slug}"), &digest).await;
        let pages = ["", "/history", "/subscribe"]
            .map(|place| json!([format!("{slug}{place}"), format!("/p/{slug}{place}"), 200]));
        steps.push(json!({ "does": "look", "at": cluster.url(), "language": "en", "pages": pages }));
    }
    browse(steps).await;
}
