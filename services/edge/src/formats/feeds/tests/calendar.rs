use super::*;
use crate::formats::feeds::calendar;

fn of(locale: &str, planned: Vec<Maintenance>) -> String {
    calendar(&source(locale), &maintenances(planned))
}

/// The lines as they were before they were folded.
fn lines(document: &str) -> Vec<String> {
    document.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
}

fn value(document: &str, name: &str) -> String {
    let start = format!("{name}:");
    lines(document).iter().find_map(|line| line.strip_prefix(&start)).unwrap().to_owned()
}

#[test]
fn a_calendar_has_an_event_for_each_maintenance() {
    assert_eq!(
        of("en", vec![begun()]).replace("\r\n", "\n"),
        r#"BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Pharos//Status page//EN
CALSCALE:GREGORIAN
METHOD:PUBLISH
NAME:Acme & Sons status - Maintenance
X-WR-CALNAME:Acme & Sons status - Maintenance
URL:https://status.example.com:8443/p/acme
REFRESH-INTERVAL;VALUE=DURATION:PT15M
X-PUBLISHED-TTL:PT15M
BEGIN:VEVENT
UID:mnt_01kag3v801fd3vy8gh9s4w6z7n@status.example.com
DTSTAMP:20261122T040000Z
CREATED:20261120T120000Z
LAST-MODIFIED:20261122T040000Z
SEQUENCE:0
DTSTART:20261122T040000Z
DTEND:20261122T053000Z
SUMMARY:Database upgrade
DESCRIPTION:The maintenance has begun.\n\nWe upgrade\; expect *short* pause
 s\, twice.\n\nAffects: Web and Old\, retired
URL:https://status.example.com:8443/p/acme/maintenances/mnt_01kag3v801fd3vy
 8gh9s4w6z7n
CATEGORIES:Maintenance
STATUS:CONFIRMED
TRANSP:TRANSPARENT
END:VEVENT
END:VCALENDAR
"#
    );
}

#[test]
fn an_empty_page_has_a_calendar_without_events() {
    assert_eq!(
        lines(&of("de", Vec::new())).join("\n"),
        r#"BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Pharos//Status page//EN
CALSCALE:GREGORIAN
METHOD:PUBLISH
NAME:Status von Acme & Sons - Wartung
X-WR-CALNAME:Status von Acme & Sons - Wartung
URL:https://status.example.com:8443/p/acme
REFRESH-INTERVAL;VALUE=DURATION:PT15M
X-PUBLISHED-TTL:PT15M
BEGIN:VTIMEZONE
TZID:UTC
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0000
TZOFFSETTO:+0000
END:STANDARD
END:VTIMEZONE
END:VCALENDAR"#
    );
}

#[test]
fn moving_and_cancelling_raise_the_sequence_and_nothing_else_does() {
    let mut planned = maintenance();
    let mut told = |n, phase: MaintenancePhase, start: Option<&str>, body: &str| {
        let mut update = work_update(n, phase, &format!("2026-11-20T13:00:{n:02}Z"), body);
        update.scheduled_start_at = start.and_then(wire);
        planned.phase = phase.into();
        planned.updates.insert(0, update);
        let document = of("en", vec![planned.clone()]);
        ["SEQUENCE", "STATUS", "DTSTAMP"].map(|name| value(&document, name)).join(" ")
    };
    let (scheduled, cancelled) = (MaintenancePhase::Scheduled, MaintenancePhase::Cancelled);
    assert_eq!(told(1, scheduled, None, "A word."), "0 CONFIRMED 20261120T130001Z");
    assert_eq!(told(2, scheduled, Some("2026-11-23T04:00:00Z"), ""), "1 CONFIRMED 20261120T130002Z");
    assert_eq!(told(3, cancelled, None, ""), "2 CANCELLED 20261120T130003Z");
    assert_eq!(told(4, cancelled, None, "Why."), "2 CANCELLED 20261120T130004Z");
    // it does not fall when updates are left out
    planned.updates.truncate(1);
    planned.earlier_updates = 4;
    assert_eq!(value(&of("en", vec![planned]), "SEQUENCE"), "5");
}

#[test]
fn an_event_says_what_happened_in_the_language_of_the_page() {
    let mut planned = maintenance();
    let mut update = work_update(5, MaintenancePhase::Scheduled, "2026-11-20T13:00:00Z", "");
    update.scheduled_start_at = wire("2026-11-22T04:00:00Z");
    planned.updates.insert(0, update);
    assert_eq!(
        value(&of("fr", vec![planned]), "DESCRIPTION"),
        "L’horaire prévu a changé.\\n\\nNouveau début prévu\u{a0}: 22 novembre 2026 à 01:00 GMT−3\\n\\nWe upgrade\\; expect *short* pauses\\, twice.\\n\\nConcerne\u{a0}: Web et Old\\, retired"
    );
}

#[test]
fn an_event_keeps_its_uid_when_everything_else_changes() {
    let other = Maintenance { title: "Other".into(), ..begun() };
    for planned in [maintenance(), other] {
        assert_eq!(value(&of("en", vec![planned]), "UID"), format!("{MAINTENANCE}@status.example.com"));
    }
}

#[test]
fn a_line_has_75_octets_at_most_and_is_folded_between_characters() {
    for filler in ["a", "é", "語", "🔥", "שלום ", "a b ", ", "] {
        for length in 0..200 {
            let title: String = filler.chars().cycle().take(length).collect();
            let document = of("en", vec![Maintenance { title: title.clone(), ..maintenance() }]);
            assert!(document.ends_with("\r\n"));
            assert!(document.split("\r\n").all(|line| line.len() <= 75), "{document}");
            assert_eq!(value(&document, "SUMMARY").replace("\\,", ","), title);
        }
    }
    let full = of("en", vec![Maintenance { title: "a".repeat(75 - "SUMMARY:".len()), ..maintenance() }]);
    assert!(full.contains(&format!("SUMMARY:{}\r\nDESCRIPTION", "a".repeat(67))));
}

#[test]
fn what_members_write_stays_in_its_line() {
    let hostile = hostile();
    let mut planned = Maintenance { title: hostile.title, ..maintenance() };
    planned.updates[0].body = format!("a\r\nEND:VEVENT\rb\nc\\;,\"{}", hostile.updates[0].body);
    let document = of("en", vec![planned]);
    assert_is_clean(&document.replace("\r\n", "\n").replace("<script", ""));
    assert_eq!(lines(&document).iter().filter(|line| *line == "END:VEVENT").count(), 1);
    assert_eq!(value(&document, "SUMMARY"), "]]></title><script>\"'& 🔥 \u{202b}שלום");
    assert_eq!(
        value(&document, "DESCRIPTION"),
        r#"a\nEND:VEVENT\nb\nc\\\;\,"]]> &amp\; <script>alert(1)</script> &#1\; [x](javascript:alert(1)) 🔥 שלום\n\n```\n]]>\n```\n\nAffects: Web and Old\, retired"#
    );
}
