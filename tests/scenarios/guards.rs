//! Guards against traps in what we build on. Each test shows the trap first, so that a guard that is no
//! longer needed is noticed, and then that the guard holds.

use std::{future::Future, pin::pin, task::Context};

use kit::Db;
use pharos_tests::{Cluster, postgres::Database, signed};
use proto::incidents::v1::{CreateIncidentRequest, Phase, incident_service_client::IncidentServiceClient};
use sqlx::{PgPool, postgres::PgPoolOptions};

/// Begins a transaction and goes away while `BEGIN` is on the wire.
fn abandon_a_begin(pool: &PgPool) {
    let mut begin = pin!(pool.begin());
    let mut context = Context::from_waker(std::task::Waker::noop());
    assert!(begin.as_mut().poll(&mut context).is_pending(), "the server cannot have answered yet");
}

async fn write(pool: &PgPool, number: i64) {
    sqlx::query!(
        "insert into incidents.outbox (event_id, tenant_id, page_id, incident_id, update_id, position, created_at)
         values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), $1, now())",
        number,
    )
    .execute(pool)
    .await
    .expect("the write is answered Ok");
}

async fn written(database: &Database) -> i64 {
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from incidents.outbox"#);
    count.fetch_one(&mut database.connect().await).await.unwrap()
}

#[tokio::test]
async fn a_begin_that_was_abandoned_on_the_wire_does_not_swallow_the_next_write() {
    let database = Database::create().await;
    let options = || PgPoolOptions::new().max_connections(1).test_before_acquire(false);
    let unguarded = options().connect_with(database.owner()).await.unwrap();
    abandon_a_begin(&unguarded);
    write(&unguarded, 1).await;
    assert_eq!(written(&database).await, 0, "the trap is gone from sqlx: drop the guard in kit::db");
    drop(unguarded);

    let guarded = Db::lazy(database.owner(), 1);
    write(guarded.pool(), 2).await;
    let before = written(&database).await;
    abandon_a_begin(guarded.pool());
    write(guarded.pool(), 3).await;
    assert_eq!(written(&database).await, before + 1);
}

#[tokio::test]
async fn an_event_whose_transaction_commits_late_is_handed_on_all_the_same() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let (slow, quick) = (company.page("slow").await, company.page("quick").await);
    slow.confirmed(&cluster, "slow@example.net").await;
    quick.confirmed(&cluster, "quick@example.net").await;
    let request = CreateIncidentRequest {
        page_id: slow.id(),
        title: "Committed late".into(),
        phase: Phase::Resolved.into(),
        body: "Over.".into(),
        silent: true,
        ..Default::default()
    };
    let mut client = IncidentServiceClient::new(cluster.channel());
    let told = client
        .create_incident(signed(company.token(), request))
        .await
        .unwrap()
        .into_inner()
        .incident
        .unwrap();
    let page: kit::ids::PageId = slow.id().parse().unwrap();
    let incident: kit::ids::IncidentId = told.incident_id.parse().unwrap();
    let update: kit::ids::UpdateId = told.updates[0].update_id.parse().unwrap();

    // Its event is written first and committed last: a reader of "newer than the last seen" would pass it.
    let mut late = cluster.database.connect().await;
    sqlx::query!("begin").execute(&mut late).await.unwrap();
    sqlx::query!(
        "insert into incidents.outbox (event_id, tenant_id, page_id, incident_id, update_id, position, created_at)
         values ('00000000-0000-7000-8000-000000000001', $1, $2, $3, $4, 1, now())",
        company.tenant().uuid(),
        page.uuid(),
        incident.uuid(),
        update.uuid(),
    )
    .execute(&mut late)
    .await
    .unwrap();
    quick.incident("Committed at once", &[]).await;
    cluster.smtp.mail_to("quick@example.net", 1).await;
    sqlx::query!("commit").execute(&mut late).await.unwrap();
    let mail = cluster.smtp.mail_to("slow@example.net", 1).await;
    assert!(mail.subject().contains("Committed late"));
}
