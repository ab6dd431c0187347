//! What the public reads of a page's incidents and maintenances in lists, and finds by their codes.

use kit::{
    code::Code,
    ids::{IncidentId, MaintenanceId},
};
use pharos_tests::{Cluster, PageOf, Shape, affected, seconds_from_now, violated};
use proto::incidents::v1::{
    ComponentStatus, CreateIncidentRequest, CreateMaintenanceRequest, DeleteComponentRequest,
    FindStoryRequest, Phase, StatusServiceListIncidentsRequest, StatusServiceListMaintenancesRequest,
    find_story_response::Story,
};
use tonic::{Code as Answer, Status};

async fn maintenance(page: &PageOf, title: &str, hours: i64) -> String {
    let start = 3600 * hours;
    let made = page.maintenance_with(CreateMaintenanceRequest {
        title: title.to_owned(),
        body: "New disks.".to_owned(),
        scheduled_start_at: Some(seconds_from_now(start)),
        scheduled_end_at: Some(seconds_from_now(start + 1800)),
        ..Default::default()
    });
    made.await.maintenance_id
}

async fn found(page: &PageOf, code: &str) -> Result<Story, Status> {
    let request = FindStoryRequest { page_id: page.id(), code: code.to_owned() };
    page.reader().find_story(request).await.map(|found| found.into_inner().story.unwrap())
}

fn code_of(incident_id: &str) -> String {
    Code::of(incident_id.parse::<IncidentId>().unwrap().uuid()).to_string()
}

#[tokio::test]
async fn everybody_reads_all_incidents_with_what_was_told_of_them_newest_first() {
    for shape in [Shape::AllInOne, Shape::OneProcessEach] {
        let cluster = Cluster::start(shape).await;
        let company = cluster.company("Acme").await;
        let (page, other) = (company.page("acme").await, company.page("other").await);
        let api = page.component("API").await;
        let first = page.incident("First", &[(&api, ComponentStatus::MajorOutage)]).await;
        first.post(Phase::Resolved, "Over.").await;
        first.write_postmortem("A cable.").await;
        first.publish_postmortem(false).await;
        page.incident("Second", &[]).await;
        other.incident("Elsewhere", &[]).await;
        page.incident_with(CreateIncidentRequest {
            title: "Draft".to_owned(),
            phase: Phase::Investigating.into(),
            body: "Not told yet.".to_owned(),
            affected_components: affected(&[]),
            draft: true,
            ..Default::default()
        })
        .await;
        let request = DeleteComponentRequest { component_id: api.component_id.clone(), ..Default::default() };
        page.caller().components().delete_component(request).await.unwrap();

        let request =
            StatusServiceListIncidentsRequest { page_id: page.id(), page_size: 1, ..Default::default() };
        let newest = page.reader().list_incidents(request.clone()).await.unwrap().into_inner();
        assert_eq!(newest.incidents[0].title, "Second");
        let rest = StatusServiceListIncidentsRequest { page_token: newest.next_page_token, ..request };
        let rest = page.reader().list_incidents(rest).await.unwrap().into_inner();
        let told = &rest.incidents[0];
        assert_eq!((told.title.as_str(), told.updates.len(), told.etag.as_str()), ("First", 2, ""));
        assert_eq!(told.postmortem.as_ref().unwrap().body, "A cable.");
        assert_eq!(rest.former_components[0].component_id, api.component_id);
        assert_eq!(rest.next_page_token, "");
    }
}

#[tokio::test]
async fn everybody_reads_all_maintenances_latest_planned_start_first() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    for (title, hours) in [("Later", 5), ("Sooner", 2), ("Past", -3)] {
        maintenance(&page, title, hours).await;
    }
    let request =
        StatusServiceListMaintenancesRequest { page_id: page.id(), page_size: 2, ..Default::default() };
    let lot = page.reader().list_maintenances(request.clone()).await.unwrap().into_inner();
    let rest = StatusServiceListMaintenancesRequest { page_token: lot.next_page_token, ..request };
    let rest = page.reader().list_maintenances(rest).await.unwrap().into_inner();
    let all = lot.maintenances.iter().chain(&rest.maintenances).map(|each| each.title.as_str());
    assert_eq!(all.collect::<Vec<_>>(), ["Later", "Sooner", "Past"]);
    assert!(rest.next_page_token.is_empty() && lot.maintenances.iter().all(|each| each.updates.len() == 1));
}

#[tokio::test]
async fn a_public_list_answers_at_most_fifty() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    for (page_size, fits) in [(-1, false), (0, true), (50, true), (51, false)] {
        let page_id = page.id();
        let request = StatusServiceListIncidentsRequest { page_id, page_size, ..Default::default() };
        let incidents = page.reader().list_incidents(request).await;
        let page_id = page.id();
        let request = StatusServiceListMaintenancesRequest { page_id, page_size, ..Default::default() };
        let maintenances = page.reader().list_maintenances(request).await;
        assert_eq!((incidents.is_ok(), maintenances.is_ok()), (fits, fits), "{page_size}");
        for refused in [incidents.err(), maintenances.err()].into_iter().flatten() {
            assert_eq!(violated(&refused), ["page_size"]);
        }
    }
}

#[tokio::test]
async fn a_code_leads_to_its_story_on_its_own_page_alone() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let (page, other) = (company.page("acme").await, company.page("other").await);
    let incident = page.incident("Down", &[]).await;
    let incident_id = incident.incident_id.clone();
    let maintenance_id = maintenance(&page, "Disks", 2).await;
    let code = code_of(&incident_id);
    assert_eq!(found(&page, &code).await.unwrap(), Story::IncidentId(incident_id));
    let of_maintenance = Code::of(maintenance_id.parse::<MaintenanceId>().unwrap().uuid()).to_string();
    assert_eq!(found(&page, &of_maintenance).await.unwrap(), Story::MaintenanceId(maintenance_id));
    assert_eq!(found(&other, &code).await.unwrap_err().code(), Answer::NotFound);
    for nothing in ["000000000000", "zzzzzzzzzzzz"] {
        assert_eq!(found(&page, nothing).await.unwrap_err().code(), Answer::NotFound, "{nothing}");
    }
    for bad in ["", "0123456789a", "0123456789abc", "0123456789aB"] {
        assert_eq!(violated(&found(&page, bad).await.unwrap_err()), ["code"], "{bad}");
    }
}
