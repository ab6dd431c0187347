//! Tenants do not see each other: in the answers, and in the database itself.

use kit::{Clock, Db, ids::PageId};
use pharos_tests::{Cluster, signed};
use proto::{
    incidents::v1::{
        GetIncidentRequest, Phase, PostUpdateRequest, incident_service_client::IncidentServiceClient,
    },
    tenants::v1::{GetPageRequest, page_service_client::PageServiceClient},
};
use tonic::Status;

/// All of a refusal that goes over the wire, but for the date.
fn bytes(status: &Status) -> (tonic::Code, String, Vec<u8>, String) {
    let mut headers = status.metadata().clone().into_headers();
    headers.remove("date");
    (status.code(), status.message().to_owned(), status.details().to_vec(), format!("{headers:?}"))
}

#[tokio::test]
async fn another_tenants_id_and_a_random_one_are_byte_for_byte_the_same_not_found() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let incident = page.incident("Slow", &[]).await;
    let stranger = cluster.company("Stranger").await;
    let clock = Clock::system();

    let mut pages = PageServiceClient::new(cluster.channel());
    let mut ask_page = async |page_id: String| {
        pages.get_page(signed(stranger.token(), GetPageRequest { page_id })).await.unwrap_err()
    };
    let (foreign, random) = (ask_page(page.id()).await, ask_page(PageId::new(&clock).to_string()).await);
    assert_eq!(bytes(&foreign), bytes(&random));

    let mut incidents = IncidentServiceClient::new(cluster.channel());
    let random_id = kit::ids::IncidentId::new(&clock).to_string();
    let mut ask = async |incident_id: String| {
        let get = GetIncidentRequest { incident_id: incident_id.clone() };
        let get = incidents.get_incident(signed(stranger.token(), get)).await.unwrap_err();
        let post = PostUpdateRequest {
            incident_id,
            phase: Phase::Resolved.into(),
            body: "Not mine.".into(),
            ..Default::default()
        };
        let post = incidents.post_update(signed(stranger.token(), post)).await.unwrap_err();
        (bytes(&get), bytes(&post))
    };
    assert_eq!(ask(incident.incident_id.clone()).await, ask(random_id).await);
}

#[tokio::test]
async fn with_the_applications_check_switched_off_row_level_security_still_refuses() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.incident("Slow", &[]).await;
    let stranger = cluster.company("Stranger").await;
    let db = Db::lazy(cluster.database.role("incidents"), 2);

    let mut tx = db.tenant(page.company.tenant()).await.unwrap();
    assert_eq!(incidents_seen(&mut tx).await, 1);
    tx.commit().await.unwrap();
    let mut tx = db.tenant(stranger.tenant()).await.unwrap();
    assert_eq!(incidents_seen(&mut tx).await, 0, "no condition on the tenant, and still nothing is seen");
    let forged = sqlx::query!(
        "insert into incidents.page_version (tenant_id, page_id, version, event_position) values ($1, $2, 1, 1)",
        page.company.tenant().uuid(),
        uuid::Uuid::now_v7(),
    )
    .execute(&mut *tx)
    .await
    .unwrap_err();
    assert!(forged.to_string().contains("row-level security"), "{forged}");
    drop(tx);
    // The same connection afterwards sees no tenant at all.
    let mut tx = db.system().await.unwrap();
    assert_eq!(incidents_seen(&mut tx).await, 0);
}

async fn incidents_seen(db: &mut sqlx::PgConnection) -> i64 {
    sqlx::query_scalar!(r#"select count(*) as "count!" from incidents.incident"#).fetch_one(db).await.unwrap()
}

#[tokio::test]
async fn a_services_role_cannot_reach_another_services_schema() {
    let cluster = Cluster::all_in_one().await;
    let db = Db::lazy(cluster.database.role("incidents"), 1);
    let refused = sqlx::query_scalar!(r#"select count(*) as "count!" from tenants.member"#)
        .fetch_one(db.pool())
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("permission denied for schema tenants"), "{refused}");
}
