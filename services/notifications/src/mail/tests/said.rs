//! What the mails say, field by field.

use mail_parser::HeaderValue;

use super::*;

#[test]
fn the_headers_of_a_phase_change_are_those_we_promise() {
    let raw = incident("Acme", update("API is down", "We know why."));
    assert_well_formed(&raw);
    let expected = [
        ("From", "\"Acme\" <status@mail.example.com>".to_owned()),
        ("To", "<ana@example.org>".to_owned()),
        ("Subject", "[Acme] API is down: Identified".to_owned()),
        ("Date", "Fri, 20 Nov 2026 23:05:42 +0000".to_owned()),
        ("Message-ID", format!("<upd_{ID}.h4sh-ana@mail.example.com>")),
        ("References", format!("<inc_{ID}.h4sh-ana@mail.example.com>")),
        ("List-Id", format!("\"Acme\" <page_{ID}.pages.mail.example.com>")),
        (
            "List-Unsubscribe",
            "<https://status.example.com/u/tok-ana_1>, \
             <mailto:u+tok-ana_1@bounce.example.com?subject=unsubscribe>"
                .to_owned(),
        ),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
        ("List-Help", "<https://status.example.com/p/acme>".to_owned()),
        ("List-Archive", "<https://status.example.com/p/acme/history>".to_owned()),
        ("List-Owner", "<mailto:status@mail.example.com>".to_owned()),
        ("List-Post", "NO".to_owned()),
        ("Content-Language", "en".to_owned()),
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "All".to_owned()),
        ("Feedback-ID", format!("page_{ID}:ten_{ID}:phase:pharos")),
        ("MIME-Version", "1.0".to_owned()),
        ("Content-Type", format!("multipart/alternative; boundary=\"=_evt_{ID}\"")),
    ];
    assert_eq!(fields(&raw), expected.map(|(name, value)| (name.to_owned(), value)));

    let message = parsed(&raw);
    assert_eq!(message.message_id(), Some(&*format!("upd_{ID}.h4sh-ana@mail.example.com")));
    assert_eq!(message.references().as_text(), Some(&*format!("inc_{ID}.h4sh-ana@mail.example.com")));
    assert_eq!(message.date().unwrap().to_timestamp(), date().as_second());
    assert_eq!(message.subject(), Some("[Acme] API is down: Identified"));
    assert_eq!(message.from().unwrap().first().unwrap().name(), Some("Acme"));
    let HeaderValue::Address(unsubscribe) = message.list_unsubscribe() else { panic!() };
    assert_eq!(unsubscribe.iter().count(), 2);
}

#[test]
fn the_bodies_of_a_phase_change_say_what_a_reader_must_know() {
    let raw = incident("Acme", update("API is <down>", "We **know** why.\n\n.hidden"));
    let message = parsed(&raw);
    assert_eq!(
        text(&message),
        format!(
            "Acme\n\nIdentified: API is <down>\n20 November 2026 at 20:05 GMT−3\n\nWe **know** why.\n\n.hidden\n\n\
             Affected components:\n- API <v2>: Major outage\n- Website: Operational\n\nView the incident:\n\
             https://status.example.com/p/acme/incidents/inc_{ID}\n\n____________________\n\nYou receive this \
             email because you subscribed to status updates from Acme.\nUnsubscribe:\n\
             https://status.example.com/u/tok-ana_1"
        )
    );
    let html = bare_html(&message);
    for part in [
        "<title>[Acme] API is &#60;down&#62;: Identified</title>",
        ">Acme</p>",
        ">Identified</span>",
        ">API is &#60;down&#62;</h1>",
        ">20 November 2026 at 20:05 GMT−3</p>",
        "<p>We <strong>know</strong> why.</p>",
        ">API &#60;v2&#62;</strong>",
        "&middot; Major outage",
        &format!("href=\"https://status.example.com/p/acme/incidents/inc_{ID}\""),
        "href=\"https://status.example.com/u/tok-ana_1\"",
        "prefers-color-scheme: dark",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    assert!(!html.contains("<down>") && !html.contains("<v2>"));
}

#[test]
fn a_further_text_of_a_phase_is_an_update_in_the_same_thread_and_not_the_phase_once_more() {
    for (phase, english, portuguese) in [
        (Phase::Investigating, "investigating", "investigando"),
        (Phase::Identified, "identified", "identificado"),
        (Phase::Monitoring, "monitoring", "monitorando"),
        (Phase::Resolved, "resolved", "resolvido"),
    ] {
        for (locale, news) in [
            (Locale::En, format!("Update ({english})")),
            (Locale::PtBr, format!("Atualização ({portuguese})")),
        ] {
            let further = IncidentUpdate { phase, same_phase: true, ..update("API is down", "More to say.") };
            let raw = mail_to(&ANA, &page("Acme"), &Content::IncidentUpdate(further), locale);
            assert_well_formed(&raw);
            let message = parsed(&raw);
            assert_eq!(message.subject(), Some(&*format!("[Acme] API is down: {news}")));
            assert_eq!(message.references().as_text(), Some(&*format!("inc_{ID}.h4sh-ana@mail.example.com")));
            assert!(text(&message).starts_with(&format!("Acme\n\n{news}: API is down\n")));
            assert!(html(&message).contains(&format!(">{news}</span>")));
        }
    }
}

#[test]
fn a_portuguese_mail_is_portuguese_all_through() {
    let page = Page { locale: Locale::PtBr, ..page("Ação Já") };
    let update = IncidentUpdate {
        phase: Phase::Investigating,
        ..update("Falha nas notificações", "Estamos investigando.")
    };
    let raw = mail_to(&ANA, &page, &Content::IncidentUpdate(update), Locale::PtBr);
    assert_well_formed(&raw);
    assert!(raw.contains("Subject: =?utf-8?b?"));
    let message = parsed(&raw);
    assert_eq!(message.subject(), Some("[Ação Já] Falha nas notificações: Investigando"));
    assert_eq!(message.from().unwrap().first().unwrap().name(), Some("Ação Já"));
    assert_eq!(message.header_raw("Content-Language").map(str::trim), Some("pt-BR"));
    let text = text(&message);
    for part in [
        "Investigando: Falha nas notificações",
        "20 de novembro de 2026 às 20:05 GMT−3",
        "Componentes afetados:\n- API <v2>: Interrupção grave\n- Website: Operacional",
        "porque se inscreveu para receber as atualizações de status de Ação Já.",
        "Cancelar inscrição:\nhttps://status.example.com/u/tok-ana_1",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(html(&message).contains("<html lang=\"pt-BR\">"));
}

#[test]
fn a_confirmation_is_no_list_mail_and_asks_for_one_thing() {
    let raw = confirmation("Acme", Locale::En);
    assert_well_formed(&raw);
    let names = fields(&raw).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(
        names,
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Content-Language",
            "Auto-Submitted",
            "X-Auto-Response-Suppress",
            "Feedback-ID",
            "MIME-Version",
            "Content-Type",
        ]
    );
    let message = parsed(&raw);
    assert_eq!(message.message_id(), Some(&*format!("evt_{ID}.h4sh-ana@mail.example.com")));
    assert_eq!(message.subject(), Some("Confirm your subscription to Acme"));
    assert!(text(&message).contains("Confirm subscription:\nhttps://status.example.com/c/tok-ana_1\n"));
    assert!(text(&message).contains("If this was not you, do nothing"));
    assert!(html(&message).contains("href=\"https://status.example.com/c/tok-ana_1\""));
    assert!(!raw.contains("/u/"));

    let raw = confirmation("Ação", Locale::PtBr);
    assert_well_formed(&raw);
    assert_eq!(parsed(&raw).subject(), Some("Confirme sua inscrição em Ação"));
}

#[test]
fn fifty_components_are_listed_and_the_worst_come_first() {
    let mut update = update("t", "b");
    update.components = (0..120)
        .map(|n| Component { name: format!("c{n}."), status: ComponentStatus::Operational })
        .chain([Component { name: "bad".into(), status: ComponentStatus::PartialOutage }])
        .collect();
    let raw = incident("Acme", update);
    assert_well_formed(&raw);
    let text = text(&parsed(&raw));
    assert!(text.contains("components:\n- bad: Partial outage\n- c0.: Operational\n"));
    assert!(text.contains("- c48.: Operational\n- and 71 more components\n\nView"));
}

#[test]
fn without_components_none_are_spoken_of() {
    let raw = incident("Acme", IncidentUpdate { components: Vec::new(), ..update("t", "b") });
    assert!(text(&parsed(&raw)).contains("\n\nb\n\nView the incident:\n"));
    assert!(!html(&parsed(&raw)).contains("Affected"));
}

#[test]
fn two_recipients_share_nothing_personal() {
    for content in contents() {
        let template =
            composer().template(&page("Acme"), &content, Locale::En, &TimeZone::UTC, event_id(), date());
        let mut both = Vec::new();
        template.splice(&ANA, &mut both).unwrap();
        let middle = both.len();
        template.splice(&BOB, &mut both).unwrap();
        let (to_ana, to_bob) = both.split_at(middle);
        let (to_ana, to_bob) = (str::from_utf8(to_ana).unwrap(), str::from_utf8(to_bob).unwrap());
        // a responder's mail has no link of their own
        let has_token = !matches!(content, Content::NextUpdateDue(_));
        for personal in [ANA.email, ANA.token, ANA.recipient_hash] {
            let is_there = personal != ANA.token || has_token;
            assert!(to_ana.contains(personal) == is_there && !to_bob.contains(personal), "{personal}");
        }
        for personal in [BOB.email, BOB.token, BOB.recipient_hash] {
            let is_there = personal != BOB.token || has_token;
            assert!(to_bob.contains(personal) == is_there && !to_ana.contains(personal), "{personal}");
        }
        let as_ana = to_bob
            .replace(BOB.email, ANA.email)
            .replace(BOB.token, ANA.token)
            .replace(BOB.recipient_hash, ANA.recipient_hash);
        assert_eq!(as_ana, to_ana);
    }
}

#[test]
fn the_same_arguments_give_the_same_bytes() {
    for content in contents() {
        let mail = || mail_to(&ANA, &page("Acme"), &content, Locale::PtBr);
        assert_eq!(mail(), mail());
    }
}

#[test]
fn a_promised_next_update_is_said_behind_the_text() {
    let promised = || IncidentUpdate {
        next_update_at: Some("2026-11-20T23:30:00Z".parse().unwrap()),
        ..update("t", "b")
    };
    let raw = incident("Acme", promised());
    assert_well_formed(&raw);
    let said = "Next update by 20 November 2026 at 20:30 GMT−3.";
    assert!(text(&parsed(&raw)).contains(&format!("\n\nb\n\n{said}\n\nAffected components:\n")));
    assert!(html(&parsed(&raw)).contains(&format!(">{said}</p>")));
    let raw = mail_to(&ANA, &page("Acme"), &Content::IncidentUpdate(promised()), Locale::PtBr);
    let said = "Próxima atualização até 20 de novembro de 2026 às 20:30 GMT−3.";
    assert!(text(&parsed(&raw)).contains(said));
    assert!(!html(&parsed(&incident("Acme", update("t", "b")))).contains("Next update"));
}

#[test]
fn a_text_of_another_language_is_marked_and_one_of_the_mails_own_is_not() {
    let marks = |language: &str, locale| {
        let update = IncidentUpdate { language: language.into(), ..update("t", "b") };
        let raw = mail_to(&ANA, &page("Acme"), &Content::IncidentUpdate(update), locale);
        let html = html(&parsed(&raw));
        let mark = |tag: &str| html.matches(&format!(" lang=\"{tag}\" dir=\"auto\"")).count();
        (mark("en"), mark("pt-BR"), mark("de"))
    };
    assert_eq!(marks("", Locale::En), (0, 0, 0));
    assert_eq!(marks("", Locale::PtBr), (2, 0, 0));
    assert_eq!(marks("pt-BR", Locale::En), (0, 2, 0));
    assert_eq!(marks("pt-br", Locale::PtBr), (0, 0, 0));
    assert_eq!(marks("de", Locale::PtBr), (0, 0, 2));
}

#[test]
fn every_phase_and_status_has_a_name_in_every_language() {
    for locale in Locale::ALL {
        for phase in [Phase::Investigating, Phase::Identified, Phase::Monitoring, Phase::Resolved] {
            let mut update = IncidentUpdate { phase, ..update("t", "b") };
            update.components = [
                ComponentStatus::Operational,
                ComponentStatus::UnderMaintenance,
                ComponentStatus::DegradedPerformance,
                ComponentStatus::PartialOutage,
                ComponentStatus::MajorOutage,
            ]
            .map(|status| Component { name: "c".into(), status })
            .to_vec();
            assert_well_formed(&mail_to(&ANA, &page("Acme"), &Content::IncidentUpdate(update), locale));
        }
        for content in contents() {
            assert_well_formed(&mail_to(&ANA, &page("Acme"), &content, locale));
        }
    }
}
