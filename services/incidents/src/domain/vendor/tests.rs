use kit::ids::StatusIntervalId;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::{Cause, component::tests::any_status};

const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

fn at(seconds: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(seconds)
}

/// What an answer says, a line a component: id, name, group, status.
fn lines(listing: &Listing) -> Vec<String> {
    let line =
        |it: &Listed| format!("{}|{}|{}|{:?}", it.vendor_component_id, it.name, it.group_name, it.status);
    listing.components.iter().map(line).collect()
}

#[test]
fn a_statuspage_is_a_flat_list_of_groups_and_components() {
    let answer = br#"{"page":{"id":"kctbh9vrtdwd","name":"Acme"},"components":[
        {"id":"g1","name":"Payments","status":"major_outage","group":true,"group_id":null,"components":["c1","c2"]},
        {"id":"c1","name":"Deposit","status":"degraded_performance","group":false,"group_id":"g1","position":1},
        {"id":"c2","name":" With\u202edrawal\n","status":"major_outage","group":false,"group_id":"g1"},
        {"id":"c3","name":"API","status":"operational","group":false,"group_id":null},
        {"id":"c4","name":"","status":"under_maintenance","group_id":"gone"},
        {"id":"c5","name":"Search","status":"partial_outage"},
        {"id":"c6","name":"New","status":"on_fire"},
        {"id":"c7","name":"Null","status":null},
        {"id":"","name":"No id","status":"operational"},
        {"id":7,"name":"Number","status":"operational"},
        "not a row",
        {"id":"c3","name":"Twice","status":"partial_outage"}]}"#;
    let listing = Listing::read(VendorFormat::Statuspage, answer).unwrap();
    let expected = [
        "c1|Deposit|Payments|DegradedPerformance",
        "c2|Withdrawal|Payments|MajorOutage",
        "c3|API||PartialOutage",
        "c4|c4||UnderMaintenance",
        "c5|Search||PartialOutage",
    ];
    assert_eq!(lines(&listing), expected);
    assert_eq!(listing.unreadable.iter().collect::<Vec<_>>(), ["c6", "c7"]);
    assert_eq!(listing.names, Named::All);
}

#[test]
fn incident_io_names_what_is_affected_and_the_worst_of_several_counts() {
    let answer = br#"{"page_title":"Acme","page_url":"https://status.acme.test",
        "ongoing_incidents":[
          {"id":"01I","name":"Slow","status":"identified","current_worst_impact":"partial_outage","affected_components":[
            {"id":"01A","name":"API","group_name":"Core","current_status":"degraded_performance"},
            {"id":"01B","name":"Web","current_status":"full_outage"}]},
          {"id":"01J","name":"Slower","affected_components":[
            {"id":"01A","name":"API","group_name":"Core","current_status":"partial_outage"},
            {"id":"01C","name":"Mail","current_status":"smouldering"}]}],
        "in_progress_maintenances":[
          {"id":"01M","status":"maintenance_in_progress","affected_components":[
            {"id":"01D","name":"Search"},
            {"id":"01B","name":"Web","current_status":"under_maintenance"},
            {"id":"01C","name":"Mail","current_status":"under_maintenance"}]}],
        "scheduled_maintenances":[{"id":"01S","affected_components":[{"id":"01Z","name":"Later"}]}]}"#;
    let listing = Listing::read(VendorFormat::IncidentIo, answer).unwrap();
    let expected = ["01A|API|Core|PartialOutage", "01B|Web||MajorOutage", "01D|Search||UnderMaintenance"];
    assert_eq!(lines(&listing), expected);
    assert_eq!(listing.unreadable.iter().collect::<Vec<_>>(), ["01C"]);
    assert_eq!(listing.names, Named::Troubled);
}

#[test]
fn an_instatus_component_carries_its_group() {
    let answer = br#"{"components":[
        {"id":"a","name":"API","description":"","status":"OPERATIONAL","group":null,"activeIncidents":[]},
        {"id":"b","name":"Web","status":"MINOROUTAGE","group":{"id":"g","name":"Core"}},
        {"id":"c","name":"Mail","status":"PARTIALOUTAGE","group":{"id":"g","name":"Core"}},
        {"id":"d","name":"Jobs","status":"MAJOROUTAGE","group":null},
        {"id":"e","name":"Docs","status":"UNDERMAINTENANCE","group":null},
        {"id":"f","name":"Chat","status":"DEGRADEDPERFORMANCE","group":null},
        {"id":"g","name":"Odd","status":"operational","group":null}]}"#;
    let listing = Listing::read(VendorFormat::Instatus, answer).unwrap();
    let expected = [
        "a|API||Operational",
        "b|Web|Core|PartialOutage",
        "c|Mail|Core|PartialOutage",
        "d|Jobs||MajorOutage",
        "e|Docs||UnderMaintenance",
        "f|Chat||DegradedPerformance",
    ];
    assert_eq!(lines(&listing), expected);
    assert!(listing.unreadable.contains("g"));
}

#[test]
fn what_no_such_page_answers_is_not_read_as_all_is_well() {
    use VendorFormat as F;
    for (format, answer, expected) in [
        (F::Statuspage, "<html>", Unreadable::NotJson),
        (F::Statuspage, "", Unreadable::NotJson),
        (F::Statuspage, "{}", Unreadable::Lacks("components")),
        (F::Statuspage, r#"{"components":{}}"#, Unreadable::Lacks("components")),
        (F::Instatus, r#"[{"id":"a"}]"#, Unreadable::Lacks("components")),
        (F::IncidentIo, r#"{"error":"not found"}"#, Unreadable::Lacks("ongoing_incidents")),
        (F::IncidentIo, r#"{"ongoing_incidents":[]}"#, Unreadable::Lacks("in_progress_maintenances")),
        (
            F::IncidentIo,
            r#"{"ongoing_incidents":[{"id":"01I"}],"in_progress_maintenances":[]}"#,
            Unreadable::Lacks("affected_components"),
        ),
        (
            F::IncidentIo,
            r#"{"ongoing_incidents":[{"affected_components":[{"name":"API"}]}],"in_progress_maintenances":[]}"#,
            Unreadable::Nameless,
        ),
    ] {
        assert_eq!(Listing::read(format, answer.as_bytes()), Err(expected), "{answer}");
    }
    assert!(Listing::read(F::Statuspage, &[b'['; 200_000]).is_err());
}

#[test]
fn of_a_page_with_too_much_on_it_the_first_2000_are_kept_with_short_names() {
    let rows = (0..2001)
        .map(|number| format!(r#"{{"id":"{number}","name":"{}","status":"operational"}}"#, "x".repeat(300)));
    let answer = format!(r#"{{"components":[{}]}}"#, rows.collect::<Vec<_>>().join(","));
    let listing = Listing::read(VendorFormat::Statuspage, answer.as_bytes()).unwrap();
    assert_eq!(listing.components.len(), COMPONENTS_PER_VENDOR);
    assert_eq!(listing.components[1999].name.len(), 200);
    assert_eq!(listing.unreadable.iter().collect::<Vec<_>>(), ["2000"]);
}

fn listing(names: Named, components: &[(&str, ComponentStatus)], unreadable: &[&str]) -> Listing {
    let listed = components.iter().map(|(id, status)| Listed {
        vendor_component_id: (*id).to_owned(),
        name: format!("name of {id}"),
        group_name: String::new(),
        status: *status,
    });
    let unreadable = unreadable.iter().map(|id| (*id).to_owned()).collect();
    Listing { components: listed.collect(), unreadable, names }
}

/// Each known component: id, status, since when it is missing.
fn told(page: &VendorPage) -> Vec<(&str, ComponentStatus, Option<Timestamp>)> {
    page.components.iter().map(|it| (it.vendor_component_id.as_str(), it.status, it.missing_since)).collect()
}

#[test]
fn a_component_that_is_gone_keeps_its_status_and_comes_back() {
    use ComponentStatus::{MajorOutage, Operational, PartialOutage};
    let both = listing(Named::All, &[("a", MajorOutage), ("b", Operational)], &[]);
    let without = listing(Named::All, &[("b", Operational)], &["a"]);
    let first = VendorPage::default().heard(&both, at(0));
    let second = first.heard(&without, at(60));
    assert_eq!(told(&second), [("b", Operational, None), ("a", MajorOutage, Some(at(0)))]);
    let third = second.heard(&without, at(120));
    assert_eq!(told(&third)[1], ("a", MajorOutage, Some(at(0))));
    let back = third.heard(&listing(Named::All, &[("a", PartialOutage)], &[]), at(180));
    assert_eq!(told(&back)[0], ("a", PartialOutage, None));
    assert_eq!(told(&back)[1], ("b", Operational, Some(at(120))));
    assert_eq!(back.shown("name of a", Named::All), (Some((PartialOutage, "")), true));
    assert_eq!(back.shown("b", Named::All), (Some((Operational, "")), false));
    assert_eq!(back.shown("c", Named::All), (None, false));
    assert_eq!(VendorPage::default().shown("c", Named::All), (None, true));
}

#[test]
fn where_only_trouble_is_named_the_rest_is_operational_unless_it_cannot_be_read() {
    use ComponentStatus::{MajorOutage, Operational, PartialOutage};
    let trouble = listing(Named::Troubled, &[("a", MajorOutage), ("b", PartialOutage)], &[]);
    let first = VendorPage::default().heard(&trouble, at(0));
    let second = first.heard(&listing(Named::Troubled, &[("c", PartialOutage)], &["b"]), at(60));
    let expected = [("a", Operational, None), ("c", PartialOutage, None), ("b", PartialOutage, Some(at(0)))];
    assert_eq!(told(&second), expected);
    // One that it never named is heard of, as long as the readings go well.
    assert_eq!(second.shown("z", Named::Troubled), (None, true));
    assert_eq!(second.shown("z", Named::All), (None, false));
    assert!(!second.shown("b", Named::Troubled).1);
    assert_eq!(second.failed(String::new(), at(120)).shown("z", Named::Troubled), (None, false));
}

#[test]
fn only_a_reading_that_went_well_and_has_the_component_says_something_of_it() {
    use ComponentStatus::{MajorOutage, Operational};
    let both = listing(Named::All, &[("a", MajorOutage), ("b", Operational)], &[]);
    let heard = VendorPage::default().heard(&both, at(0));
    assert_eq!(
        (heard.says("a"), heard.says("b"), heard.says("c")),
        (Some(MajorOutage), Some(Operational), None)
    );
    assert_eq!(heard.failed(String::new(), at(60)).says("a"), None);
    let gone = heard.heard(&listing(Named::All, &[("b", Operational)], &[]), at(60));
    assert_eq!((gone.says("a"), gone.says("b")), (None, Some(Operational)));
}

#[test]
fn a_reading_that_fails_changes_nothing_but_that_it_fails() {
    let listing = listing(Named::All, &[("a", ComponentStatus::MajorOutage)], &[]);
    let heard = VendorPage::default().heard(&listing, at(0));
    let failed = heard.failed("It is away.".to_owned(), at(60)).failed("Still.".to_owned(), at(120));
    assert_eq!(failed.components, heard.components);
    assert_eq!(failed.shown("a", Named::All), (Some((ComponentStatus::MajorOutage, "")), false));
    let expected =
        LastReading { heard_at: Some(at(0)), failing_since: Some(at(60)), problem: "Still.".to_owned() };
    assert_eq!(failed.last_reading, expected);
    assert_eq!(failed.heard(&listing, at(180)).last_reading.failing_since, None);
}

#[test]
fn an_id_wins_over_a_name_and_what_is_there_over_what_is_gone() {
    let mut page = VendorPage::default();
    for (place, (id, name, missing_since)) in
        (0..).zip([("a", "API", Some(at(0))), ("b", "API", None), ("c", "API", None), ("API", "x", None)])
    {
        page.components.push(VendorComponent {
            vendor_component_id: id.to_owned(),
            place,
            name: name.to_owned(),
            group_name: String::new(),
            status: ComponentStatus::Operational,
            missing_since,
        });
    }
    let found = |page: &VendorPage| page.find("API").map(|it| it.vendor_component_id.clone());
    assert_eq!(found(&page).as_deref(), Some("API"));
    page.components.pop();
    assert_eq!(found(&page).as_deref(), Some("b"));
}

fn component(number: u128) -> ComponentId {
    ComponentId::from_uuid(Uuid::from_u128(number))
}

proptest! {
    #[test]
    fn no_answer_breaks_the_reader(answer in prop::collection::vec(any::<u8>(), 0..400)) {
        for format in [VendorFormat::Statuspage, VendorFormat::IncidentIo, VendorFormat::Instatus] {
            let _ = Listing::read(format, &answer);
        }
    }

    #[test]
    fn no_name_breaks_what_is_kept(id in any::<String>(), name in any::<String>(), group in any::<String>()) {
        let row = serde_json::json!({"id": id, "name": name, "status": "OPERATIONAL", "group": {"name": group}});
        let answer = serde_json::json!({"components": [row]}).to_string();
        let listing = Listing::read(VendorFormat::Instatus, answer.as_bytes()).unwrap();
        for it in listing.components {
            prop_assert_eq!(&it.vendor_component_id, &id);
            for text in [&it.vendor_component_id, &it.name, &it.group_name] {
                prop_assert!(text.chars().count() <= 200 && !text.contains(char::is_control));
            }
            prop_assert!(!it.name.is_empty() && !it.vendor_component_id.is_empty());
        }
    }

    #[test]
    fn after_following_each_component_has_open_what_was_said_of_it_and_no_more(
        open in prop::collection::vec((0_u128..3, any_status(), -3_i64..3), 0..6),
        said in prop::collection::btree_map(0_u128..3, any_status(), 0..4),
    ) {
        let open = open.into_iter().filter(|(_, status, _)| *status != ComponentStatus::Operational);
        let open = (1..).zip(open).map(|(number, (number_of, status, started))| StatusInterval {
            status_interval_id: StatusIntervalId::from_uuid(Uuid::from_u128(number)),
            spell: Spell { component_id: component(number_of), status, started_at: at(started), ended_at: None },
            cause: Cause::Vendor(VendorId::from_uuid(Uuid::nil())),
            recorded_at: NOW,
            retracted_at: None,
        });
        let open = open.collect::<Vec<_>>();
        let said = said.into_iter().map(|(number, status)| (component(number), status)).collect::<Vec<_>>();
        let spells = follow(&open, &said, NOW);
        for (component, status) in &said {
            let now_open = spells.iter().filter(|it| it.component_id == *component && it.ended_at.is_none());
            let expected = usize::from(*status != ComponentStatus::Operational);
            prop_assert_eq!(now_open.clone().count(), expected);
            prop_assert!(now_open.into_iter().all(|it| it.status == *status));
        }
        for spell in &spells {
            prop_assert!(spell.ended_at.is_none_or(|ended_at| ended_at > spell.started_at && ended_at >= NOW));
        }
        // Nothing that was recorded is lost.
        for interval in &open {
            let kept = |it: &&Spell| Spell { ended_at: None, ..**it } == interval.spell;
            prop_assert!(spells.iter().any(|it| kept(&it)));
        }
    }
}
