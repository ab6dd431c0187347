//! Things that break while people are being told.

use std::collections::HashMap;

use pharos_tests::{Cluster, Shape, eventually, postgres, signed};
use proto::incidents::v1::{ListComponentsRequest, Phase, component_service_client::ComponentServiceClient};

/// Connections x (flush + 1): what one crash may double, by the settings of this test.
const MOST_DOUBLED: usize = 4 * 21;

#[tokio::test]
async fn killing_the_notifications_process_in_the_middle_of_two_thousand_loses_nobody() {
    let further = [("PHAROS__NOTIFICATIONS__SEGMENT_SIZE", "100")];
    let mut cluster = Cluster::start_with(Shape::OneProcessEach, &further).await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.given_confirmed_subscribers(&cluster, 2_000).await;

    let incident = page.incident("Slow", &[]).await;
    cluster.smtp.wait_for(400).await;
    cluster.restart("notifications");
    cluster.smtp.wait_for(1_200).await;
    cluster.restart("notifications");
    let broadcast = page.completed_broadcast(&incident.first.update_id).await;
    assert_eq!(broadcast.progress.unwrap().sent, 2_000);

    let mut mails: HashMap<String, Vec<String>> = HashMap::new();
    for mail in cluster.smtp.mails() {
        let id = mail.header("message-id").unwrap();
        mails.entry(mail.recipient().to_owned()).or_default().push(id);
    }
    assert_eq!(mails.len(), 2_000, "somebody was lost");
    let doubled = mails.values().filter(|ids| ids.len() > 1).count();
    assert!(doubled <= 2 * MOST_DOUBLED, "{doubled} were mailed twice");
    for ids in mails.values() {
        assert!(
            ids.windows(2).all(|pair| pair[0] == pair[1]),
            "a repeated mail keeps its Message-ID: {ids:?}"
        );
    }
}

#[tokio::test]
async fn a_mail_server_that_is_away_delays_the_mails_and_costs_nobody_a_strike() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    cluster.smtp.answer_after(Some((1, smtp::server::Reply::say(421, "4.3.2 going down"))));
    let incident = page.incident("Slow", &[]).await;
    eventually("the server to say so", || async { (cluster.smtp.refused() > 0).then_some(()) }).await;
    cluster.smtp.answer_after(None);
    let progress = page.completed_broadcast(&incident.first.update_id).await.progress.unwrap();
    assert_eq!(progress.sent, 1);
}

#[tokio::test]
async fn killing_postgres_loses_no_acknowledged_write() {
    let folder = tempfile::Builder::new().prefix("pharos-tests-").tempdir_in("/tmp").unwrap();
    let server = postgres::start_with(folder.path(), true).await.unwrap();
    let database = postgres::Database::create_on(server.socket()).await;
    let cluster = Cluster::start_on(database, Shape::AllInOne, &[]).await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;

    // Writers go on until the server is gone; what was answered is remembered.
    let writers = (0..8).map(|writer| {
        let page = page.clone();
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for number in 0.. {
                let name = format!("component {writer}-{number}");
                let request = proto::incidents::v1::CreateComponentRequest {
                    page_id: page.id(),
                    name: name.clone(),
                    ..Default::default()
                };
                let mut client = ComponentServiceClient::new(page.company.channel.clone());
                match client.create_component(signed(page.company.token(), request)).await {
                    Ok(_) => acknowledged.push(name),
                    Err(_) => break,
                }
            }
            acknowledged
        })
    });
    let writers = writers.collect::<Vec<_>>();
    eventually("some writes", || async { (components(&page).await.len() > 100).then_some(()) }).await;
    let pid = i32::try_from(server.pid()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }
    assert!(acknowledged.len() > 100);
    drop(server);
    let server = postgres::start_with(folder.path(), true).await.unwrap();

    let after = eventually("the database to be used again", || async {
        let found = try_components(&page).await.ok()?;
        (!found.is_empty()).then_some(found)
    })
    .await;
    for name in acknowledged {
        assert!(after.contains(&name), "{name} was acknowledged and is lost");
    }
    // And everything goes on: an incident is told.
    let incident = page.incident("After the crash", &[]).await;
    incident.post(Phase::Resolved, "Over.").await;
    cluster.smtp.mail_to("ada@example.net", 1).await;
    drop(cluster);
    server.stop().await.unwrap();
}

async fn components(page: &pharos_tests::PageOf) -> Vec<String> {
    try_components(page).await.unwrap()
}

async fn try_components(page: &pharos_tests::PageOf) -> Result<Vec<String>, tonic::Status> {
    let mut client = ComponentServiceClient::new(page.company.channel.clone());
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListComponentsRequest { page_id: page.id(), page_size: 1000, page_token };
        let listed = client.list_components(signed(page.company.token(), request)).await?.into_inner();
        names.extend(listed.components.into_iter().map(|component| component.name));
        page_token = listed.next_page_token;
        if page_token.is_empty() {
            return Ok(names);
        }
    }
}
