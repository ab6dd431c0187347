//! How components are and were: by hand, by what incidents leave behind, and by what their vendors say.

use kit::ids::{PageId, VendorId};
use pharos_tests::{Cluster, PageOf, at, violated};
use proto::incidents::v1::{
    AffectedComponent, ComponentStatus, CreateComponentRequest, FollowedComponent,
    ListStatusIntervalsRequest, Phase, PostUpdateRequest, RecordStatusIntervalRequest,
    RetractStatusIntervalRequest, UpdateComponentRequest, status_interval::Cause,
};
use tonic::Code;

use super::{get, update};

/// A vendor whose page was read, with one component; written into the database, so that nobody reads it.
async fn given_vendor(cluster: &Cluster, page: &PageOf, name: &str, status: &str) -> VendorId {
    let (vendor, page_id) = (VendorId::from_uuid(uuid::Uuid::now_v7()), page.id().parse::<PageId>().unwrap());
    let mut database = cluster.database.connect().await;
    sqlx::query!(
        "insert into incidents.vendor (tenant_id, vendor_id, page_id, name, url, format, heard_at, created_at)
         values ($1, $2, $3, $4, 'https://status.example.com', 'statuspage', '2026-02-02T00:00:00Z', '2026-01-01T00:00:00Z')",
        page.company.tenant().uuid(),
        vendor.uuid(),
        page_id.uuid(),
        name,
    )
    .execute(&mut database)
    .await
    .unwrap();
    sqlx::query!(
        "insert into incidents.vendor_component
             (tenant_id, vendor_id, vendor_component_id, place, name, group_name, status)
         values ($1, $2, 'cmp1', 0, 'Mail', 'Europe', $3::text::incidents.component_status)",
        page.company.tenant().uuid(),
        vendor.uuid(),
        status,
    )
    .execute(&mut database)
    .await
    .unwrap();
    vendor
}

#[tokio::test]
async fn a_third_party_component_is_as_its_vendor_says_and_says_since_when_it_heard_nothing() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let bad = given_vendor(&cluster, &page, "Bad", "major_outage").await;
    let slow = given_vendor(&cluster, &page, "Slow", "degraded_performance").await;
    let follow = |vendor: VendorId, component: &str| {
        Some(FollowedComponent { vendor_id: vendor.to_string(), vendor_component: component.to_owned() })
    };
    let request = CreateComponentRequest {
        name: "Mail".to_owned(),
        third_party: follow(bad, "cmp1"),
        ..Default::default()
    };
    let mail = page.component_with(request).await;
    assert_eq!(mail.status(), ComponentStatus::MajorOutage);
    let third_party = mail.third_party.clone().unwrap();
    assert_eq!((third_party.vendor_name.as_str(), third_party.vendor_group_name.as_str()), ("Bad", "Europe"));
    assert_eq!((third_party.heard_at, third_party.not_heard_since), (Some(at("2026-02-02T00:00:00Z")), None));

    // By its name, of another vendor: the first one's outage is over.
    let request = UpdateComponentRequest {
        component_id: mail.component_id.clone(),
        third_party: follow(slow, "Mail"),
        ..Default::default()
    };
    let moved = update(&page, &["third_party"], request.clone()).await.unwrap();
    assert_eq!(moved.status(), ComponentStatus::DegradedPerformance);
    let intervals = page.intervals(&mail).await;
    let causes =
        intervals.iter().map(|interval| (interval.cause.clone().unwrap(), interval.ended_at.is_some()));
    let expected = [(Cause::VendorId(slow.to_string()), false), (Cause::VendorId(bad.to_string()), true)];
    assert_eq!(causes.collect::<Vec<_>>(), expected);

    let mut database = cluster.database.connect().await;
    sqlx::query!("update incidents.vendor set failing_since = now()").execute(&mut database).await.unwrap();
    let heard = async || get(&page, &mail).await.third_party.unwrap();
    assert_eq!(heard().await.not_heard_since, Some(at("2026-02-02T00:00:00Z")));
    sqlx::query!("update incidents.vendor set failing_since = null").execute(&mut database).await.unwrap();
    sqlx::query!("update incidents.vendor_component set missing_since = '2026-02-01T00:00:00Z'")
        .execute(&mut database)
        .await
        .unwrap();
    assert_eq!(heard().await.not_heard_since, Some(at("2026-02-01T00:00:00Z")));
    assert_eq!(page.shown_status(&mail).await, ComponentStatus::DegradedPerformance);

    let request = UpdateComponentRequest { third_party: follow(slow, "Nothing like it"), ..request };
    let unknown = update(&page, &["third_party"], request.clone()).await.unwrap();
    assert_eq!(unknown.status(), ComponentStatus::Operational);
    let third_party = unknown.third_party.unwrap();
    assert_eq!((third_party.heard_at, third_party.not_heard_since), (None, mail.created_at));
    let request = UpdateComponentRequest { third_party: None, ..request };
    assert_eq!(update(&page, &["third_party"], request).await.unwrap().third_party, None);
}

#[tokio::test]
async fn a_status_by_hand_takes_over_what_was_left_behind_and_hides_nothing_that_is_going_on() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    let left = page.incident("Left behind", &[(&api, ComponentStatus::MajorOutage)]).await;
    let affected_components = vec![AffectedComponent {
        component_id: api.component_id.clone(),
        status: ComponentStatus::PartialOutage.into(),
    }];
    let resolved = PostUpdateRequest {
        phase: Phase::Resolved.into(),
        body: "Over, but for some.".to_owned(),
        affected_components,
        ..Default::default()
    };
    left.post_with(resolved).await;
    assert_eq!(page.shown_status(&api).await, ComponentStatus::PartialOutage);
    let degraded = page.set_status(&api, ComponentStatus::DegradedPerformance).await;
    assert_eq!(degraded.status(), ComponentStatus::DegradedPerformance);

    // What follows from the incident is computed anew, and stays where the member took over.
    left.post(Phase::Resolved, "A postscript.").await;
    assert_eq!(page.shown_status(&api).await, ComponentStatus::DegradedPerformance);

    let open = page.incident("Going on", &[(&api, ComponentStatus::MajorOutage)]).await;
    let shown = page.set_status(&api, ComponentStatus::Operational).await;
    assert_eq!(shown.status(), ComponentStatus::MajorOutage, "the worst of all shows");
    let version = page.shown().await.version;
    page.set_status(&api, ComponentStatus::Operational).await;
    assert_eq!(page.shown().await.version, version, "nothing changed");
    open.post(Phase::Resolved, "Over.").await;
    assert_eq!(page.shown_status(&api).await, ComponentStatus::Operational);

    let intervals = page.intervals(&api).await;
    let counting = intervals.iter().filter(|interval| interval.retracted_at.is_none()).collect::<Vec<_>>();
    let statuses = counting.iter().map(|interval| interval.status()).collect::<Vec<_>>();
    use ComponentStatus as C;
    assert_eq!(statuses, [C::MajorOutage, C::DegradedPerformance, C::PartialOutage, C::MajorOutage]);
    assert!(counting.iter().all(|interval| interval.ended_at.is_some()));
    // Of the three that came one after the other each ended when the next began.
    assert_eq!(counting[3].ended_at, counting[2].started_at);
    assert_eq!(counting[2].ended_at, counting[1].started_at);
}

#[tokio::test]
async fn a_history_is_corrected_by_hand_and_says_what_it_said_before() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    let first =
        page.was(&api, ComponentStatus::MajorOutage, "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z").await;
    let member = page.company.owner.member.to_string();
    assert_eq!(first.cause, Some(Cause::MemberId(member)));
    let second =
        page.was(&api, ComponentStatus::PartialOutage, "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z").await;
    assert_eq!(page.shown_status(&api).await, ComponentStatus::Operational);

    let mut history = page.caller().status_history();
    let retract = RetractStatusIntervalRequest { status_interval_id: first.status_interval_id.clone() };
    let retracted = history.retract_status_interval(retract.clone()).await.unwrap().into_inner();
    let retracted = retracted.status_interval.unwrap();
    assert!(retracted.retracted_at.is_some());
    let again = history.retract_status_interval(retract).await.unwrap().into_inner();
    assert_eq!(again.status_interval, Some(retracted.clone()));
    assert_eq!(page.intervals(&api).await, [second.clone(), retracted]);
    let list = ListStatusIntervalsRequest { component_id: api.component_id.clone(), ..Default::default() };
    let counting = history.list_status_intervals(list.clone()).await.unwrap().into_inner();
    assert_eq!(counting.status_intervals, [second]);

    let one = ListStatusIntervalsRequest { with_retracted: true, page_size: 1, ..list };
    let mut seen = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListStatusIntervalsRequest { page_token, ..one.clone() };
        let reply = history.list_status_intervals(request).await.unwrap().into_inner();
        seen.extend(reply.status_intervals);
        page_token = reply.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, page.intervals(&api).await);

    page.incident("Down", &[(&api, ComponentStatus::MajorOutage)]).await;
    let of_incident = page.intervals(&api).await[0].status_interval_id.clone();
    let request = RetractStatusIntervalRequest { status_interval_id: of_incident };
    let refused = history.retract_status_interval(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);

    let good = RecordStatusIntervalRequest {
        component_id: api.component_id.clone(),
        status: ComponentStatus::MajorOutage.into(),
        started_at: Some(at("2026-03-01T10:00:00Z")),
        ended_at: Some(at("2026-03-01T11:00:00Z")),
        ..Default::default()
    };
    let future = Some(pharos_tests::seconds_from_now(3600));
    for (bad, fields) in [
        (
            RecordStatusIntervalRequest { status: ComponentStatus::Operational.into(), ..good.clone() },
            ["status"],
        ),
        (RecordStatusIntervalRequest { ended_at: good.started_at, ..good.clone() }, ["ended_at"]),
        (RecordStatusIntervalRequest { ended_at: future, ..good.clone() }, ["ended_at"]),
        (
            RecordStatusIntervalRequest { started_at: Some(at("1999-12-31T23:59:59Z")), ..good },
            ["started_at"],
        ),
    ] {
        assert_eq!(violated(&history.record_status_interval(bad).await.unwrap_err()), fields);
    }
}
