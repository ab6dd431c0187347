//! What a tenant may have of each thing, on both sides of the limit.

use kit::{
    ids::{IncidentId, PageId},
    status::reason,
};
use pharos_tests::{Cluster, signed};
use proto::{
    common::v1::ErrorReason,
    incidents::v1::{
        CreateComponentGroupRequest, CreateComponentRequest, Phase, PostUpdateRequest,
        component_service_client::ComponentServiceClient, incident_service_client::IncidentServiceClient,
    },
    tenants::v1::{CreatePageRequest, page_service_client::PageServiceClient},
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

fn assert_limit_reached<T: std::fmt::Debug>(answer: Result<T, Status>, limit: &str) {
    let refused = answer.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    assert_eq!(reason(&refused), Some(ErrorReason::LimitReached));
    assert_eq!(refused.get_details_error_info().unwrap().metadata["limit"], limit);
}

#[tokio::test]
async fn a_tenant_has_a_hundred_pages_and_no_more() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    sqlx::query!(
        "insert into tenants.page (tenant_id, page_id, slug, name, locale, time_zone)
         select $1, gen_random_uuid(), 'page-' || number, 'Page', 'en', 'UTC' from generate_series(1, 99) number",
        company.tenant().uuid(),
    )
    .execute(&mut cluster.database.connect().await)
    .await
    .unwrap();
    company.page("the-hundredth").await;
    let request = CreatePageRequest {
        slug: "one-too-many".into(),
        name: "Page".into(),
        locale: "en".into(),
        time_zone: "UTC".into(),
        ..Default::default()
    };
    let answer =
        PageServiceClient::new(cluster.channel()).create_page(signed(company.token(), request)).await;
    assert_limit_reached(answer, "100");
}

#[tokio::test]
async fn a_page_has_two_hundred_groups_and_two_thousand_components_and_no_more() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let page_id: PageId = page.id().parse().unwrap();
    let mut database = cluster.database.connect().await;
    sqlx::query!(
        "insert into incidents.component_group (tenant_id, component_group_id, page_id, name, position, created_at)
         select $1, gen_random_uuid(), $2, 'Group', 0, now() from generate_series(1, 199)",
        page.company.tenant().uuid(),
        page_id.uuid(),
    )
    .execute(&mut database)
    .await
    .unwrap();
    sqlx::query!(
        "insert into incidents.component
             (tenant_id, component_id, page_id, name, description, status, position, created_at)
         select $1, gen_random_uuid(), $2, 'Component ' || number, '', 'operational', 0, now()
         from generate_series(1, 1999) number",
        page.company.tenant().uuid(),
        page_id.uuid(),
    )
    .execute(&mut database)
    .await
    .unwrap();
    let mut client = ComponentServiceClient::new(cluster.channel());
    let mut group = async || {
        let request =
            CreateComponentGroupRequest { page_id: page.id(), name: "Group".into(), ..Default::default() };
        client.create_component_group(signed(page.company.token(), request)).await
    };
    group().await.unwrap();
    assert_limit_reached(group().await, "200");
    let mut client = ComponentServiceClient::new(cluster.channel());
    let mut component = async || {
        let request =
            CreateComponentRequest { page_id: page.id(), name: "Component".into(), ..Default::default() };
        client.create_component(signed(page.company.token(), request)).await
    };
    component().await.unwrap();
    assert_limit_reached(component().await, "2000");
    let (status, html) = cluster.get("/p/acme").await;
    assert_eq!(status, 200);
    assert_eq!(html.matches("Component ").count(), 1999, "a page of two thousand components is shown whole");
}

#[tokio::test]
async fn an_incident_has_five_hundred_updates_and_no_more() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let incident = page.incident("Slow", &[]).await;
    let incident_id: IncidentId = incident.incident_id.parse().unwrap();
    sqlx::query!(
        "insert into incidents.incident_update
             (tenant_id, update_id, incident_id, phase, body, displayed_at, created_at, silent)
         select $1, gen_random_uuid(), $2, 'investigating', 'Still.', now() - interval '1 day', now(), true
         from generate_series(1, 498)",
        page.company.tenant().uuid(),
        incident_id.uuid(),
    )
    .execute(&mut cluster.database.connect().await)
    .await
    .unwrap();
    let mut client = IncidentServiceClient::new(cluster.channel());
    let mut post = async || {
        let request = PostUpdateRequest {
            incident_id: incident.incident_id.clone(),
            phase: Phase::Monitoring.into(),
            body: "Still.".into(),
            notify: Some(false),
            ..Default::default()
        };
        client.post_update(signed(page.company.token(), request)).await
    };
    post().await.unwrap();
    assert_limit_reached(post().await, "500");
}

#[tokio::test]
async fn an_update_of_25_000_characters_is_told_and_mailed_whole_and_one_more_is_refused() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let incident = page.incident("Slow", &[]).await;
    page.completed_broadcast(&incident.first.update_id).await;
    // Four bytes each, and nowhere to break a line.
    let body = "🚨".repeat(25_000);
    let update = incident.post(Phase::Identified, &body).await;
    page.completed_broadcast(&update.update_id).await;
    let mail = cluster.smtp.mail_to("ada@example.net", 2).await;
    assert!(mail.text().contains(&body));
    let (_, html) = cluster.get(&format!("/p/acme/incidents/{}", incident.incident_id)).await;
    assert!(html.contains(&body));

    let request = PostUpdateRequest {
        incident_id: incident.incident_id.clone(),
        phase: Phase::Identified.into(),
        body: body + "!",
        ..Default::default()
    };
    let mut client = IncidentServiceClient::new(cluster.channel());
    let refused = client.post_update(signed(page.company.token(), request)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().starts_with("body "), "{refused}");
}
