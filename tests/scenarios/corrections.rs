//! Corrections: published updates are edited, every version is kept, and what follows from the story follows.

use kit::status::reason;
use pharos_tests::{Cluster, Incident, affected, eventually, mask, seconds_from_now, violated};
use proto::{
    common::v1::ErrorReason,
    incidents::v1::{
        ComponentStatus, DeleteComponentRequest, EditUpdateRequest, EditUpdateResponse, ListRevisionsRequest,
        Phase, PostUpdateRequest, Revision,
    },
};
use tonic::{Code, Status};

async fn edit(incident: &Incident, request: EditUpdateRequest) -> Result<EditUpdateResponse, Status> {
    Ok(incident.page.caller().incidents().edit_update(request).await?.into_inner())
}

async fn revisions(incident: &Incident, update_id: &str) -> Vec<Revision> {
    let request = ListRevisionsRequest { update_id: update_id.to_owned() };
    incident.page.caller().incidents().list_revisions(request).await.unwrap().into_inner().revisions
}

fn body(update_id: &str, body: &str) -> EditUpdateRequest {
    EditUpdateRequest {
        update_id: update_id.to_owned(),
        update_mask: mask(&["body"]),
        body: body.to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn every_version_of_an_update_is_kept_and_nobody_is_mailed_of_another() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let incident = page.incident("Slow", &[]).await;
    page.completed_broadcast(&incident.first.update_id).await;
    let id = &incident.first.update_id;
    assert!(revisions(&incident, id).await.is_empty());

    let edited = edit(&incident, body(id, "Better said.")).await.unwrap().update.unwrap();
    assert!(edited.edited_at.is_some() && edited.published_at == incident.first.published_at);
    edit(&incident, body(id, "Best said.")).await.unwrap();
    // The same again is no edit.
    let version = page.shown().await.version;
    let same = edit(&incident, body(id, "Best said.")).await.unwrap();
    assert_eq!(page.shown().await.version, version);
    assert_eq!(same.update.unwrap().body, "Best said.");

    let kept = revisions(&incident, id).await;
    let bodies = kept.iter().map(|revision| revision.body.as_str()).collect::<Vec<_>>();
    assert_eq!(bodies, [incident.first.body.as_str(), "Better said."]);
    let owner = page.company.owner.member.to_string();
    assert!(kept.iter().all(|revision| revision.replaced_by_member_id == owner));
    assert_eq!(kept[0].replaced_at, edited.edited_at);
    let shown = incident.shown().await.unwrap().incident.unwrap();
    assert_eq!(shown.updates[0].body, "Best said.");
    cluster.run_until_idle().await;
    assert_eq!(cluster.smtp.mails_to("ada@example.net").len(), 2, "the confirmation and the first text");
}

#[tokio::test]
async fn an_update_moved_in_time_moves_the_story_and_the_history() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    let incident = page.incident("Down", &[(&api, ComponentStatus::MajorOutage)]).await;
    let resolved = incident.post(Phase::Resolved, "Over.").await;
    let move_to = |update_id: &str, seconds: i64| EditUpdateRequest {
        update_id: update_id.to_owned(),
        update_mask: mask(&["displayed_at"]),
        displayed_at: Some(seconds_from_now(seconds)),
        ..Default::default()
    };
    edit(&incident, move_to(&incident.first.update_id, -3600)).await.unwrap();
    let moved = edit(&incident, move_to(&resolved.update_id, -1800)).await.unwrap().incident.unwrap();
    let (started, over) = (moved.started_at.unwrap().seconds, moved.resolved_at.unwrap().seconds);
    assert!((1799..=1801).contains(&(over - started)), "{started} {over}");
    let counting = page.intervals(&api).await;
    let counting = counting.iter().filter(|it| it.retracted_at.is_none()).collect::<Vec<_>>();
    assert_eq!(counting.len(), 1);
    assert_eq!(counting[0].started_at.unwrap().seconds, started);
    assert_eq!(counting[0].ended_at.unwrap().seconds, over);

    // Moved before the other, what resolved it resolves it no more.
    let reopened = edit(&incident, move_to(&resolved.update_id, -7200)).await.unwrap().incident.unwrap();
    assert_eq!((reopened.phase(), reopened.resolved_at), (Phase::Investigating, None));
    assert_eq!(page.shown_status(&api).await, ComponentStatus::MajorOutage);
    let future = edit(&incident, move_to(&resolved.update_id, 60)).await.unwrap_err();
    assert_eq!(violated(&future), ["displayed_at"]);
}

#[tokio::test]
async fn of_a_published_update_only_its_text_and_its_time_change() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let incident = page.incident("Slow", &[]).await;
    let id = &incident.first.update_id;
    for path in ["phase", "affected_components", "notify", "next_update_at", "publish_at"] {
        let request = EditUpdateRequest {
            update_mask: mask(&["body", path]),
            phase: Phase::Resolved.into(),
            ..body(id, "New.")
        };
        let refused = edit(&incident, request).await.unwrap_err();
        let expected = (Code::FailedPrecondition, Some(ErrorReason::FailedPrecondition));
        assert_eq!((refused.code(), reason(&refused)), expected, "{path}");
    }
    assert_eq!(violated(&edit(&incident, body(id, "")).await.unwrap_err()), ["body"]);
    let timeless = EditUpdateRequest { update_mask: mask(&["displayed_at"]), ..body(id, "") };
    assert_eq!(violated(&edit(&incident, timeless).await.unwrap_err()), ["displayed_at"]);
    let stale =
        edit(&incident, EditUpdateRequest { etag: "999".to_owned(), ..body(id, "New.") }).await.unwrap_err();
    assert_eq!(reason(&stale), Some(ErrorReason::EtagMismatch));
    assert!(revisions(&incident, id).await.is_empty());
}

#[tokio::test]
async fn an_update_is_edited_a_hundred_times_and_no_more() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let incident = page.incident("Slow", &[]).await;
    let id = &incident.first.update_id;
    for number in 0..100 {
        edit(&incident, body(id, &format!("{number}"))).await.unwrap();
    }
    let refused = edit(&incident, body(id, "One too many.")).await.unwrap_err();
    assert_eq!(reason(&refused), Some(ErrorReason::LimitReached));
    assert_eq!(revisions(&incident, id).await.len(), 100);
}

#[tokio::test]
async fn an_edited_story_keeps_its_promise_with_its_latest_update() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    let incident = page.incident("Slow", &[(&api, ComponentStatus::DegradedPerformance)]).await;
    let promising = PostUpdateRequest {
        phase: Phase::Monitoring.into(),
        body: "Soon more.".to_owned(),
        affected_components: affected(&[(&api, ComponentStatus::PartialOutage)]),
        next_update_at: Some(seconds_from_now(3600)),
        ..Default::default()
    };
    let promising = incident.post_with(promising).await;
    let move_back = EditUpdateRequest {
        update_mask: mask(&["displayed_at"]),
        displayed_at: Some(seconds_from_now(-3600)),
        ..body(&promising.update_id, "")
    };
    let moved = edit(&incident, move_back).await.unwrap().incident.unwrap();
    assert_eq!((moved.next_update_at, moved.phase()), (None, Phase::Investigating));
    assert_eq!(page.shown_status(&api).await, ComponentStatus::DegradedPerformance);
    let due =
        sqlx::query_scalar!(r#"select count(*) as "count!" from incidents.due where kind <> 'read_vendor'"#);
    assert_eq!(due.fetch_one(&mut cluster.database.connect().await).await.unwrap(), 0);
}

#[tokio::test]
async fn an_update_moved_in_time_gives_nothing_back_of_what_members_took_over_or_deleted() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let (api, web) = (page.component("API").await, page.component("Web").await);
    let incident = page.incident("Down", &[(&web, ComponentStatus::MajorOutage)]).await;
    let left_behind = PostUpdateRequest {
        phase: Phase::Resolved.into(),
        body: "Nearly.".to_owned(),
        affected_components: affected(&[
            (&api, ComponentStatus::DegradedPerformance),
            (&web, ComponentStatus::MajorOutage),
        ]),
        ..Default::default()
    };
    let left_behind = incident.post_with(left_behind).await;
    let move_to_now = async |update_id: &str| {
        let request = EditUpdateRequest {
            update_mask: mask(&["displayed_at"]),
            displayed_at: Some(seconds_from_now(0)),
            ..body(update_id, "")
        };
        edit(&incident, request).await.unwrap()
    };
    assert_eq!(page.shown_status(&api).await, ComponentStatus::DegradedPerformance);
    page.set_status(&api, ComponentStatus::Operational).await;
    let request = DeleteComponentRequest { component_id: web.component_id.clone(), ..Default::default() };
    page.caller().components().delete_component(request).await.unwrap();

    let taken = affected(&[(&api, ComponentStatus::Operational), (&web, ComponentStatus::Operational)]);
    assert_eq!(incident.get().await.incident.unwrap().affected_components, taken);
    let second = kit::Clock::system().now().as_second();
    eventually("the next second", || async {
        (kit::Clock::system().now().as_second() > second).then_some(())
    })
    .await;
    for update in [&left_behind, &incident.first] {
        let moved = move_to_now(&update.update_id).await.incident.unwrap();
        assert_eq!(moved.affected_components, taken);
        assert_eq!(page.shown_status(&api).await, ComponentStatus::Operational);
        for component in [&api, &web] {
            let open = page.intervals(component).await;
            let open = open.iter().filter(|it| it.retracted_at.is_none() && it.ended_at.is_none());
            assert_eq!(open.count(), 0);
        }
    }
}
