//! Callers who go away in the middle.

use std::time::Duration;

use pharos_tests::{Cluster, eventually, signed};
use proto::incidents::v1::{
    CreateComponentRequest, GetIncidentRequest, ListComponentsRequest, Phase, PostUpdateRequest,
    component_service_client::ComponentServiceClient, incident_service_client::IncidentServiceClient,
};

/// Numbers that look random and are the same for the same seed (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % limit
    }
}

#[tokio::test]
async fn calls_cancelled_at_random_points_leave_no_open_transaction_and_lose_no_write() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let incident = page.incident("Slow", &[]).await;
    let seed = u64::try_from(uuid::Uuid::new_v4().as_u128() & u128::from(u64::MAX)).unwrap();
    println!("seed {seed}");
    let mut dice = Dice(seed | 1);

    let (mut acknowledged, mut cancelled) = (Vec::new(), 0);
    for number in 0..400 {
        // A connection of its own: going away closes it, as a browser does.
        let channel = cluster.channel();
        let patience = Duration::from_micros(dice.below(12_000));
        let name = format!("component-{number}");
        let call = async {
            if number % 2 == 0 {
                let request = CreateComponentRequest {
                    page_id: page.id(),
                    name: name.clone(),
                    request_id: name.clone(),
                    ..Default::default()
                };
                let request = signed(page.company.token(), request);
                ComponentServiceClient::new(channel).create_component(request).await.map(drop)
            } else {
                let request = PostUpdateRequest {
                    incident_id: incident.incident_id.clone(),
                    phase: Phase::Monitoring.into(),
                    body: name.clone(),
                    notify: Some(false),
                    request_id: name.clone(),
                    ..Default::default()
                };
                let request = signed(page.company.token(), request);
                IncidentServiceClient::new(channel).post_update(request).await.map(drop)
            }
        };
        match tokio::time::timeout(patience, call).await {
            Ok(Ok(())) => acknowledged.push(name),
            Ok(Err(status)) => panic!("{status}"),
            Err(_) => cancelled += 1,
        }
    }
    assert!(cancelled > 0, "every call was answered before its caller went away");

    eventually("no transaction to stand open", || async {
        (cluster.idle_transactions().await == 0).then_some(())
    })
    .await;
    // Written through the same pools after all that, these must be there too.
    for number in 0..20 {
        let name = format!("after {number}");
        page.component(&name).await;
        acknowledged.push(name);
    }
    let request = ListComponentsRequest { page_id: page.id(), page_size: 1000, ..Default::default() };
    let mut client = ComponentServiceClient::new(cluster.channel());
    let listed = client.list_components(signed(page.company.token(), request)).await.unwrap().into_inner();
    let mut there = listed.components.into_iter().map(|component| component.name).collect::<Vec<_>>();
    let request = GetIncidentRequest { incident_id: incident.incident_id.clone() };
    let mut client = IncidentServiceClient::new(cluster.channel());
    let story = client.get_incident(signed(page.company.token(), request)).await.unwrap().into_inner();
    there.extend(story.incident.unwrap().updates.into_iter().map(|update| update.body));
    for name in acknowledged {
        assert_eq!(there.iter().filter(|found| **found == name).count(), 1, "{name}, seed {seed}");
    }
}

#[tokio::test]
async fn a_write_whose_caller_goes_away_in_the_middle_is_done_all_the_same() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.component("first").await;
    let channel = cluster.channel();
    let mut client = ComponentServiceClient::new(channel.clone());
    let list = ListComponentsRequest { page_id: page.id(), ..Default::default() };
    client.list_components(signed(page.company.token(), list.clone())).await.unwrap();

    // The handler waits in its transaction, for a row that somebody else holds.
    let mut holder = cluster.database.connect().await;
    sqlx::query!("begin").execute(&mut holder).await.unwrap();
    sqlx::query!("select from incidents.page_version for update").execute(&mut holder).await.unwrap();
    let request = CreateComponentRequest { page_id: page.id(), name: "second".into(), ..Default::default() };
    let call =
        tokio::spawn(async move { client.create_component(signed(page.company.token(), request)).await });
    eventually("the handler to wait", || async {
        let mut database = cluster.database.connect().await;
        let waiting = sqlx::query_scalar!(
            r#"select count(*) as "count!" from pg_stat_activity
               where datname = current_database() and wait_event_type = 'Lock'"#
        );
        (waiting.fetch_one(&mut database).await.unwrap() == 1).then_some(())
    })
    .await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    sqlx::query!("commit").execute(&mut holder).await.unwrap();

    eventually("the write", || async {
        let mut database = cluster.database.connect().await;
        let count = sqlx::query_scalar!(r#"select count(*) as "count!" from incidents.component"#);
        (count.fetch_one(&mut database).await.unwrap() == 2).then_some(())
    })
    .await;
}
