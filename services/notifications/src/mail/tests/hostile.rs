//! Names, texts and recipients that would break a mail.

use super::*;

#[test]
fn a_name_cannot_break_a_mail() {
    for (name, shown) in [
        ("Acme\r\nBcc: eve@example.com", "Acme Bcc: eve@example.com"),
        ("Acme\n\n<script>alert(1)</script>", "Acme <script>alert(1)</script>"),
        ("Acme\rX: y", "Acme X: y"),
        ("\u{202e}emcA\u{2066}", "emcA"),
        ("\"Acme\" <eve@example.com>, \\", "\"Acme\" <eve@example.com>, \\"),
        ("=?utf-8?B?QWNtZQ0K?=", "=?utf-8?B?QWNtZQ0K?="),
        ("a\0b\u{1}c\u{85}d\u{2028}e", "abc d e"),
        ("\r\n\u{202e}", "acme"),
        ("{{ mail.token }} { $page }", "{{ mail.token }} { $page }"),
    ] {
        let moved = MaintenanceUpdate {
            title: name.into(),
            component_names: vec![name.into()],
            ..maintenance(MaintenancePhase::Scheduled, name)
        };
        let mails = [
            Content::IncidentUpdate(update(name, name)),
            Content::MaintenanceUpdate(moved),
            Content::MaintenanceApproaching(MaintenanceApproaching { title: name.into(), ..approaching() }),
            Content::Postmortem(postmortem(name, name)),
            Content::NextUpdateDue(due(name)),
            asked(),
        ];
        for raw in mails.map(|content| mail_to(&ANA, &page(name), &content, Locale::PtBr)) {
            assert_well_formed(&raw);
            let message = parsed(&raw);
            assert_eq!(message.from().unwrap().first().unwrap().name(), Some(shown));
            assert!(text(&message).contains(shown));
            assert!(!html(&message).contains("<script"));
        }
    }
}

#[test]
fn a_long_name_and_headline_are_cut_and_the_news_is_not() {
    for letter in ["x", "é", "\u{1F525}", "x ", "\""] {
        let raw = incident(&letter.repeat(500), update(&letter.repeat(200), "b"));
        assert_well_formed(&raw);
        let message = parsed(&raw);
        let subject = message.subject().unwrap();
        assert!(subject.ends_with("…: Identified"), "{subject}");
        assert!(subject.chars().count() >= 117, "{subject}");
        assert!(message.from().unwrap().first().unwrap().name().unwrap().chars().count() <= 64);
        assert_well_formed(&confirmation(&letter.repeat(500), Locale::PtBr));
    }
}

#[test]
fn any_text_at_the_limit_makes_a_mail() {
    for pattern in [
        "x",
        "x ",
        "\u{1F525}",
        ".\n",
        "\n.",
        "\r",
        "\r\n.\r\n",
        "From \n",
        "=",
        "<b>",
        "> ",
        "*",
        "\u{1}",
        "\u{3}",
        "=03",
        "é.",
        "--=_evt_01jd0000000000000000000000\n",
    ] {
        let body: String = pattern.chars().cycle().take(25_000).collect();
        let raw = incident("Acme", update("t", &body));
        assert_well_formed(&raw);
        let shown = body.replace("\r\n", "\n").replace('\r', "\n").replace(['\u{1}', '\u{3}'], "");
        assert!(text(&parsed(&raw)).contains(&shown), "{pattern:?}");
    }
}

#[test]
fn a_recipient_that_would_break_the_mail_is_refused_and_nothing_is_written() {
    let content = Content::IncidentUpdate(update("t", "b"));
    let template =
        composer().template(&page("Acme"), &content, Locale::En, &TimeZone::UTC, event_id(), date());
    for (personal, refusal) in [
        (Personal { email: "a@b\r\nBcc: c@d", ..ANA }, UnfitRecipient::Address),
        (Personal { email: "", ..ANA }, UnfitRecipient::Address),
        (Personal { token: "a=\r\n", ..ANA }, UnfitRecipient::Token),
        (Personal { token: "", ..ANA }, UnfitRecipient::Token),
        (Personal { recipient_hash: "a>\r\n", ..ANA }, UnfitRecipient::RecipientHash),
    ] {
        let mut out = b"before".to_vec();
        assert_eq!(template.splice(&personal, &mut out), Err(refusal));
        assert_eq!(out, b"before");
    }
    let content = Content::NextUpdateDue(due("t"));
    let template =
        composer().template(&page("Acme"), &content, Locale::En, &TimeZone::UTC, event_id(), date());
    let without = Personal { token: "", ..ANA };
    assert_eq!(template.splice(&without, &mut Vec::new()), Ok(()), "a responder has no token");
}
