//! Drafts: kept from the public, published by hand or by the clock, thrown away.

use kit::status::reason;
use pharos_tests::{Cluster, Incident, PageOf, affected, eventually, mask, seconds_from_now, violated};
use proto::{
    common::v1::ErrorReason,
    incidents::v1::{
        Component, ComponentStatus, CreateIncidentRequest, DeleteComponentRequest, DiscardUpdateRequest,
        EditUpdateRequest, IncidentUpdate, Phase, PostUpdateRequest, PublishUpdateRequest,
        PublishUpdateResponse,
    },
    notifications::v1::ListBroadcastsRequest,
};
use tonic::{Code, Status};

fn hidden(title: &str, component: &Component) -> CreateIncidentRequest {
    CreateIncidentRequest {
        title: title.to_owned(),
        phase: Phase::Investigating.into(),
        body: "We look into it.".to_owned(),
        affected_components: affected(&[(component, ComponentStatus::MajorOutage)]),
        draft: true,
        ..Default::default()
    }
}

fn draft(body: &str) -> PostUpdateRequest {
    PostUpdateRequest {
        phase: Phase::Monitoring.into(),
        body: body.to_owned(),
        draft: true,
        ..Default::default()
    }
}

async fn publish(page: &PageOf, update_id: &str, etag: &str) -> Result<PublishUpdateResponse, Status> {
    let request = PublishUpdateRequest { update_id: update_id.to_owned(), etag: etag.to_owned() };
    Ok(page.caller().incidents().publish_update(request).await?.into_inner())
}

async fn edit(incident: &Incident, request: EditUpdateRequest) -> Result<IncidentUpdate, Status> {
    let reply = incident.page.caller().incidents().edit_update(request).await?;
    Ok(reply.into_inner().update.unwrap())
}

async fn delete(page: &PageOf, component: &Component) {
    let request =
        DeleteComponentRequest { component_id: component.component_id.clone(), ..Default::default() };
    page.caller().components().delete_component(request).await.unwrap();
}

#[tokio::test]
async fn nobody_outside_sees_a_draft_until_it_is_published() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let api = page.component("API").await;
    let incident = page.incident_with(hidden("Secret", &api)).await;
    assert!(incident.first.published_at.is_none() && incident.first.displayed_at.is_none());
    let found = incident.get().await;
    assert_eq!(found.drafts, std::slice::from_ref(&incident.first));
    let hidden = found.incident.unwrap();
    assert!(!hidden.is_public && hidden.updates.is_empty());

    let shown = page.shown().await;
    assert!(shown.open_incidents.is_empty() && shown.recent_incidents.is_empty());
    assert_eq!(page.shown_status(&api).await, ComponentStatus::Operational);
    assert!(page.intervals(&api).await.is_empty());
    assert_eq!(incident.shown().await.unwrap_err().code(), Code::NotFound);
    let (_, html) = cluster.get("/p/acme").await;
    assert!(!html.contains("Secret"));
    cluster.run_until_idle().await;
    assert_eq!(cluster.smtp.mails_to("ada@example.net").len(), 1, "the confirmation alone");

    let stale = publish(&page, &incident.first.update_id, "999").await.unwrap_err();
    assert_eq!(reason(&stale), Some(ErrorReason::EtagMismatch));
    let published = publish(&page, &incident.first.update_id, &hidden.etag).await.unwrap();
    let told = published.update.unwrap();
    assert!(published.incident.unwrap().is_public && told.published_at.is_some() && !told.silent);
    assert_eq!(told.update_id, incident.first.update_id, "a draft keeps its id");
    assert_eq!(page.shown_status(&api).await, ComponentStatus::MajorOutage);
    assert!(incident.get().await.drafts.is_empty());
    page.completed_broadcast(&told.update_id).await;
    // Again changes nothing, whatever version the caller saw.
    let version = page.shown().await.version;
    let again = publish(&page, &incident.first.update_id, &hidden.etag).await.unwrap();
    assert_eq!(again.update.unwrap(), told);
    assert_eq!(page.shown().await.version, version);
    cluster.run_until_idle().await;
    assert_eq!(cluster.smtp.mails_to("ada@example.net").len(), 2);
}

#[tokio::test]
async fn the_clock_publishes_a_draft_once_at_its_time() {
    for shape in pharos_tests::Shape::BOTH {
        let cluster = Cluster::start(shape).await;
        let page = cluster.company("Acme").await.page("acme").await;
        page.confirmed(&cluster, "ada@example.net").await;
        let (api, web) = (page.component("API").await, page.component("Web").await);
        let publish_at = Some(seconds_from_now(4));
        let statuses = [(&api, ComponentStatus::MajorOutage), (&web, ComponentStatus::MajorOutage)];
        let request = CreateIncidentRequest {
            publish_at,
            affected_components: affected(&statuses),
            ..hidden("Planned", &api)
        };
        let incident = page.incident_with(request).await;
        // What is gone by then is left out.
        delete(&page, &web).await;
        let told = eventually("the draft to be published", || async {
            incident.get().await.incident.unwrap().updates.into_iter().next()
        })
        .await;
        assert_eq!(told.displayed_at, publish_at, "{shape:?}");
        assert_eq!(told.affected_components, affected(&statuses[..1]));
        page.completed_broadcast(&told.update_id).await;
        cluster.run_until_idle().await;
        assert_eq!(cluster.smtp.mails_to("ada@example.net").len(), 2);
        assert_eq!(page.shown_status(&api).await, ComponentStatus::MajorOutage);
        let log = page.audit_entries().await;
        let entry = log.iter().find(|entry| entry.subject_id == incident.incident_id).unwrap();
        assert_eq!(entry.member_id, None, "the clock did it: {entry:?}");
    }
}

#[tokio::test]
async fn drafts_that_are_due_together_come_out_in_order_and_are_all_mailed() {
    for shape in pharos_tests::Shape::BOTH {
        let cluster = Cluster::start(shape).await;
        let page = cluster.company("Acme").await.page("acme").await;
        let incident = page.incident("Slow", &[]).await;
        let (first, later) = (seconds_from_now(4), seconds_from_now(5));
        let mut planned = Vec::new();
        for (publish_at, body) in [(later, "2"), (later, "3"), (later, "4"), (first, "1")] {
            let request = PostUpdateRequest { publish_at: Some(publish_at), ..draft(body) };
            planned.push((body, incident.post_with(request).await.update_id));
        }
        planned.sort();
        let told = eventually("all drafts to be published", || async {
            let told = incident.get().await.incident.unwrap().updates;
            (told.len() == 5).then_some(told)
        })
        .await;
        assert!(told.iter().all(|update| !update.silent), "{shape:?}: {told:?}");
        let order = told.iter().rev().skip(1).map(|update| update.update_id.clone()).collect::<Vec<_>>();
        assert_eq!(order, planned.into_iter().map(|(_, id)| id).collect::<Vec<_>>());
        cluster.run_until_idle().await;
        let request = ListBroadcastsRequest { page_id: page.id(), page_size: 100, ..Default::default() };
        let reply = page.caller().broadcasts().list_broadcasts(request).await.unwrap().into_inner();
        let mut handed_on = reply.broadcasts.into_iter().map(|it| it.update_id).collect::<Vec<_>>();
        handed_on.reverse();
        assert_eq!(handed_on[1..], order, "{shape:?}");
        let due = sqlx::query_scalar!(
            r#"select count(*) as "count!" from incidents.due where kind <> 'read_vendor'"#
        );
        assert_eq!(due.fetch_one(&mut cluster.database.connect().await).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_draft_promises_what_is_still_to_come_when_it_is_published() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let incident = page.incident("Slow", &[]).await;
    let promising = |publish_at, next: i64| PostUpdateRequest {
        incident_id: incident.incident_id.clone(),
        publish_at,
        next_update_at: Some(seconds_from_now(next)),
        ..draft("Soon.")
    };
    let refused = page.caller().incidents().post_update(promising(Some(seconds_from_now(60)), 30)).await;
    assert_eq!(violated(&refused.unwrap_err()), ["next_update_at"]);
    let resolved = PostUpdateRequest { phase: Phase::Resolved.into(), ..promising(None, 30) };
    let refused = page.caller().incidents().post_update(resolved).await;
    assert_eq!(violated(&refused.unwrap_err()), ["next_update_at"]);

    // Whichever half of the pair is changed.
    let written = incident.post_with(promising(Some(seconds_from_now(3600)), 7200)).await;
    let change = |path, phase: Phase, publish_at, next_update_at| EditUpdateRequest {
        update_id: written.update_id.clone(),
        update_mask: mask(&[path]),
        phase: phase.into(),
        publish_at: Some(seconds_from_now(publish_at)),
        next_update_at: Some(seconds_from_now(next_update_at)),
        ..Default::default()
    };
    for bad in [
        change("publish_at", Phase::Monitoring, 7300, 0),
        change("next_update_at", Phase::Monitoring, 0, 3500),
        change("phase", Phase::Resolved, 0, 0),
    ] {
        assert_eq!(violated(&edit(&incident, bad).await.unwrap_err()), ["next_update_at"]);
    }
    edit(&incident, change("publish_at", Phase::Monitoring, 7100, 0)).await.unwrap();

    // What was promised until a time that has passed is forgotten.
    const SOON: i64 = 4;
    let promised = seconds_from_now(SOON);
    let late = incident.post_with(promising(None, SOON)).await;
    eventually("the promise to pass", || async {
        (kit::Clock::system().now().as_second() > promised.seconds).then_some(())
    })
    .await;
    let told = publish(&page, &late.update_id, "").await.unwrap();
    assert_eq!(told.update.unwrap().next_update_at, None);
    assert_eq!(told.incident.unwrap().next_update_at, None);
    let told = publish(&page, &written.update_id, "").await.unwrap();
    assert!(told.incident.unwrap().next_update_at.is_some());
}

#[tokio::test]
async fn everything_of_a_draft_can_be_changed_and_its_plan_too() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let (api, web) = (page.component("API").await, page.component("Web").await);
    let incident = page.incident("Slow", &[]).await;
    let written = incident
        .post_with(PostUpdateRequest { publish_at: Some(seconds_from_now(3600)), ..draft("Soon.") })
        .await;
    let planned = async || {
        let mut database = cluster.database.connect().await;
        sqlx::query_scalar!("select due_id from incidents.due where kind = 'publish_update'")
            .fetch_all(&mut database)
            .await
            .unwrap()
            .len()
    };
    assert_eq!(planned().await, 1);
    let request = EditUpdateRequest {
        update_id: written.update_id.clone(),
        update_mask: mask(&[
            "body",
            "phase",
            "affected_components",
            "notify",
            "next_update_at",
            "publish_at",
            "displayed_at",
        ]),
        body: "Other.".to_owned(),
        phase: Phase::Identified.into(),
        affected_components: affected(&[(&web, ComponentStatus::PartialOutage)]),
        notify: false,
        next_update_at: Some(seconds_from_now(7200)),
        displayed_at: Some(seconds_from_now(-60)),
        ..Default::default()
    };
    let edited = edit(&incident, request.clone()).await.unwrap();
    assert_eq!((edited.body.as_str(), edited.phase(), edited.silent), ("Other.", Phase::Identified, true));
    assert_eq!((edited.next_update_at, edited.displayed_at), (request.next_update_at, request.displayed_at));
    assert_eq!((edited.publish_at, planned().await), (None, 0));
    assert_eq!(edited.affected_components, request.affected_components);
    assert_eq!(edited.edited_at, None, "readers never saw another text");
    assert_eq!(incident.get().await.drafts, std::slice::from_ref(&edited));

    let maintained = EditUpdateRequest {
        affected_components: affected(&[(&api, ComponentStatus::UnderMaintenance)]),
        ..request.clone()
    };
    let refused = edit(&incident, maintained).await.unwrap_err();
    assert_eq!(violated(&refused), ["affected_components[0].status"]);
    let mut bad = EditUpdateRequest { publish_at: Some(seconds_from_now(-1)), ..request.clone() };
    assert_eq!(violated(&edit(&incident, bad.clone()).await.unwrap_err()), ["publish_at"]);
    bad.update_mask = mask(&["incident_id"]);
    assert_eq!(violated(&edit(&incident, bad).await.unwrap_err()), ["update_mask"]);

    // A member is told that a component is gone; the clock would leave it out.
    delete(&page, &web).await;
    assert_eq!(violated(&publish(&page, &written.update_id, "").await.unwrap_err()), ["update_id"]);
    let request = EditUpdateRequest {
        update_id: written.update_id.clone(),
        update_mask: mask(&["affected_components"]),
        ..Default::default()
    };
    edit(&incident, request).await.unwrap();
    let told = publish(&page, &written.update_id, "").await.unwrap().update.unwrap();
    assert!(told.silent && told.displayed_at == edited.displayed_at);
}

#[tokio::test]
async fn a_draft_can_be_thrown_away_and_what_is_published_cannot() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let incident = page.incident("Slow", &[]).await;
    let written =
        incident.post_with(PostUpdateRequest { publish_at: Some(seconds_from_now(4)), ..draft("No.") }).await;
    let discard = async |update_id: &str| {
        let request = DiscardUpdateRequest { update_id: update_id.to_owned() };
        page.caller().incidents().discard_update(request).await
    };
    discard(&written.update_id).await.unwrap();
    assert_eq!(reason(&discard(&written.update_id).await.unwrap_err()), Some(ErrorReason::NotFound));
    let refused = discard(&incident.first.update_id).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused)),
        (Code::FailedPrecondition, Some(ErrorReason::FailedPrecondition))
    );
    let gone = publish(&page, &written.update_id, "").await.unwrap_err();
    assert_eq!(reason(&gone), Some(ErrorReason::NotFound));
    cluster.run_until_idle().await;
    let found = incident.get().await;
    assert_eq!((found.incident.unwrap().updates.len(), found.drafts.len()), (1, 0));

    let undrafted = PostUpdateRequest {
        incident_id: incident.incident_id.clone(),
        draft: false,
        publish_at: Some(seconds_from_now(60)),
        ..draft("Not a draft.")
    };
    let refused = page.caller().incidents().post_update(undrafted).await.unwrap_err();
    assert_eq!(violated(&refused), ["publish_at"]);
}

#[tokio::test]
async fn what_is_done_to_drafts_moves_no_version_and_wakes_nobody() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let untouched = page.company.page("untouched").await;
    untouched
        .incident_with(CreateIncidentRequest {
            title: "Secret".to_owned(),
            phase: Phase::Investigating.into(),
            body: "Not yet.".to_owned(),
            draft: true,
            ..Default::default()
        })
        .await;
    assert_eq!(untouched.shown().await.version, 0);

    let api = page.component("API").await;
    let incident = page.incident("Slow", &[]).await;
    let version = page.shown().await.version;
    let secret = page.incident_with(hidden("Secret", &api)).await;
    let written = incident.post_with(draft("Soon.")).await;
    let request = EditUpdateRequest {
        update_id: written.update_id.clone(),
        update_mask: mask(&["body"]),
        body: "Sooner.".to_owned(),
        ..Default::default()
    };
    edit(&incident, request.clone()).await.unwrap();
    let blank = EditUpdateRequest { body: "\u{2060}\n".to_owned(), ..request.clone() };
    assert_eq!(violated(&edit(&incident, blank).await.unwrap_err()), ["body"]);
    let discard = DiscardUpdateRequest { update_id: secret.first.update_id.clone() };
    page.caller().incidents().discard_update(discard).await.unwrap();
    assert_eq!(page.shown().await.version, version);

    publish(&page, &written.update_id, "").await.unwrap();
    assert_eq!(page.shown().await.version, version + 1);
    let mended = EditUpdateRequest { body: "Now.".to_owned(), ..request };
    edit(&incident, mended.clone()).await.unwrap();
    assert_eq!(page.shown().await.version, version + 2);
    edit(&incident, mended).await.unwrap();
    assert_eq!(page.shown().await.version, version + 2, "the same again is no change");
    let blank = PostUpdateRequest { incident_id: incident.incident_id.clone(), ..draft(" \u{200b}") };
    assert_eq!(violated(&page.caller().incidents().post_update(blank).await.unwrap_err()), ["body"]);
}

#[tokio::test]
async fn drafts_count_where_there_are_limits() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    let mut last = None;
    for number in 0..50 {
        last = Some(page.incident_with(hidden(&format!("{number}"), &api)).await);
    }
    let request = CreateIncidentRequest { page_id: page.id(), ..hidden("One too many", &api) };
    let refused = page.caller().incidents().create_incident(request.clone()).await.unwrap_err();
    assert_eq!(reason(&refused), Some(ErrorReason::LimitReached));
    let last = last.unwrap();
    publish(&page, &last.first.update_id, "").await.unwrap();
    page.caller().incidents().create_incident(request).await.unwrap();

    let incident: kit::ids::IncidentId = last.incident_id.parse().unwrap();
    sqlx::query!(
        "insert into incidents.update_draft (
             tenant_id, update_id, incident_id, phase, body, component_ids, statuses, created_at)
         select $1, gen_random_uuid(), $2, 'monitoring', 'x', '{}', '{}', now() from generate_series(1, 498)",
        page.company.tenant().uuid(),
        incident.uuid(),
    )
    .execute(&mut cluster.database.connect().await)
    .await
    .unwrap();
    last.post_with(draft("The last.")).await;
    let mut request = PostUpdateRequest { incident_id: last.incident_id.clone(), ..draft("One too many.") };
    for draft in [true, false] {
        request.draft = draft;
        let refused = page.caller().incidents().post_update(request.clone()).await.unwrap_err();
        assert_eq!(reason(&refused), Some(ErrorReason::LimitReached), "{draft}");
    }
}
