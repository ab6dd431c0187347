//! Asking for a page's mails.

use http::{Method, StatusCode};
use proto::incidents::v1::{ComponentStatus, GetPageResponse};

use crate::{
    given,
    web::{assert_in_order, get, post, send},
    world::World,
};

/// A page with a component that stands alone and a group of two.
fn page(locale: &str) -> GetPageResponse {
    let good = ComponentStatus::Operational;
    let mut website = given::component("cmp_web", None, "Website", good);
    website.position = 1;
    GetPageResponse {
        component_groups: vec![given::group("grp_1", "API <v2>", 2)],
        components: vec![
            website,
            given::component("cmp_read", Some("grp_1"), "Reading", good),
            given::component("cmp_write", Some("grp_1"), "Writing", good),
        ],
        ..given::page(locale)
    }
}

#[tokio::test]
async fn a_subscription_is_asked_for_and_the_answer_tells_nothing_of_the_address() {
    let world = World::showing(page("pt-BR")).await;
    let done = post(&world, "/p/demo/subscribe", "email=%20ana%40example.com%20").await;
    assert_eq!(done.status, StatusCode::OK);
    assert_eq!(done.header("cache-control"), "no-store");
    assert!(done.text().contains("<h1>Confira sua caixa de entrada</h1>"));
    assert!(!done.text().contains("ana"));
    let asked = world.subscribed.lock().unwrap()[0].clone();
    assert_eq!((asked.page_id.as_str(), asked.email.as_str()), (given::PAGE_ID, "ana@example.com"));
    assert_eq!((asked.locale, asked.time_zone, asked.component_ids), (None, None, vec![]));
}

#[tokio::test]
async fn what_a_reader_chooses_is_asked_for() {
    let world = World::showing(page("en")).await;
    let form =
        "email=a%40b.c&locale=de&time_zone=America%2FNew+York&component_id=cmp_web&component_id=cmp_write";
    assert_eq!(post(&world, "/p/demo/subscribe", form).await.status, StatusCode::OK);
    // What is the page's is not asked for.
    let form = "email=a%40b.c&locale=en&time_zone=America%2FSao_Paulo";
    assert_eq!(post(&world, "/p/demo/subscribe", form).await.status, StatusCode::OK);
    let asked = world.subscribed.lock().unwrap().clone();
    let told =
        asked.iter().map(|each| (each.locale.as_deref(), each.time_zone.as_deref(), &each.component_ids));
    let chosen = vec!["cmp_web".to_owned(), "cmp_write".to_owned()];
    assert_eq!(
        told.collect::<Vec<_>>(),
        [(Some("de"), Some("America/New_York"), &chosen), (Some("en"), None, &Vec::new())]
    );
}

#[tokio::test]
async fn the_form_offers_languages_time_zones_and_components_and_takes_the_reader_for_granted() {
    let world = World::showing(page("pt-BR")).await;
    let german =
        send(&world, Method::GET, "/p/demo/subscribe", &[("accept-language", "de-AT, en;q=0.5")], "").await;
    assert_eq!(german.status, StatusCode::OK);
    assert!(german.header("vary").contains("accept-language"));
    assert_in_order(
        german.text(),
        &[
            "<html lang=\"pt-BR\">",
            "<label for=\"email\">",
            "<option value=\"en\" lang=\"en\">English</option>",
            "<option value=\"de\" lang=\"de\" selected>Deutsch</option>",
            "<option value=\"ja\" lang=\"ja\">日本語</option>",
            "<label for=\"time-zone\">",
            "list=\"time-zones\"",
            "value=\"America/Sao_Paulo\"",
            "<option value=\"Europe/Berlin\">",
            "<details class=\"choices\">",
            "<label><input type=\"checkbox\" name=\"component_id\" value=\"cmp_web\"> <span dir=\"auto\">Website</span>",
            "<legend dir=\"auto\">API &#60;v2&#62;</legend>",
            "value=\"cmp_read\">",
            "value=\"cmp_write\">",
            "<button",
        ],
    );
    // Who says nothing of languages reads in the page's.
    let form = get(&world, "/p/demo/subscribe").await;
    assert!(form.text().contains("<option value=\"pt-BR\" lang=\"pt-BR\" selected>"));
    assert!(!form.text().contains("autofocus"));
    let front = send(&world, Method::GET, "/p/demo", &[("accept-language", "de")], "").await;
    assert!(front.text().contains("<option value=\"pt-BR\" lang=\"pt-BR\" selected>"));
    assert!(front.text().contains("<a href=\"/p/demo/subscribe\">"));
    // A page without components has none to choose from.
    let bare = World::showing(given::page("en")).await;
    assert!(!get(&bare, "/p/demo/subscribe").await.text().contains("<details"));
}

#[tokio::test]
async fn a_bad_address_shows_the_form_again_with_what_was_typed() {
    let world = World::showing(page("en")).await;
    let typed = "email=ana&locale=ja&time_zone=Asia%2FTokyo&component_id=cmp_read";
    let form = post(&world, "/p/demo/subscribe", typed).await;
    assert_eq!(form.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_in_order(
        form.text(),
        &[
            "value=\"ana\" aria-invalid=\"true\" aria-describedby=\"email-bad\" autofocus>",
            "Enter a complete email address",
            "<option value=\"ja\" lang=\"ja\" selected>",
            "value=\"Asia/Tokyo\">",
            "<details class=\"choices\" open>",
            "value=\"cmp_web\">",
            "value=\"cmp_read\" checked>",
            "value=\"cmp_write\">",
        ],
    );
    for body in ["", "mail=ana%40example.com", "email=%FF"] {
        let form = post(&world, "/p/demo/subscribe", body).await;
        assert_eq!(form.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(form.text().contains("email-bad"), "{body}");
    }
    assert_eq!(post(&world, "/p/other/subscribe", "email=a%40b.c").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field() {
    let world = World::showing(page("en")).await;
    let form = post(&world, "/p/demo/subscribe", "email=a%40b.c&time_zone=Mars%2FOlympus").await;
    assert_eq!(form.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_in_order(
        form.text(),
        &[
            "value=\"a@b.c\">",
            "value=\"Mars/Olympus\" aria-invalid=\"true\" aria-describedby=\"time-zone-bad\" autofocus>",
            "id=\"time-zone-bad\"",
        ],
    );
    assert!(!form.text().contains("email-bad"));

    let form =
        post(&world, "/p/demo/subscribe", "email=a%40b.c&component_id=cmp_gone&component_id=cmp_web").await;
    assert_eq!(form.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_in_order(
        form.text(),
        &[
            "<details class=\"choices\" open>",
            "<fieldset aria-describedby=\"components-about components-bad\">",
            "id=\"components-bad\"",
            "value=\"cmp_web\" checked>",
        ],
    );
    assert!(!form.text().contains("aria-invalid"));
    assert!(world.subscribed.lock().unwrap().is_empty());
}
