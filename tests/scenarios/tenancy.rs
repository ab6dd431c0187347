//! Tenants do not see each other: in the answers, and in the database itself.

use kit::Db;
use pharos_tests::Cluster;

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
