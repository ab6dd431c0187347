//! Reports after incidents: written, published, mended, taken back.

use kit::status::reason;
use pharos_tests::{Cluster, Incident, at, violated};
use proto::{
    common::v1::ErrorReason,
    incidents::v1::{
        CreateIncidentRequest, GetPostmortemRequest, Phase, PostmortemDraft, PublishPostmortemRequest,
        UnpublishPostmortemRequest, WritePostmortemRequest,
    },
};
use tonic::{Code, Status};

async fn publish(incident: &Incident, request: PublishPostmortemRequest) -> Result<PostmortemDraft, Status> {
    let request = PublishPostmortemRequest { incident_id: incident.incident_id.clone(), ..request };
    Ok(incident.page.caller().postmortems().publish_postmortem(request).await?.into_inner().draft.unwrap())
}

async fn unpublish(incident: &Incident) -> Result<PostmortemDraft, Status> {
    let request = UnpublishPostmortemRequest { incident_id: incident.incident_id.clone() };
    let reply = incident.page.caller().postmortems().unpublish_postmortem(request).await?;
    Ok(reply.into_inner().draft.unwrap())
}

async fn get(incident: &Incident) -> Result<PostmortemDraft, Status> {
    let request = GetPostmortemRequest { incident_id: incident.incident_id.clone() };
    Ok(incident.page.caller().postmortems().get_postmortem(request).await?.into_inner().draft.unwrap())
}

async fn shown(incident: &Incident) -> Option<String> {
    incident.shown().await.unwrap().incident.unwrap().postmortem.map(|report| report.body)
}

#[tokio::test]
async fn readers_see_a_report_from_when_it_is_published_until_it_is_taken_back() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let incident = page.incident("Down", &[]).await;
    assert_eq!(reason(&get(&incident).await.unwrap_err()), Some(ErrorReason::NotFound));
    let written = incident.write_postmortem("A cable.").await;
    assert_eq!((written.body.as_str(), written.published), ("A cable.", None));

    let open = publish(&incident, PublishPostmortemRequest::default()).await.unwrap_err();
    let expected = (Code::FailedPrecondition, Some(ErrorReason::FailedPrecondition));
    assert_eq!((open.code(), reason(&open)), expected);
    let resolved = incident.post(Phase::Resolved, "Over.").await;
    page.completed_broadcast(&resolved.update_id).await;
    let before = cluster.smtp.mails_to("ada@example.net").len();

    let published = incident.publish_postmortem(true).await.published.unwrap();
    assert_eq!((published.body.as_str(), published.edited_at), ("A cable.", None));
    assert_eq!(shown(&incident).await.as_deref(), Some("A cable."));
    cluster.smtp.mail_to("ada@example.net", before).await;
    // Again is nothing new, and mails nobody twice.
    let version = page.shown().await.version;
    incident.publish_postmortem(true).await;
    assert_eq!(page.shown().await.version, version);

    incident.write_postmortem("A cable, cut by a digger.").await;
    assert_eq!(shown(&incident).await.as_deref(), Some("A cable."), "readers see what is published");
    let again = incident.publish_postmortem(false).await.published.unwrap();
    assert!(again.edited_at.is_some() && again.published_at == published.published_at);
    assert_eq!(shown(&incident).await.as_deref(), Some("A cable, cut by a digger."));

    let back = unpublish(&incident).await.unwrap();
    assert_eq!((back.body.as_str(), back.published), ("A cable, cut by a digger.", None));
    assert_eq!(shown(&incident).await, None);
    let version = page.shown().await.version;
    assert_eq!(unpublish(&incident).await.unwrap(), get(&incident).await.unwrap());
    assert_eq!(page.shown().await.version, version);
    cluster.run_until_idle().await;
    assert_eq!(cluster.smtp.mails_to("ada@example.net").len(), before + 1);
}

#[tokio::test]
async fn a_report_is_off_the_page_while_its_incident_goes_on_again() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let incident = page.incident("Down", &[]).await;
    incident.post(Phase::Resolved, "Over.").await;
    incident.write_postmortem("A cable.").await;
    incident.publish_postmortem(false).await;
    assert!(page.shown().await.recent_incidents[0].has_postmortem);

    incident.post(Phase::Investigating, "Not over.").await;
    assert_eq!(shown(&incident).await, None);
    let open = page.shown().await.open_incidents.remove(0);
    assert!(open.postmortem.is_none() && !open.has_postmortem);
    assert!(get(&incident).await.unwrap().published.is_some(), "it is kept");
    let (_, html) = cluster.get(&format!("/p/acme/incidents/{}", incident.incident_id)).await;
    assert!(!html.contains("A cable."));

    incident.post(Phase::Resolved, "Over now.").await;
    assert_eq!(shown(&incident).await.as_deref(), Some("A cable."));
    // It can be taken back in either state.
    incident.post(Phase::Investigating, "Not over.").await;
    assert_eq!(unpublish(&incident).await.unwrap().published, None);
}

#[tokio::test]
async fn subscribers_are_mailed_each_text_once_and_only_if_they_are_to_be() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let incident = page
        .incident_with(CreateIncidentRequest {
            title: "Down".to_owned(),
            phase: Phase::Resolved.into(),
            body: "Over.".to_owned(),
            notify: Some(false),
            ..Default::default()
        })
        .await;
    page.confirmed(&cluster, "ada@example.net").await;
    let mails = async || {
        cluster.run_until_idle().await;
        cluster.smtp.mails_to("ada@example.net").len() - 1
    };
    for (text, notify, sent) in [
        ("A cable.", false, 0),
        ("A cable.", true, 1),
        ("A cable.", true, 1),
        ("A cable, cut.", false, 1),
        ("A cable, cut.", true, 2),
        ("A cable, cut.", false, 2),
        ("A cable, cut.", true, 2),
    ] {
        incident.write_postmortem(text).await;
        incident.publish_postmortem(notify).await;
        assert_eq!(mails().await, sent, "{text} {notify}");
    }
}

#[tokio::test]
async fn a_call_that_was_lost_on_its_way_back_is_answered_as_it_was() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let incident = page.incident("Down", &[]).await;
    incident.post(Phase::Resolved, "Over.").await;
    let version = page.shown().await.version;
    let write = WritePostmortemRequest {
        incident_id: incident.incident_id.clone(),
        body: "A cable.".to_owned(),
        etag: incident.get().await.incident.unwrap().etag,
    };
    let written = page.caller().postmortems().write_postmortem(write.clone()).await.unwrap().into_inner();
    let again = page.caller().postmortems().write_postmortem(write.clone()).await.unwrap().into_inner();
    assert_eq!(again, written);
    assert_eq!(page.shown().await.version, version, "what members alone see moves nothing");
    let blank = WritePostmortemRequest { body: "\u{200b}\n".to_owned(), ..write };
    let refused = page.caller().postmortems().write_postmortem(blank).await.unwrap_err();
    assert_eq!(violated(&refused), ["body"]);

    let etag = written.draft.unwrap().etag;
    for notify in [false, true] {
        let request = PublishPostmortemRequest { notify, etag: etag.clone(), ..Default::default() };
        if notify {
            let stale = publish(&incident, request).await.unwrap_err();
            assert_eq!(reason(&stale), Some(ErrorReason::EtagMismatch), "to mail is something new");
        } else {
            let published = publish(&incident, request.clone()).await.unwrap();
            assert_eq!(publish(&incident, request).await.unwrap(), published);
        }
    }
}

#[tokio::test]
async fn a_report_is_written_on_the_version_that_was_seen_and_of_what_the_public_sees() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let draft = page
        .incident_with(CreateIncidentRequest {
            title: "Draft".to_owned(),
            phase: Phase::Resolved.into(),
            body: "Over.".to_owned(),
            draft: true,
            ..Default::default()
        })
        .await;
    let written = draft.write_postmortem("Why.").await;
    let hidden = publish(&draft, PublishPostmortemRequest::default()).await.unwrap_err();
    assert_eq!(reason(&hidden), Some(ErrorReason::FailedPrecondition));
    assert_eq!(draft.get().await.incident.unwrap().etag, written.etag);
    let request = WritePostmortemRequest {
        incident_id: draft.incident_id.clone(),
        body: "Other.".to_owned(),
        etag: "1".to_owned(),
    };
    let stale = page.caller().postmortems().write_postmortem(request).await.unwrap_err();
    assert_eq!((stale.code(), reason(&stale)), (Code::Aborted, Some(ErrorReason::EtagMismatch)));

    let over = page.incident("Over", &[]).await;
    over.post(Phase::Resolved, "Over.").await;
    let unwritten = publish(&over, PublishPostmortemRequest::default()).await.unwrap_err();
    assert_eq!(reason(&unwritten), Some(ErrorReason::NotFound));
    over.write_postmortem("Why.").await;
    let past =
        PublishPostmortemRequest { displayed_at: Some(at("2024-05-01T10:00:00Z")), ..Default::default() };
    let published = publish(&over, past.clone()).await.unwrap().published.unwrap();
    assert_eq!(published.published_at, past.displayed_at);
    let future = PublishPostmortemRequest {
        displayed_at: Some(pharos_tests::seconds_from_now(60)),
        ..Default::default()
    };
    assert_eq!(violated(&publish(&over, future).await.unwrap_err()), ["displayed_at"]);
}
