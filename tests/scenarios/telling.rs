//! From an incident's phases to the mails in subscribers' inboxes.

use std::collections::HashMap;

use kit::ids::{IncidentId, PageId, UpdateId};
use pharos_tests::{Cluster, Shape, seconds_from_now};
use proto::incidents::v1::{
    ComponentStatus, CreateIncidentRequest, IncidentUpdate, Phase, PostUpdateRequest,
};

#[tokio::test]
async fn every_phase_mails_every_confirmed_subscriber_once_and_nobody_else() {
    for shape in Shape::BOTH {
        let cluster = Cluster::start(shape).await;
        let page = cluster.company("Acme").await.page("acme").await;
        let api = page.component("API").await;
        page.confirmed(&cluster, "ada@example.net").await;
        page.confirmed(&cluster, "grace@example.net").await;
        page.subscribe("pending@example.net").await;
        page.confirmed(&cluster, "gone@example.net").await;
        let first = page.incident("API is slow", &[(&api, ComponentStatus::DegradedPerformance)]).await;
        page.completed_broadcast(&first.first.update_id).await;
        let unsubscribe = cluster.smtp.mail_to("gone@example.net", 1).await.token("/u/");
        let (status, _) = post(&cluster, &format!("/u/{unsubscribe}"), "List-Unsubscribe=One-Click").await;
        assert_eq!(status, 200);

        for (phase, body) in [
            (Phase::Identified, "A cache is cold."),
            (Phase::Monitoring, "It is warm again."),
            (Phase::Resolved, "All is well."),
        ] {
            let update = first.post(phase, body).await;
            let broadcast = page.completed_broadcast(&update.update_id).await;
            assert_eq!(broadcast.progress.unwrap().sent, 2, "{shape:?}");
        }
        cluster.run_until_idle().await;

        let mut subjects: HashMap<String, Vec<String>> = HashMap::new();
        for mail in cluster.smtp.mails() {
            subjects.entry(mail.recipient().to_owned()).or_default().push(mail.subject());
        }
        for reader in ["ada@example.net", "grace@example.net"] {
            assert_eq!(
                subjects[reader][1..],
                [
                    "[Acme status] API is slow: Investigating",
                    "[Acme status] API is slow: Identified",
                    "[Acme status] API is slow: Monitoring",
                    "[Acme status] API is slow: Resolved"
                ],
                "{shape:?}"
            );
        }
        // The confirmation alone, or with the one update before leaving.
        assert_eq!(subjects["pending@example.net"].len(), 1);
        assert_eq!(subjects["gone@example.net"].len(), 2);
        assert_eq!(subjects.len(), 4);
    }
}

#[tokio::test]
async fn the_mail_of_a_phase_change_has_every_header_that_mail_systems_ask_for() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let incident = page.incident("API is slow", &[]).await;
    page.completed_broadcast(&incident.first.update_id).await;

    let confirmation = cluster.smtp.mail_to("ada@example.net", 0).await;
    assert!(!confirmation.raw.to_lowercase().contains("\r\nlist-"), "{}", confirmation.raw);
    let mail = cluster.smtp.mail_to("ada@example.net", 1).await;
    let header = |name: &str| mail.header(name).unwrap_or_else(|| panic!("no {name} in {}", mail.raw));
    assert_eq!(header("From"), r#""Acme status" <status@localhost>"#);
    assert_eq!(header("To"), "<ada@example.net>");
    assert!(header("Message-ID").starts_with(&format!("<{}.", incident.first.update_id)));
    assert!(header("References").starts_with(&format!("<{}.", incident.incident_id)));
    assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    assert!(header("List-Unsubscribe").starts_with(&format!("<{}/u/", cluster.url())));
    assert!(header("List-Id").ends_with(&format!("<{}.pages.localhost>", page.id())));
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    assert_eq!(header("Content-Language"), "en");
    assert!(mail.envelope.sender.starts_with("b+") && mail.envelope.sender.ends_with("@bounces.localhost"));
    let text = mail.text();
    for part in ["Acme status", "Investigating", "We look into it", "/p/acme/incidents/", "/u/"] {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[tokio::test]
async fn a_silent_update_mails_nobody_and_is_on_the_page() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let incident = page.incident("API is slow", &[]).await;
    page.completed_broadcast(&incident.first.update_id).await;
    let request = proto::incidents::v1::PostUpdateRequest {
        incident_id: incident.incident_id.clone(),
        phase: Phase::Identified.into(),
        body: "Quietly found.".into(),
        notify: Some(false),
        ..Default::default()
    };
    let mut client =
        proto::incidents::v1::incident_service_client::IncidentServiceClient::new(cluster.channel());
    client.post_update(pharos_tests::signed(page.company.token(), request)).await.unwrap();

    let loud = incident.post(Phase::Resolved, "Over.").await;
    page.completed_broadcast(&loud.update_id).await;
    cluster.run_until_idle().await;
    let (status, html) = cluster.get(&format!("/p/acme/incidents/{}", incident.incident_id)).await;
    assert_eq!(status, 200);
    assert!(html.contains("Quietly found."));
    assert_eq!(cluster.smtp.mails_to("ada@example.net").len(), 3);
}

#[tokio::test]
async fn the_page_shows_what_was_told_in_its_language_and_time_zone() {
    let cluster = Cluster::one_process_each().await;
    let page = cluster.company("Açúcar").await.page_in("acucar", "pt-BR", "America/Sao_Paulo").await;
    let api = page.component("Pagamentos").await;
    page.component("Painel").await;
    let incident = page.incident("Lentidão <script>", &[(&api, ComponentStatus::MajorOutage)]).await;

    let (status, html) = cluster.get("/p/acucar").await;
    assert_eq!(status, 200);
    assert!(html.contains(r#"lang="pt-BR""#));
    for part in ["Pagamentos", "Painel", "Investigando", "GMT−3", "Lentidão &#60;script&#62;"] {
        assert!(html.contains(part), "no {part} in {html}");
    }
    assert_eq!(html.matches("<script").count(), 1, "the page's own: {html}");

    incident.post(Phase::Resolved, "Voltou ao normal.").await;
    let (_, html) = cluster.get("/p/acucar/history").await;
    assert!(html.contains("Impacto crítico") && html.contains("Voltou ao normal."), "{html}");
    let (status, _) = cluster.get("/p/nobody-has-this").await;
    assert_eq!(status, 404);
}

/// Posts a form to the edge.
pub(crate) async fn post(cluster: &Cluster, path: &str, form: &str) -> (http::StatusCode, String) {
    use http_body_util::{BodyExt as _, Full};
    use hyper_util::{client::legacy::Client, rt::TokioExecutor};
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<bytes::Bytes>>();
    let request = http::Request::post(format!("{}{path}", cluster.url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Full::new(bytes::Bytes::from(form.to_owned())))
        .unwrap();
    let response = client.request(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn responders_are_not_reminded_late_of_a_promise_that_stands_no_more() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let next_update_at = Some(seconds_from_now(3600));
    let incident = page
        .incident_with(CreateIncidentRequest {
            title: "Slow".to_owned(),
            phase: Phase::Investigating.into(),
            body: "We look into it.".to_owned(),
            next_update_at,
            ..Default::default()
        })
        .await;
    let promise = PostUpdateRequest {
        phase: Phase::Identified.into(),
        body: "Found.".to_owned(),
        next_update_at,
        ..Default::default()
    };
    let latest = incident.post_with(promise).await;
    cluster.run_until_idle().await;
    let told = cluster.smtp.mails_to(&page.company.email).len();

    // A reminder that waited in the outbox, as if notifications had been away.
    let (page_id, incident_id) =
        (page.id().parse::<PageId>().unwrap(), incident.incident_id.parse::<IncidentId>().unwrap());
    let remind = async |update: &IncidentUpdate, position: i64| {
        sqlx::query!(
            "insert into incidents.outbox (event_id, tenant_id, page_id, kind, incident_id, update_id, position)
             values (gen_random_uuid(), $1, $2, 'next_update_due', $3, $4, $5)",
            page.company.tenant().uuid(),
            page_id.uuid(),
            incident_id.uuid(),
            update.update_id.parse::<UpdateId>().unwrap().uuid(),
            position,
        )
        .execute(&mut cluster.database.connect().await)
        .await
        .unwrap();
        cluster.run_until_idle().await;
        cluster.smtp.mails_to(&page.company.email).len() - told
    };
    assert_eq!(remind(&incident.first, 1001).await, 0, "a later update took its place");
    assert_eq!(remind(&latest, 1002).await, 1, "this one stands");
    let resolved = incident.post(Phase::Resolved, "Over.").await;
    assert_eq!(remind(&latest, 1003).await, 1);
    assert_eq!(remind(&resolved, 1004).await, 1);
}
