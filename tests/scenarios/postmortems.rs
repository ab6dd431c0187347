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
