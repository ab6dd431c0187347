//! Guards against traps in what we build on. Each test shows the trap first, so that a guard that is no
//! longer needed is noticed, and then that the guard holds.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

use kit::Db;
use pharos_tests::{Cluster, postgres::Database, signed};
use proto::incidents::v1::{CreateIncidentRequest, Phase, incident_service_client::IncidentServiceClient};
use sqlx::{PgPool, postgres::PgPoolOptions};

/// Begins a transaction and goes away after the `step`-th time that it waited for the server: with one of them,
/// `BEGIN` is on the wire. Answers whether it got that far.
async fn abandon_a_begin(pool: &PgPool, step: usize) -> bool {
    let mut begin = pin!(pool.begin());
    let mut context = Context::from_waker(Waker::noop());
    for waited in 0..step {
        if waited > 0 {
            // What it waits for has come by then, or it waits once more.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        if begin.as_mut().poll(&mut context).is_ready() {
            return false;
        }
    }
    true
}

/// The server may answer before anybody has looked away; then it is tried again.
async fn abandon_surely(pool: &PgPool, step: usize) -> bool {
    for _ in 0..50 {
        if abandon_a_begin(pool, step).await {
            return true;
        }
    }
    false
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
    // It takes a server that has not answered yet, so the trap is shown if one of many falls into it.
    let mut is_lost = false;
    for number in 1..=50 {
        let unguarded = PgPoolOptions::new().max_connections(1).test_before_acquire(false);
        let unguarded = unguarded.connect_with(database.owner()).await.unwrap();
        let before = written(&database).await;
        abandon_a_begin(&unguarded, 1).await;
        write(&unguarded, number).await;
        is_lost |= written(&database).await == before;
        if is_lost {
            break;
        }
    }
    assert!(is_lost, "the trap is gone from sqlx: drop the guard in kit::db");

    let guarded = Db::lazy(database.owner(), 1);
    write(guarded.pool(), 100).await;
    let mut wanted = written(&database).await;
    let mut abandoned = 0;
    // The guard's own round trip comes first, so that `BEGIN` is on the wire at another step.
    for step in 1..=4 {
        abandoned += i64::from(abandon_surely(guarded.pool(), step).await);
        write(guarded.pool(), 100 + i64::try_from(step).unwrap()).await;
        wanted += 1;
        assert_eq!(written(&database).await, wanted, "abandoned at step {step}");
    }
    assert!(abandoned >= 2, "the guard's round trip and BEGIN itself");
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
        notify: Some(false),
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
