//! Components and groups: what they are called, where they stand, and how they go.

use kit::{
    ids::{ComponentId, PageId, VendorId},
    status::reason,
};
use pharos_tests::{Cluster, PageOf, mask, violated};
use proto::{
    common::v1::{Date, ErrorReason},
    incidents::v1::{
        AffectedComponent, ArrangeComponentsRequest, AuditAction, Component, ComponentStatus,
        CreateComponentRequest, DeleteComponentGroupRequest, FollowedComponent, ListComponentGroupsRequest,
        ListComponentsRequest, Phase, Place, PostUpdateRequest, SetComponentStatusRequest,
        UpdateComponentGroupRequest, UpdateComponentRequest, place::Item,
    },
};
use tonic::{Code, Status};

use super::{delete, get, update};

async fn arrange(page: &PageOf, places: Vec<Place>) -> Result<(), Status> {
    let request = ArrangeComponentsRequest { page_id: page.id(), places };
    page.caller().components().arrange_components(request).await.map(|_| ())
}

fn alone(component: &Component) -> Place {
    Place { item: Some(Item::ComponentId(component.component_id.clone())), in_component_group_id: None }
}

fn inside(component: &Component, group: &str) -> Place {
    Place { in_component_group_id: Some(group.to_owned()), ..alone(component) }
}

fn heading(group: &str) -> Place {
    Place { item: Some(Item::ComponentGroupId(group.to_owned())), in_component_group_id: None }
}

async fn names_as_shown(page: &PageOf) -> Vec<String> {
    page.shown().await.components.into_iter().map(|component| component.name).collect()
}

#[tokio::test]
async fn a_component_changes_in_what_the_mask_names_and_in_nothing_else() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let group = page.group("Core").await.component_group_id;
    let start_date = Some(Date { year: 2026, month: 2, day: 28 });
    let made = page
        .component_with(CreateComponentRequest {
            name: " API ".to_owned(),
            description: "For machines.".to_owned(),
            component_group_id: Some(group),
            position: 7,
            start_date,
            hidden_while_operational: true,
            ..Default::default()
        })
        .await;
    assert_eq!((made.name.as_str(), made.shows_uptime, made.start_date), ("API", true, start_date));
    assert_eq!(get(&page, &made).await, made);

    let everything_else = UpdateComponentRequest {
        component_id: made.component_id.clone(),
        name: "Interface".to_owned(),
        etag: made.etag.clone(),
        ..Default::default()
    };
    let renamed = update(&page, &["name"], everything_else.clone()).await.unwrap();
    assert_ne!(renamed.etag, made.etag);
    assert_eq!(
        renamed,
        Component { name: "Interface".to_owned(), etag: renamed.etag.clone(), ..made.clone() }
    );

    let refused = update(&page, &["name"], everything_else.clone()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused)), (Code::Aborted, Some(ErrorReason::EtagMismatch)));
    let unchecked = UpdateComponentRequest { etag: String::new(), ..everything_else };
    let version = page.shown().await.version;
    assert_eq!(update(&page, &["name"], unchecked.clone()).await.unwrap(), renamed);
    assert_eq!(page.shown().await.version, version, "nothing changed");

    let all = [
        "component_group_id",
        "description",
        "position",
        "start_date",
        "hidden_while_operational",
        "shows_uptime",
    ];
    let bare = update(&page, &all, unchecked.clone()).await.unwrap();
    let expected = Component {
        component_group_id: None,
        description: String::new(),
        position: 0,
        start_date: None,
        hidden_while_operational: false,
        shows_uptime: false,
        etag: bare.etag.clone(),
        ..renamed
    };
    assert_eq!(bare, expected);

    let blank = UpdateComponentRequest { name: " ".to_owned(), ..unchecked.clone() };
    assert_eq!(violated(&update(&page, &["name"], blank).await.unwrap_err()), ["name"]);
    for paths in [&[][..], &["page_id"], &["name", "status"]] {
        assert_eq!(violated(&update(&page, paths, unchecked.clone()).await.unwrap_err()), ["update_mask"]);
    }
    let no_day = Some(Date { year: 2026, month: 2, day: 29 });
    let request = UpdateComponentRequest { start_date: no_day, ..unchecked };
    assert_eq!(violated(&update(&page, &["start_date"], request).await.unwrap_err()), ["start_date"]);
    let actions = page.audit_entries().await.into_iter().map(|entry| (entry.action(), entry.subject_name));
    let expected = [
        (AuditAction::Updated, "Interface".to_owned()),
        (AuditAction::Updated, "Interface".to_owned()),
        (AuditAction::Created, "API".to_owned()),
        (AuditAction::Created, "Core".to_owned()),
    ];
    assert_eq!(actions.take(4).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_component_stands_only_in_a_group_of_its_own_page_and_follows_only_its_vendors() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let (page, other) = (company.page("acme").await, company.page("other").await);
    let foreign = other.group("Foreign").await.component_group_id;
    let api = page.component("API").await;
    let request = UpdateComponentRequest {
        component_id: api.component_id.clone(),
        component_group_id: Some(foreign.clone()),
        third_party: Some(FollowedComponent {
            vendor_id: VendorId::from_uuid(uuid::Uuid::now_v7()).to_string(),
            vendor_component: "API".to_owned(),
        }),
        ..Default::default()
    };
    let refused = update(&page, &["component_group_id"], request.clone()).await.unwrap_err();
    assert_eq!(violated(&refused), ["component_group_id"]);
    let refused = update(&page, &["third_party"], request).await.unwrap_err();
    assert_eq!(violated(&refused), ["third_party.vendor_id"]);
    let refused = arrange(&page, vec![inside(&api, &foreign)]).await.unwrap_err();
    assert_eq!(violated(&refused), ["places[0].in_component_group_id"]);
    assert_eq!(get(&page, &api).await, api);
}

#[tokio::test]
async fn a_deleted_component_leaves_the_page_and_keeps_its_history() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let (api, web) = (page.component("API").await, page.component("Web").await);
    let incident = page.incident("Down", &[(&api, ComponentStatus::MajorOutage)]).await;
    page.set_status(&api, ComponentStatus::PartialOutage).await;
    delete(&page, &api).await;

    assert_eq!(names_as_shown(&page).await, ["Web"]);
    let list = ListComponentsRequest { page_id: page.id(), ..Default::default() };
    let listed = page.caller().components().list_components(list).await.unwrap().into_inner().components;
    assert_eq!(listed, [web]);
    let gone = get(&page, &api).await;
    assert_eq!(gone.status(), ComponentStatus::Operational);
    let intervals = page.intervals(&api).await;
    assert_eq!(intervals.len(), 2);
    assert!(
        intervals.iter().all(|interval| interval.ended_at == gone.deleted_at && gone.deleted_at.is_some())
    );

    // The story goes on without it, and nothing opens again.
    incident.post(Phase::Monitoring, "Better.").await;
    assert!(page.intervals(&api).await.iter().all(|interval| interval.ended_at.is_some()));
    let named = PostUpdateRequest {
        incident_id: page.incident("Other", &[]).await.incident_id,
        phase: Phase::Identified.into(),
        body: "It is gone.".to_owned(),
        affected_components: vec![AffectedComponent {
            component_id: api.component_id.clone(),
            status: ComponentStatus::MajorOutage.into(),
        }],
        ..Default::default()
    };
    let refused = page.caller().incidents().post_update(named).await.unwrap_err();
    assert_eq!(violated(&refused), ["affected_components[0].component_id"]);
    assert_eq!(violated(&arrange(&page, vec![alone(&api)]).await.unwrap_err()), ["places[0].component_id"]);
    let request = UpdateComponentRequest {
        component_id: api.component_id.clone(),
        name: "New".to_owned(),
        ..Default::default()
    };
    let refused = update(&page, &["name"], request).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused)),
        (Code::FailedPrecondition, Some(ErrorReason::FailedPrecondition))
    );
    let request = SetComponentStatusRequest {
        component_id: api.component_id.clone(),
        status: ComponentStatus::MajorOutage.into(),
    };
    let refused = page.caller().status_history().set_component_status(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);

    let version = page.shown().await.version;
    delete(&page, &api).await;
    assert_eq!((get(&page, &api).await, page.shown().await.version), (gone, version), "nothing changed");
}

#[tokio::test]
async fn a_deleted_component_makes_room_for_another() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let page_id: PageId = page.id().parse().unwrap();
    sqlx::query!(
        "insert into incidents.component
             (tenant_id, component_id, page_id, name, description, status, position, created_at)
         select $1, gen_random_uuid(), $2, 'Component', '', 'operational', 0, now() from generate_series(1, 1999)",
        page.company.tenant().uuid(),
        page_id.uuid(),
    )
    .execute(&mut cluster.database.connect().await)
    .await
    .unwrap();
    let last = page.component("The last").await;
    let request =
        CreateComponentRequest { page_id: page.id(), name: "Another".to_owned(), ..Default::default() };
    let refused = page.caller().components().create_component(request).await.unwrap_err();
    assert_eq!(reason(&refused), Some(ErrorReason::LimitReached));
    delete(&page, &last).await;
    page.component("Another").await;
}

#[tokio::test]
async fn components_stand_where_they_were_put_all_of_them_or_none() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let (core, edge) =
        (page.group("Core").await.component_group_id, page.group("Edge").await.component_group_id);
    let mut made = Vec::new();
    for name in ["a", "b", "c", "d"] {
        made.push(page.component(name).await);
    }
    let [a, b, c, d] = made.try_into().unwrap();
    let order =
        vec![alone(&d), heading(&edge), inside(&b, &edge), inside(&a, &edge), heading(&core), alone(&c)];
    arrange(&page, order.clone()).await.unwrap();
    assert_eq!(names_as_shown(&page).await, ["d", "b", "a", "c"]);
    let shown = page.shown().await;
    let groups = shown.component_groups.iter().map(|group| (group.name.as_str(), group.position));
    assert_eq!(groups.collect::<Vec<_>>(), [("Edge", 1), ("Core", 4)]);
    let places = shown.components.iter().map(|it| (it.position, it.component_group_id.clone()));
    assert_eq!(
        places.collect::<Vec<_>>(),
        [(0, None), (2, Some(edge.clone())), (3, Some(edge.clone())), (5, None)]
    );

    arrange(&page, order).await.unwrap();
    assert_eq!(page.shown().await.version, shown.version, "nothing changed");
    let stranger = ComponentId::from_uuid(uuid::Uuid::now_v7()).to_string();
    let refused = arrange(
        &page,
        vec![
            alone(&a),
            Place { item: Some(Item::ComponentId(stranger)), in_component_group_id: None },
            alone(&b),
        ],
    )
    .await;
    assert_eq!(violated(&refused.unwrap_err()), ["places[1].component_id"]);
    let refused = arrange(&page, vec![alone(&a), heading(&core), alone(&a)]).await.unwrap_err();
    assert_eq!(violated(&refused), ["places[2].component_id"]);
    assert_eq!(names_as_shown(&page).await, ["d", "b", "a", "c"]);

    // Those not named stay where they are.
    arrange(&page, vec![alone(&c)]).await.unwrap();
    assert_eq!(get(&page, &c).await.position, 0);
    assert_eq!(get(&page, &d).await.position, 0);
}

#[tokio::test]
async fn a_group_changes_by_its_mask_and_leaves_its_components_alone_when_it_goes() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let group = page.group("Core").await;
    let id = group.component_group_id.clone();
    let inside = CreateComponentRequest {
        name: "API".to_owned(),
        component_group_id: Some(id.clone()),
        ..Default::default()
    };
    let (api, gone) = (page.component_with(inside.clone()).await, page.component_with(inside).await);
    delete(&page, &gone).await;

    let mut components = page.caller().components();
    let request = UpdateComponentGroupRequest {
        component_group_id: id.clone(),
        update_mask: mask(&["description"]),
        description: "All that matters.".to_owned(),
        etag: group.etag.clone(),
        ..Default::default()
    };
    let changed = components.update_component_group(request.clone()).await.unwrap().into_inner();
    let changed = changed.component_group.unwrap();
    assert_eq!((changed.name.as_str(), changed.description.as_str()), ("Core", "All that matters."));
    let refused = components.update_component_group(request).await.unwrap_err();
    assert_eq!(reason(&refused), Some(ErrorReason::EtagMismatch));

    let stale = DeleteComponentGroupRequest { component_group_id: id.clone(), etag: group.etag };
    let refused = components.delete_component_group(stale).await.unwrap_err();
    assert_eq!(reason(&refused), Some(ErrorReason::EtagMismatch));
    let request = DeleteComponentGroupRequest { component_group_id: id, etag: changed.etag };
    components.delete_component_group(request.clone()).await.unwrap();
    assert_eq!(get(&page, &api).await.component_group_id, None);
    let list = ListComponentGroupsRequest { page_id: page.id(), ..Default::default() };
    assert!(components.list_component_groups(list).await.unwrap().into_inner().component_groups.is_empty());
    assert_eq!(components.delete_component_group(request).await.unwrap_err().code(), Code::NotFound);
}
