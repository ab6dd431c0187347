//! A request that is repeated has one effect.

use kit::status::reason;
use pharos_tests::{Cluster, signed};
use proto::{
    common::v1::ErrorReason,
    incidents::v1::{
        CreateIncidentRequest, GetIncidentRequest, Phase, PostUpdateRequest,
        incident_service_client::IncidentServiceClient,
    },
    tenants::v1::{CreatePageRequest, page_service_client::PageServiceClient},
};
use tonic::Code;

#[tokio::test]
async fn a_repeated_request_id_has_one_effect_and_one_reply() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let incident = page.incident("Slow", &[]).await;
    let client = IncidentServiceClient::new(cluster.channel());
    let request = PostUpdateRequest {
        incident_id: incident.incident_id.clone(),
        phase: Phase::Resolved.into(),
        body: "Over.".into(),
        request_id: "one-and-only".into(),
        ..Default::default()
    };
    let calls = (0..8).map(|_| {
        let (mut client, request) = (client.clone(), request.clone());
        let token = page.company.token().to_owned();
        tokio::spawn(async move { client.post_update(signed(&token, request)).await.unwrap().into_inner() })
    });
    let mut replies = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        replies.push(call.await.unwrap());
    }
    assert!(replies.windows(2).all(|pair| pair[0] == pair[1]), "{replies:?}");

    let get = GetIncidentRequest { incident_id: incident.incident_id.clone() };
    let story = client.clone().get_incident(signed(page.company.token(), get)).await.unwrap().into_inner();
    assert_eq!(story.incident.unwrap().updates.len(), 2);
    cluster.run_until_idle().await;
    let mails = cluster.smtp.mails_to("ada@example.net");
    assert_eq!(mails.iter().filter(|mail| mail.subject().ends_with("Resolved")).count(), 1);

    let other = PostUpdateRequest { body: "Something else.".into(), ..request };
    let refused = client.clone().post_update(signed(page.company.token(), other)).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused)),
        (Code::InvalidArgument, Some(ErrorReason::RequestIdReused))
    );
}

#[tokio::test]
async fn a_request_id_is_the_callers_own_and_the_methods_own() {
    let cluster = Cluster::all_in_one().await;
    let (one, other) = (cluster.company("One").await, cluster.company("Other").await);
    let mut pages = PageServiceClient::new(cluster.channel());
    for company in [&one, &other] {
        let request = CreatePageRequest {
            slug: format!("page-{}", company.name.to_lowercase()),
            name: company.name.clone(),
            locale: "en".into(),
            time_zone: "UTC".into(),
            request_id: "same".into(),
        };
        let page =
            pages.create_page(signed(company.token(), request)).await.unwrap().into_inner().page.unwrap();
        assert_eq!(page.name, company.name);
        let request = CreateIncidentRequest {
            page_id: page.page_id,
            title: "T".into(),
            phase: Phase::Resolved.into(),
            body: "B".into(),
            request_id: "same".into(),
            ..Default::default()
        };
        let mut incidents = IncidentServiceClient::new(cluster.channel());
        incidents.create_incident(signed(company.token(), request)).await.unwrap();
    }
}

#[tokio::test]
async fn a_reply_is_kept_for_72_hours_and_no_longer_even_if_its_company_never_comes_back() {
    let mut cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let mut pages = PageServiceClient::new(cluster.channel());
    for slug in ["young", "old"] {
        let request = CreatePageRequest {
            slug: slug.into(),
            name: "Page".into(),
            locale: "en".into(),
            time_zone: "UTC".into(),
            request_id: slug.into(),
        };
        pages.create_page(signed(company.token(), request)).await.unwrap();
    }
    let mut database = cluster.database.connect().await;
    for (slug, hours) in [("young", 71.9_f64), ("old", 72.1)] {
        sqlx::query!(
            "update tenants.request set created_at = now() - make_interval(secs => $2::float8 * 3600) where request_id = $1",
            slug,
            hours,
        )
        .execute(&mut database)
        .await
        .unwrap();
    }
    sqlx::query!("update tenants.request_expiry set expires_at = now()")
        .execute(&mut database)
        .await
        .unwrap();
    // It is looked for at every start, and every ten minutes.
    cluster.restart("tenants");
    pharos_tests::eventually("the old one to go", || async {
        let mut database = cluster.database.connect().await;
        let kept =
            sqlx::query_scalar!("select request_id from tenants.request").fetch_all(&mut database).await;
        (kept.unwrap() == ["young"]).then_some(())
    })
    .await;
}
