//! The audit log: every change, by whom, and what is left of what was deleted.

use pharos_tests::{Cluster, violated};
use proto::{
    common::v1::Role,
    incidents::v1::{
        AuditAction, ComponentStatus, DeleteComponentRequest, DeleteIncidentRequest, ListAuditEntriesRequest,
        Phase,
    },
};

#[tokio::test]
async fn every_change_is_logged_and_a_deleted_incident_leaves_what_it_was() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let owner = page.company.owner.member.to_string();
    let api = page.component("API").await;
    let incident = page.incident("Down", &[(&api, ComponentStatus::MajorOutage)]).await;
    incident.post(Phase::Resolved, "Up again.").await;
    let request = DeleteIncidentRequest { incident_id: incident.incident_id.clone(), ..Default::default() };
    page.caller().incidents().delete_incident(request).await.unwrap();
    let request = DeleteComponentRequest { component_id: api.component_id.clone(), ..Default::default() };
    page.caller().components().delete_component(request).await.unwrap();

    let log = page.audit_entries().await;
    let told = log.iter().map(|it| (it.action(), it.subject_name.as_str())).collect::<Vec<_>>();
    let expected = [
        (AuditAction::Deleted, "API"),
        (AuditAction::Deleted, "Down"),
        (AuditAction::Told, "Down"),
        (AuditAction::Created, "Down"),
        (AuditAction::Created, "API"),
    ];
    assert_eq!(told, expected);
    assert!(log.iter().all(|entry| entry.member_id.as_deref() == Some(owner.as_str())));
    assert_eq!(log[1].subject_id, incident.incident_id);
    assert!(log[1].detail.contains('2'), "the number of its updates is missing: {}", log[1].detail);
}

#[tokio::test]
async fn the_log_comes_in_lots_and_only_to_admins() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    for name in ["one", "two", "three"] {
        page.component(name).await;
    }
    let ask = |page_size, page_token: &str| ListAuditEntriesRequest {
        page_id: page.id(),
        page_size,
        page_token: page_token.to_owned(),
    };
    let first = page.caller().audit().list_audit_entries(ask(2, "")).await.unwrap().into_inner();
    let names = |log: &[proto::incidents::v1::AuditEntry]| {
        log.iter().map(|entry| entry.subject_name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&first.audit_entries), ["three", "two"]);
    let second = page.caller().audit().list_audit_entries(ask(2, &first.next_page_token)).await.unwrap();
    let second = second.into_inner();
    assert_eq!((names(&second.audit_entries), second.next_page_token.as_str()), (vec!["one".to_owned()], ""));
    let refused = page.caller().audit().list_audit_entries(ask(1001, "")).await.unwrap_err();
    assert_eq!(violated(&refused), ["page_size"]);

    let responder = page.company.given_member(&cluster, Role::Responder).await;
    let caller = pharos_tests::Caller::new(cluster.channel(), &cluster.token_of(&responder));
    let refused = caller.audit().list_audit_entries(ask(0, "")).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::PermissionDenied);
}
