//! What subscribers choose, and who hears of an incident for it.

use pharos_tests::{Cluster, affected, seconds_from_now, violated};
use proto::{
    incidents::v1::{Component, ComponentStatus, DeleteComponentRequest, Phase, PostUpdateRequest},
    internal::v1::AudiencePart,
    subscriptions::v1::{
        ConfirmRequest, SubscribeRequest, subscription_service_client::SubscriptionServiceClient,
    },
};
use tonic::Code;

use super::{Asking, addresses, ask, confirmed, ids, listed, of};

#[tokio::test]
async fn an_incident_is_told_to_those_who_chose_what_it_touches_and_to_those_who_chose_the_page() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let (api, web) = (page.component("API").await, page.component("Website").await);
    confirmed(&cluster, &page, of("api@example.net", &[&api])).await;
    confirmed(&cluster, &page, of("web@example.net", &[&web])).await;
    confirmed(&cluster, &page, of("both@example.net", &[&web, &api])).await;
    confirmed(&cluster, &page, of("page@example.net", &[])).await;

    let heard = |email: &str| cluster.smtp.mails_to(&format!("{email}@example.net")).len() - 1;
    let all = || ["api", "both", "page", "web"].map(heard);
    let incident = page.incident("Slow", &[(&api, ComponentStatus::PartialOutage)]).await;
    page.completed_broadcast(&incident.first.update_id).await;
    assert_eq!(all(), [1, 1, 1, 0]);

    // An update that speaks of no component is of an incident that touched one.
    let update = incident.post(Phase::Identified, "A bad deploy.").await;
    page.completed_broadcast(&update.update_id).await;
    assert_eq!(all(), [2, 2, 2, 0]);

    // Whom it touches later hears of it from then on, and those whom it touched before still do.
    let affected_components = affected(&[(&web, ComponentStatus::DegradedPerformance)]);
    let spreads = PostUpdateRequest {
        phase: Phase::Monitoring.into(),
        body: "The website too.".into(),
        affected_components,
        ..Default::default()
    };
    let update = incident.post_with(spreads).await;
    page.completed_broadcast(&update.update_id).await;
    assert_eq!(all(), [3, 3, 3, 1]);

    let (start, end) = (seconds_from_now(3600), seconds_from_now(7200));
    let maintenance = page.maintenance("New disks", start, end, &[&web]).await;
    page.completed_broadcast(&maintenance.first.update_id).await;
    assert_eq!(all(), [3, 4, 4, 2]);

    // What touches no component is of the page alone.
    let incident = page.incident("Rumours", &[]).await;
    page.completed_broadcast(&incident.first.update_id).await;
    assert_eq!(all(), [3, 4, 5, 2]);
}

#[tokio::test]
async fn choices_are_those_that_the_link_was_sent_for_and_nobody_changes_them_without_another() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let (api, web) = (page.component("API").await, page.component("Website").await);
    let first = SubscribeRequest {
        locale: Some("pt-BR".into()),
        time_zone: Some("america/sao_paulo".into()),
        ..of("ada@example.net", &[&api])
    };
    ask(&page, first).await.unwrap();
    let chosen = async || {
        let ada = listed(&page).await.remove(0);
        (ada.locale, ada.time_zone, ada.component_ids)
    };
    let asked = ("pt-BR".to_owned(), "America/Sao_Paulo".to_owned(), ids(&[&api]));
    assert_eq!(chosen().await, asked);

    let second =
        SubscribeRequest { time_zone: Some("Asia/Tokyo".into()), ..of("ADA@example.net", &[&web, &api]) };
    ask(&page, second).await.unwrap();
    assert_eq!(chosen().await, asked, "no link was sent for the second");

    cluster.run_until_idle().await;
    let mails = cluster.smtp.mails_to("ada@example.net");
    assert_eq!(mails.len(), 1, "a link is sent once a day");
    let mut client = SubscriptionServiceClient::new(cluster.channel());
    client.confirm(ConfirmRequest { token: mails[0].token("/c/") }).await.unwrap();
    ask(&page, of("ada@example.net", &[])).await.unwrap();
    ask(&page, SubscribeRequest { time_zone: Some("UTC".into()), ..of("ada@example.net", &[&web]) })
        .await
        .unwrap();
    assert_eq!(chosen().await, asked);
    let asking = Asking::of(&cluster, &page, &[&api]);
    let read = asking.read_part(AudiencePart::Components).await;
    assert_eq!(
        (addresses(&read), read[0].time_zone.as_str()),
        (vec!["ada@example.net"], "America/Sao_Paulo")
    );
}

#[tokio::test]
async fn what_cannot_be_chosen_is_refused_by_its_field() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let (page, other) = (company.page("acme").await, company.page("other").await);
    let mut components = Vec::new();
    for number in 0..101 {
        components.push(page.component(&format!("Part {number}")).await);
    }
    let gone = page.component("Gone").await;
    let request = DeleteComponentRequest { component_id: gone.component_id.clone(), ..Default::default() };
    page.caller().components().delete_component(request).await.unwrap();
    let strange = other.component("Strange").await;
    let refused = async |chosen: &[&Component]| {
        let refused = ask(&page, of("ada@example.net", chosen)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        violated(&refused)
    };
    let good = components.iter().collect::<Vec<_>>();
    assert_eq!(refused(&good).await, ["component_ids"]);
    assert_eq!(refused(&[good[0], good[1], good[0]]).await, ["component_ids[2]"]);
    assert_eq!(refused(&[good[0], &gone, &strange]).await, ["component_ids[1]", "component_ids[2]"]);
    for zone in ["Mars/Olympus", "+02:00", ""] {
        let request = SubscribeRequest { time_zone: Some(zone.into()), ..of("ada@example.net", &[]) };
        assert_eq!(violated(&ask(&page, request).await.unwrap_err()), ["time_zone"], "{zone}");
    }
    assert!(listed(&page).await.is_empty());
    ask(&page, of("ada@example.net", &good[..100])).await.unwrap();
    assert_eq!(listed(&page).await[0].component_ids, ids(&good[..100]));
}
