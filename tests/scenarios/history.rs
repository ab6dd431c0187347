//! What happened on a page, by month; and what the page shows of components that are gone.

use kit::paging::Cursor;
use pharos_tests::{Cluster, PageOf, affected, at, eventually, seconds_from_now, violated};
use proto::incidents::v1::{
    Component, ComponentStatus, CreateIncidentRequest, CreateMaintenanceRequest, DeleteComponentRequest,
    DeleteIncidentRequest, HistoryEntry, ListHistoryRequest, ListIncidentsRequest, ListMaintenancesRequest,
    ListStatusIntervalsRequest, MaintenancePhase, Phase, history_entry::Entry,
};
use uuid::Uuid;

/// An incident that is over, entered after the fact.
async fn past(page: &PageOf, title: &str, when: &str, component: Option<&Component>) {
    let statuses = component.map(|component| (component, ComponentStatus::Operational));
    page.incident_with(CreateIncidentRequest {
        title: title.to_owned(),
        phase: Phase::Resolved.into(),
        body: "Over.".to_owned(),
        displayed_at: Some(at(when)),
        affected_components: affected(&statuses.into_iter().collect::<Vec<_>>()),
        backfilled: true,
        ..Default::default()
    })
    .await;
}

fn title(entry: &HistoryEntry) -> &str {
    match entry.entry.as_ref().expect("an entry") {
        Entry::Incident(incident) => &incident.title,
        Entry::Maintenance(maintenance) => &maintenance.title,
    }
}

/// The months that hold anything, with the titles in them.
async fn told(page: &PageOf) -> Vec<((i32, i32), Vec<String>)> {
    let months = page.history().await.into_iter().filter(|(_, entries)| !entries.is_empty());
    months.map(|(month, entries)| (month, entries.iter().map(|it| title(it).to_owned()).collect())).collect()
}

#[tokio::test]
async fn the_history_has_every_month_back_to_the_first_and_what_began_in_it_in_the_pages_zone() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page_in("acme", "pt-BR", "America/Sao_Paulo").await;
    past(&page, "New year", "2024-01-01T02:30:00Z", None).await;
    past(&page, "Carnival", "2024-02-13T12:00:00Z", None).await;
    page.maintenance_with(CreateMaintenanceRequest {
        title: "Disks".to_owned(),
        body: "New disks.".to_owned(),
        scheduled_start_at: Some(at("2024-02-14T12:00:00Z")),
        scheduled_end_at: Some(at("2024-02-14T13:00:00Z")),
        ..Default::default()
    })
    .await;

    let expected = [
        ((2024, 2), vec!["Disks".to_owned(), "Carnival".to_owned()]),
        ((2023, 12), vec!["New year".to_owned()]),
    ];
    assert_eq!(told(&page).await, expected);
    let all = page.history().await;
    let months = all.iter().map(|((year, month), _)| year * 12 + month).collect::<Vec<_>>();
    assert!(months.windows(2).all(|pair| pair[0] == pair[1] + 1), "a month is missing: {months:?}");
    assert_eq!(all.last().map(|(month, _)| *month), Some((2023, 12)));
    let Some(Entry::Incident(carnival)) =
        &all.iter().find(|(month, _)| *month == (2024, 2)).unwrap().1[1].entry
    else {
        panic!("not an incident");
    };
    assert_eq!((carnival.updates.len(), carnival.etag.as_str()), (1, ""));
}

#[tokio::test]
async fn a_history_of_more_than_an_answer_holds_comes_in_lots_that_miss_nothing() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    for number in 0..120 {
        past(&page, &format!("{number:03}"), "2024-05-05T12:00:00Z", None).await;
    }
    past(&page, "before", "2024-03-05T12:00:00Z", None).await;

    let mut expected = (0..120).rev().map(|number| format!("{number:03}")).collect::<Vec<_>>();
    expected.push("before".to_owned());
    let titles = told(&page).await.into_iter().flat_map(|(_, titles)| titles).collect::<Vec<_>>();
    assert_eq!(titles, expected);

    let request = ListHistoryRequest { page_id: page.id(), page_size: 12, page_token: "x".to_owned() };
    assert_eq!(violated(&page.reader().list_history(request).await.unwrap_err()), ["page_token"]);
    for (months, fits) in [(-1, false), (0, true), (12, true), (13, false)] {
        let request = ListHistoryRequest { page_id: page.id(), page_size: months, ..Default::default() };
        assert_eq!(page.reader().list_history(request).await.is_ok(), fits, "{months} months");
    }
}

#[tokio::test]
async fn a_made_up_place_in_time_is_refused_wherever_a_list_goes_on() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    for at in
        [i64::MIN, -377_705_116_800_000_000, 0, 9_000_000_000_000_000, 253_402_207_200_999_999, i64::MAX]
    {
        let page_token = Cursor { at, id: Uuid::nil() }.token();
        let request = ListHistoryRequest { page_id: page.id(), page_token: page_token.clone(), page_size: 1 };
        assert_eq!(violated(&page.reader().list_history(request).await.unwrap_err()), ["page_token"], "{at}");
        let request =
            ListIncidentsRequest { page_id: page.id(), page_token: page_token.clone(), ..Default::default() };
        let refused = page.caller().incidents().list_incidents(request).await.unwrap_err();
        assert_eq!(violated(&refused), ["page_token"], "{at}");
        let request = ListMaintenancesRequest {
            page_id: page.id(),
            page_token: page_token.clone(),
            ..Default::default()
        };
        let refused = page.caller().maintenances().list_maintenances(request).await.unwrap_err();
        assert_eq!(violated(&refused), ["page_token"], "{at}");
        let component_id = api.component_id.clone();
        let request = ListStatusIntervalsRequest { component_id, page_token, ..Default::default() };
        let refused = page.caller().status_history().list_status_intervals(request).await.unwrap_err();
        assert_eq!(violated(&refused), ["page_token"], "{at}");
    }
}

#[tokio::test]
async fn the_history_says_what_it_leaves_out_of_a_story() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let incident = page.incident("Down", &[]).await;
    incident.post(Phase::Identified, "Found.").await;
    let last = incident.post(Phase::Resolved, "Over.").await;
    incident.write_postmortem("A cable.").await;
    incident.publish_postmortem(false).await;
    let (_, entries) = page.history().await.remove(0);
    let Some(Entry::Incident(told)) = &entries[0].entry else { panic!("not an incident") };
    assert_eq!(told.updates, [last]);
    assert!(told.earlier_updates == 2 && told.has_postmortem && told.postmortem.is_none());
}

#[tokio::test]
async fn drafts_and_what_is_deleted_or_still_to_come_are_not_in_the_history() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.incident_with(CreateIncidentRequest {
        title: "Draft".to_owned(),
        phase: Phase::Investigating.into(),
        body: "Not yet.".to_owned(),
        draft: true,
        ..Default::default()
    })
    .await;
    let gone = page.incident("Gone", &[]).await;
    let request = DeleteIncidentRequest { incident_id: gone.incident_id.clone(), ..Default::default() };
    page.caller().incidents().delete_incident(request).await.unwrap();
    let later = page.maintenance("Later", seconds_from_now(3600), seconds_from_now(7200), &[]).await;
    later.post(MaintenancePhase::Cancelled, "Not at all.").await;
    page.incident("Told", &[]).await;

    let titles = told(&page).await.into_iter().flat_map(|(_, titles)| titles).collect::<Vec<_>>();
    assert_eq!(titles, ["Told"]);
    assert_eq!(gone.shown().await.unwrap_err().code(), tonic::Code::NotFound);
}

#[tokio::test]
async fn what_was_told_of_a_component_keeps_its_name_when_the_component_is_gone() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    let incident = page.incident("Down", &[(&api, ComponentStatus::MajorOutage)]).await;
    let request = DeleteComponentRequest { component_id: api.component_id.clone(), ..Default::default() };
    page.caller().components().delete_component(request).await.unwrap();

    let shown = page.shown().await;
    assert!(shown.components.is_empty());
    let former = |components: &[Component]| {
        components.iter().map(|it| (it.name.clone(), it.deleted_at.is_some())).collect::<Vec<_>>()
    };
    assert_eq!(former(&shown.former_components), [("API".to_owned(), true)]);
    assert_eq!(former(&incident.shown().await.unwrap().components), [("API".to_owned(), true)]);
    let request = ListHistoryRequest { page_id: page.id(), ..Default::default() };
    let history = page.reader().list_history(request).await.unwrap().into_inner();
    assert_eq!(former(&history.former_components), [("API".to_owned(), true)]);
}

#[tokio::test]
async fn a_page_with_an_open_incident_never_says_that_all_is_well() {
    use proto::incidents::v1::OverallStatus as O;
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    assert_eq!(page.shown().await.overall_status(), O::Operational);
    let (api, web) = (page.component("API").await, page.component("Web").await);

    let incident = page.incident("Strange", &[]).await;
    assert_eq!(page.shown().await.overall_status(), O::PartiallyDegraded);
    incident.post(Phase::Resolved, "Nothing.").await;
    assert_eq!(page.shown().await.overall_status(), O::Operational);

    let work = page.maintenance("Work", seconds_from_now(-5), seconds_from_now(3600), &[&api]).await;
    eventually("the maintenance to begin", || async {
        (page.shown().await.overall_status() == O::ServiceUnderMaintenance).then_some(())
    })
    .await;
    page.set_status(&web, ComponentStatus::UnderMaintenance).await;
    assert_eq!(page.shown().await.overall_status(), O::SystemUnderMaintenance);
    page.set_status(&web, ComponentStatus::PartialOutage).await;
    assert_eq!(page.shown().await.overall_status(), O::MinorOutage);
    work.post(MaintenancePhase::Completed, "Done.").await;
    assert_eq!(page.shown_status(&api).await, ComponentStatus::Operational);
}
