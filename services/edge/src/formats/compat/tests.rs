//! What programs read, as they read it.

use proto::incidents::v1::{Component, ComponentStatus, Incident, MaintenancePhase, OverallStatus, Phase};
use serde_json::{Value, json as value};

use super::{sample::*, *};

#[test]
fn a_summary_has_the_shape_and_the_order_of_the_format() {
    let source = acme("America/Sao_Paulo");
    let (page, group, deposit, mail) = (code(1), code(10), code(11), code(12));
    let (incident, told) = (code(21), code(31));
    let deposit_row = format!(
        r#"{{"id":"{deposit}","name":"Deposit","status":"degraded_performance","created_at":"2026-01-07T06:12:07.291-03:00","updated_at":"2026-11-21T07:00:01.500-03:00","position":1,"description":null,"showcase":true,"start_date":"2026-01-07","group_id":"{group}","page_id":"{page}","group":false,"only_show_if_degraded":false}}"#
    );
    let wanted = [
        format!(
            r#"{{"page":{{"id":"{page}","name":"Acme","url":"https://status.example.com/p/acme","time_zone":"America/Sao_Paulo","updated_at":"2026-11-21T07:00:01.500-03:00"}},"#
        ),
        format!(
            r#""components":[{{"id":"{group}","name":"Deposit And Withdraw","status":"degraded_performance","created_at":"2026-01-07T06:12:00.000-03:00","updated_at":"2026-11-21T07:00:01.500-03:00","position":1,"description":null,"showcase":true,"start_date":null,"group_id":null,"page_id":"{page}","group":true,"only_show_if_degraded":false,"components":["{deposit}"]}},"#
        ),
        format!("{deposit_row},"),
        format!(
            r#"{{"id":"{mail}","name":"Mail","status":"operational","created_at":"2026-01-07T06:12:07.291-03:00","updated_at":"2026-01-07T06:12:07.291-03:00","position":2,"description":"Sends mail","showcase":false,"start_date":null,"group_id":null,"page_id":"{page}","group":false,"only_show_if_degraded":false}}],"#
        ),
        format!(
            r#""incidents":[{{"id":"{incident}","name":"Slow deposits","status":"investigating","created_at":"2026-11-21T07:00:01.500-03:00","updated_at":"2026-11-21T07:00:01.500-03:00","monitoring_at":null,"resolved_at":null,"impact":"minor","shortlink":"https://status.example.com/p/acme/incidents/{incident}","started_at":"2026-11-21T07:00:00.500-03:00","page_id":"{page}","#
        ),
        format!(
            r#""incident_updates":[{{"id":"{told}","status":"investigating","body":"Told in 31.","incident_id":"{incident}","created_at":"2026-11-21T07:00:01.500-03:00","updated_at":"2026-11-21T07:00:01.500-03:00","display_at":"2026-11-21T07:00:00.500-03:00","affected_components":[{{"code":"{deposit}","name":"Deposit And Withdraw - Deposit","old_status":"operational","new_status":"degraded_performance"}}],"deliver_notifications":true,"custom_tweet":null,"tweet_id":null}}],"#
        ),
        format!(r#""components":[{deposit_row}],"reminder_intervals":null}}],"#),
        r#""scheduled_maintenances":[],"status":{"indicator":"minor","description":"Partially Degraded Service"}}"#
            .to_owned(),
    ];
    assert_eq!(json(&summary(&source)), wanted.concat());
}

#[test]
fn each_document_begins_with_the_page_and_holds_its_list() {
    let source = acme("Etc/UTC");
    let lot = StatusServiceListIncidentsResponse::default();
    let more = StatusServiceListMaintenancesResponse { next_page_token: "on".into(), ..Default::default() };
    let page = json(&status(&source));
    let page = page.split_once(r#","status""#).unwrap().0;
    assert!(page.contains(r#""time_zone":"Etc/UTC","updated_at":"2026-11-21T10:00:01.500Z"}"#), "{page}");
    for (told, rest) in [
        (
            json(&status(&source)),
            r#","status":{"indicator":"minor","description":"Partially Degraded Service"}}"#,
        ),
        (json(&upcoming(&source)), r#","scheduled_maintenances":[]}"#),
        (json(&active(&source)), r#","scheduled_maintenances":[]}"#),
        (json(&incidents(&source, &lot)), r#","incidents":[],"next_page":null}"#),
        (json(&scheduled_maintenances(&source, &more)), r#","scheduled_maintenances":[],"next_page":"on"}"#),
    ] {
        assert_eq!(told, format!("{page}{rest}"));
    }
    assert!(json(&components(&source)).starts_with(&format!(r#"{page},"components":[{{"id":"#)));
    assert!(json(&unresolved(&source)).starts_with(&format!(r#"{page},"incidents":[{{"id":"#)));
}

#[test]
fn a_page_without_anything_changed_when_it_was_made() {
    let source = empty("UTC", "en");
    assert_eq!(at(&status(&source), "/page/updated_at"), "2024-06-10T02:35:18.401Z");
    assert_eq!(time(&source, source.now), "2026-11-21T12:00:00.000Z");
}

#[test]
fn each_overall_status_has_its_indicator_in_english() {
    let mut source = empty("UTC", "pt-BR");
    for (overall, indicator, description) in [
        (OverallStatus::Operational, "none", "All Systems Operational"),
        (OverallStatus::ServiceUnderMaintenance, "maintenance", "Service Under Maintenance"),
        (OverallStatus::SystemUnderMaintenance, "maintenance", "System Under Maintenance"),
        (OverallStatus::PartiallyDegraded, "minor", "Partially Degraded Service"),
        (OverallStatus::Degraded, "minor", "Degraded System Service"),
        (OverallStatus::MinorOutage, "minor", "Minor Service Outage"),
        (OverallStatus::PartialOutage, "major", "Partial System Outage"),
        (OverallStatus::MajorOutage, "critical", "Major System Outage"),
    ] {
        source.front.overall_status = overall.into();
        let wanted = value!({ "indicator": indicator, "description": description });
        assert_eq!(at(&summary(&source), "/status"), wanted);
    }
}

/// Of each row what `keys` name, in a line.
fn rows(list: &Value, keys: &[&str]) -> Vec<String> {
    let row = |row: &Value| keys.iter().map(|key| row[*key].to_string().replace('"', "")).collect::<Vec<_>>();
    list.as_array().unwrap().iter().map(|each| row(each).join(" ")).collect()
}

#[test]
fn components_stand_in_the_order_of_the_page_and_are_counted_anew_in_each_group() {
    let mut source = empty("UTC", "en");
    let hidden =
        |n, name, group| Component { hidden_while_operational: true, ..component(n, name, group, GOOD) };
    source.front.component_groups = vec![group(15, "Europe"), group(40, "Empty"), group(50, "Hidden")];
    source.front.components = vec![
        component(11, "Web", None, GOOD),
        component(12, "Paris", Some(15), ComponentStatus::UnderMaintenance),
        component(13, "Berlin", Some(15), SLOW),
        component(14, "Rome", Some(15), GOOD),
        component(16, "Lost", Some(99), DOWN),
        hidden(51, "Lab", Some(50)),
    ];
    let keys = ["position", "name", "status", "group", "only_show_if_degraded"];
    let told = rows(&at(&components(&source), "/components"), &keys);
    assert_eq!(
        told,
        [
            "1 Web operational false false",
            "2 Europe degraded_performance true false",
            "1 Paris under_maintenance false false",
            "2 Berlin degraded_performance false false",
            "3 Rome operational false false",
            "3 Lost major_outage false false",
            "4 Hidden operational true true",
            "1 Lab operational false true",
        ]
    );
    assert_eq!(at(&components(&source), "/components/5/group_id"), Value::Null, "its group is not there");
}

#[test]
fn an_incident_alone_tells_its_whole_story_and_its_report() {
    let source = acme("UTC");
    let told = StatusServiceGetIncidentResponse { incident: Some(reported()), ..Default::default() };
    let told = serde_json::to_value(incident(&source, &told)).unwrap();
    for (key, wanted) in [
        ("status", "postmortem"),
        ("impact", "critical"),
        ("started_at", "2026-11-21T10:00:00.000Z"),
        ("monitoring_at", "2026-11-21T10:20:00.000Z"),
        ("resolved_at", "2026-11-21T11:00:00.000Z"),
        ("updated_at", "2026-11-21T11:50:00.000Z"),
    ] {
        assert_eq!(told[key], wanted, "{key}");
    }
    let updates = &told["incident_updates"];
    assert_eq!(
        rows(updates, &["status", "updated_at", "deliver_notifications"]),
        [
            "postmortem 2026-11-21T11:50:00.000Z false",
            "resolved 2026-11-21T11:00:01.000Z false",
            "monitoring 2026-11-21T11:30:00.000Z true",
            "monitoring 2026-11-21T10:20:01.000Z true",
            "identified 2026-11-21T10:10:01.000Z true",
            "investigating 2026-11-21T10:00:01.000Z true",
        ]
    );
    assert_eq!(updates[0]["body"], "One\r\ntwo\r\nthree\r\nfour");
    assert_eq!(updates[0]["display_at"], "2026-11-21T11:40:00.000Z");
    assert_eq!(updates[0]["id"], codes::postmortem(&reported().incident_id));
    assert_eq!(updates[2]["affected_components"], Value::Null);
    let steps = [5, 4, 3, 1]
        .map(|n| rows(&updates[n]["affected_components"], &["name", "old_status", "new_status"]).join(", "));
    assert_eq!(
        steps,
        [
            "Deposit And Withdraw - Deposit operational degraded_performance",
            "Deposit And Withdraw - Deposit degraded_performance major_outage, Mail operational major_outage",
            "Deposit And Withdraw - Deposit major_outage degraded_performance",
            "Mail major_outage operational, Deposit And Withdraw - Deposit degraded_performance operational",
        ]
    );
    assert_eq!(rows(&told["components"], &["name"]), ["Deposit", "Mail"], "each once, in the page's order");
}

#[test]
fn an_incident_whose_report_is_left_out_is_still_one_with_a_report() {
    let source = acme("UTC");
    let without = Incident { postmortem: None, ..reported() };
    let lot = StatusServiceListIncidentsResponse { incidents: vec![without], ..Default::default() };
    let told = at(&incidents(&source, &lot), "/incidents/0");
    assert_eq!(
        (&told["status"], &told["incident_updates"][0]["status"]),
        (&value!("postmortem"), &value!("resolved"))
    );
}

#[test]
fn what_is_off_the_page_is_told_by_its_name_and_is_not_in_the_list() {
    let source = acme("UTC");
    let former =
        Component { deleted_at: wire("2026-11-21T11:00:00Z"), ..component(13, "Fax", Some(10), GOOD) };
    let told = update(32, Phase::Identified, "2026-11-21T10:10:00Z", &[(13, DOWN), (77, DOWN)]);
    let lot = StatusServiceListIncidentsResponse {
        incidents: vec![an_incident(22, "Other", vec![told])],
        former_components: vec![former],
        ..Default::default()
    };
    let told = at(&incidents(&source, &lot), "/incidents/0");
    let keys = ["name", "new_status"];
    assert_eq!(
        rows(&told["incident_updates"][0]["affected_components"], &keys),
        ["Deposit And Withdraw - Fax major_outage"],
        "what nobody knows has no name"
    );
    assert_eq!(
        rows(&told["components"], &["name", "position", "group_id", "updated_at"]),
        [format!("Fax 0 {} 2026-11-21T11:00:00.000Z", code(10))]
    );
    assert_eq!(rows(&at(&components(&source), "/components"), &["name"]).len(), 3);
}

#[test]
fn a_maintenance_is_told_as_an_incident_of_its_own_kind() {
    use MaintenancePhase::{Cancelled, Completed, InProgress, Scheduled, Verifying};
    let mut source = acme("UTC");
    let told = [
        (44, Completed, "2026-11-22T02:30:00Z"),
        (43, Verifying, "2026-11-22T02:00:00Z"),
        (42, InProgress, "2026-11-22T01:00:00Z"),
        (41, Scheduled, "2026-11-20T08:00:00Z"),
    ];
    let mut done = a_maintenance(23, "Move", &[12], &told);
    done.ended_at = wire("2026-11-22T02:30:00Z");
    done.updates[3].body = "We move.".into();
    let answer = StatusServiceGetMaintenanceResponse { maintenance: Some(done), ..Default::default() };
    let text = json(&maintenance(&source, &answer));
    let (page, id, mail) = (code(1), code(23), code(12));
    assert!(
        text.starts_with(&format!(
            r#"{{"id":"{id}","name":"Move","status":"completed","created_at":"2026-11-20T08:00:00.000Z","updated_at":"2026-11-22T02:30:00.000Z","monitoring_at":null,"resolved_at":"2026-11-22T02:30:00.000Z","impact":"maintenance","shortlink":"https://status.example.com/p/acme/incidents/{id}","started_at":"2026-11-20T08:00:00.000Z","page_id":"{page}","incident_updates":[{{"#
        )),
        "{text}"
    );
    assert!(
        text.ends_with(
            r#"}],"scheduled_for":"2026-11-22T01:00:00.000Z","scheduled_until":"2026-11-22T03:00:00.000Z","reminder_intervals":null}"#
        ),
        "{text}"
    );
    assert!(text.contains(&format!(
        r#""affected_components":[{{"code":"{mail}","name":"Mail","old_status":"operational","new_status":"under_maintenance"}}]"#
    )));
    let updates = at(&maintenance(&source, &answer), "/incident_updates");
    assert_eq!(
        rows(&updates, &["status", "body"]),
        [
            "completed The maintenance is complete.",
            "verifying The work is done, and we are checking that all is well.",
            "in_progress The maintenance has begun.",
            "scheduled We move.",
        ]
    );
    let steps = updates.as_array().unwrap().iter();
    let steps =
        steps.map(|update| rows(&update["affected_components"], &["old_status", "new_status"]).join(""));
    assert_eq!(
        steps.collect::<Vec<_>>(),
        [
            "under_maintenance operational",
            "under_maintenance under_maintenance",
            "operational under_maintenance",
            "operational operational",
        ]
    );
    let mut moved = a_maintenance(24, "Later", &[], &[(45, Scheduled, "2026-11-21T08:00:00Z")]);
    moved.scheduled_start_at = wire("2026-11-23T01:00:00Z");
    moved.updates[0].scheduled_start_at = moved.scheduled_start_at;
    let earlier = a_maintenance(25, "Sooner", &[], &[(46, Scheduled, "2026-11-21T08:00:00Z")]);
    source.front.upcoming_maintenances = vec![earlier, moved];
    source.front.active_maintenances =
        vec![a_maintenance(26, "Now", &[12], &[(47, Cancelled, "2026-11-21T08:00:00Z")])];
    let listed = at(&summary(&source), "/scheduled_maintenances");
    assert_eq!(rows(&listed, &["name", "status"]), ["Later scheduled", "Now completed", "Sooner scheduled"]);
    assert_eq!(rows(&at(&upcoming(&source), "/scheduled_maintenances"), &["name"]), ["Later", "Sooner"]);
    assert_eq!(rows(&at(&active(&source), "/scheduled_maintenances"), &["name"]), ["Now"]);
    let told = listed[0]["incident_updates"][0]["body"].as_str().unwrap();
    assert_eq!(told, "The planned time has changed.\r\nNew planned start: 23 November 2026 at 01:00 UTC");
}

#[test]
fn what_the_clock_did_is_told_in_the_pages_language() {
    let source = empty("UTC", "pt-BR");
    let begun = [(42, MaintenancePhase::InProgress, "2026-11-22T01:00:00Z")];
    let begun = a_maintenance(23, "Mudança", &[], &begun);
    let answer = StatusServiceGetMaintenanceResponse { maintenance: Some(begun), ..Default::default() };
    let told = at(&maintenance(&source, &answer), "/incident_updates/0");
    assert_eq!(told["body"], "A manutenção começou.");
    assert_eq!(told["affected_components"], Value::Null);
}

#[test]
fn what_was_before_the_first_update_of_a_maintenance_that_is_not_left_out_is_not_known() {
    let source = acme("UTC");
    let begun = [(42, MaintenancePhase::InProgress, "2026-11-22T01:00:00Z")];
    for (earlier_updates, before) in [(0, "operational"), (1, "under_maintenance")] {
        let begun = Maintenance { earlier_updates, ..a_maintenance(23, "Move", &[12], &begun) };
        let answer = StatusServiceGetMaintenanceResponse { maintenance: Some(begun), ..Default::default() };
        let affected = at(&maintenance(&source, &answer), "/incident_updates/0/affected_components");
        assert_eq!(rows(&affected, &["old_status", "new_status"]), [format!("{before} under_maintenance")]);
    }
}
