//! Bad input: what is wrong is named by its field, and nothing is written.

use pharos_tests::{Cluster, PageOf, affected, at, seconds_from_now, violated};
use prost_types::Timestamp;
use proto::incidents::v1::{
    AffectedComponent, Component, ComponentImpact, ComponentStatus, CreateComponentRequest,
    CreateIncidentRequest, CreateMaintenanceRequest, Phase,
};
use tonic::{Code, Status};

fn good(page: &PageOf) -> CreateIncidentRequest {
    CreateIncidentRequest {
        page_id: page.id(),
        title: "Slow".to_owned(),
        phase: Phase::Investigating.into(),
        body: "We look.".to_owned(),
        ..Default::default()
    }
}

async fn refusal(page: &PageOf, request: CreateIncidentRequest) -> Status {
    page.caller().incidents().create_incident(request).await.expect_err("a refusal")
}

/// The fields that the refusals of these requests name; nothing is on the page after them.
async fn named(page: &PageOf, requests: Vec<CreateIncidentRequest>) -> Vec<String> {
    let mut fields = Vec::new();
    for request in requests {
        let refused = refusal(page, request).await;
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
        fields.extend(violated(&refused));
    }
    fields
}

#[tokio::test]
async fn ten_thousand_components_in_one_call_are_refused_by_the_fields_name() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    let one = affected(&[(&api, ComponentStatus::MajorOutage)]).remove(0);
    for count in [2_001, 10_000] {
        let affected_components = vec![one.clone(); count];
        let request = CreateIncidentRequest { affected_components, ..good(&page) };
        assert_eq!(violated(&refusal(&page, request).await), ["affected_components"], "{count} components");
        let request = CreateMaintenanceRequest {
            page_id: page.id(),
            title: "Work".to_owned(),
            body: "We work.".to_owned(),
            component_ids: vec![api.component_id.clone(); count],
            scheduled_start_at: Some(seconds_from_now(60)),
            scheduled_end_at: Some(seconds_from_now(120)),
            ..Default::default()
        };
        let refused = page.caller().maintenances().create_maintenance(request).await.unwrap_err();
        assert_eq!(violated(&refused), ["component_ids"], "{count} components");
    }
    assert!(page.shown().await.open_incidents.is_empty());
}

#[tokio::test]
async fn times_that_nobody_means_are_refused_by_the_fields_name() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    let wild = [
        at("9999-12-31T23:59:59Z"),
        at("1999-12-31T23:59:59Z"),
        Timestamp { seconds: i64::MAX, nanos: 0 },
        Timestamp { seconds: i64::MIN, nanos: 0 },
        Timestamp { seconds: 1_700_000_000, nanos: -1 },
        Timestamp { seconds: 1_700_000_000, nanos: 1_000_000_000 },
    ];
    for time in wild {
        let impact = |started_at, ended_at| ComponentImpact {
            component_id: api.component_id.clone(),
            status: ComponentStatus::PartialOutage.into(),
            started_at: Some(started_at),
            ended_at: Some(ended_at),
        };
        let requests = vec![
            CreateIncidentRequest { displayed_at: Some(time), ..good(&page) },
            CreateIncidentRequest { next_update_at: Some(time), ..good(&page) },
            CreateIncidentRequest { impact_started_at: Some(time), ..good(&page) },
            CreateIncidentRequest { draft: true, publish_at: Some(time), ..good(&page) },
            CreateIncidentRequest {
                component_impacts: vec![impact(time, at("2026-01-01T00:00:00Z"))],
                ..good(&page)
            },
        ];
        let fields = named(&page, requests).await;
        let expected = [
            "displayed_at",
            "next_update_at",
            "impact_started_at",
            "publish_at",
            "component_impacts[0].started_at",
        ];
        assert_eq!(fields, expected, "{time:?}");
    }
    let ends_first = CreateIncidentRequest {
        impact_started_at: Some(at("2026-01-02T00:00:00Z")),
        impact_ended_at: Some(at("2026-01-01T00:00:00Z")),
        ..good(&page)
    };
    assert_eq!(named(&page, vec![ends_first]).await, ["impact_ended_at"]);
    assert!(page.shown().await.open_incidents.is_empty());
}

#[tokio::test]
async fn a_component_of_another_page_or_tenant_or_none_is_refused_with_its_place() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let page = company.page("acme").await;
    let ours = page.component("API").await;
    let elsewhere = company.page("acme-labs").await.component("Lab").await;
    let theirs = cluster.company("Bolt").await.page("bolt").await.component("Bolts").await;
    let nobodys = Component { component_id: format!("cmp_{}", "0".repeat(26)), ..Default::default() };
    for stranger in [elsewhere, theirs, nobodys] {
        let status = ComponentStatus::DegradedPerformance;
        let request = CreateIncidentRequest {
            affected_components: affected(&[(&ours, status), (&stranger, status)]),
            ..good(&page)
        };
        assert_eq!(named(&page, vec![request]).await, ["affected_components[1].component_id"]);
        assert_eq!(page.shown_status(&ours).await, ComponentStatus::Operational);
    }
    let under_maintenance = CreateIncidentRequest {
        affected_components: affected(&[(&ours, ComponentStatus::UnderMaintenance)]),
        ..good(&page)
    };
    assert_eq!(named(&page, vec![under_maintenance]).await, ["affected_components[0].status"]);
    let unset = CreateIncidentRequest {
        affected_components: vec![AffectedComponent { component_id: ours.component_id.clone(), status: 0 }],
        ..good(&page)
    };
    assert_eq!(named(&page, vec![unset]).await, ["affected_components[0].status"]);
}

#[tokio::test]
async fn texts_with_characters_that_mislead_are_refused_by_the_fields_name() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    for bad in ["a\u{202e}b", "a\u{2066}b", "a\u{0}b", "a\u{1b}b"] {
        let requests = vec![
            CreateIncidentRequest { title: bad.to_owned(), ..good(&page) },
            CreateIncidentRequest { body: bad.to_owned(), ..good(&page) },
        ];
        assert_eq!(named(&page, requests).await, ["title", "body"], "{bad:?}");
        let request = CreateComponentRequest {
            page_id: page.id(),
            name: bad.to_owned(),
            description: bad.to_owned(),
            ..Default::default()
        };
        let refused = page.caller().components().create_component(request).await.unwrap_err();
        assert_eq!(violated(&refused), ["name", "description"], "{bad:?}");
    }
    let line = "e".repeat(200);
    let text = "e".repeat(25_000);
    for (title, body, fields) in [
        (line.clone(), text.clone(), vec![]),
        (format!("{line}e"), text.clone(), vec!["title"]),
        (line.clone(), format!("{text}e"), vec!["body"]),
        (String::new(), text, vec!["title"]),
        (line, String::new(), vec!["body"]),
    ] {
        let request = CreateIncidentRequest { title, body, ..good(&page) };
        let answer = page.caller().incidents().create_incident(request).await;
        assert_eq!(answer.err().as_ref().map(violated).unwrap_or_default(), fields);
    }
}
