//! What mails say of maintenances.

use super::*;

fn mail(content: &Content, locale: Locale) -> String {
    let raw = mail_to(&ANA, &page("Acme"), content, locale);
    assert_well_formed(&raw);
    raw
}

fn told(update: MaintenanceUpdate, locale: Locale) -> String {
    mail(&Content::MaintenanceUpdate(update), locale)
}

fn header(raw: &str, name: &str) -> String {
    fields(raw).into_iter().find(|(other, _)| other == name).unwrap().1
}

#[test]
fn an_announcement_says_what_when_and_which_components() {
    let raw = told(maintenance(MaintenancePhase::Scheduled, "We **upgrade** it."), Locale::En);
    let message = parsed(&raw);
    assert_eq!(message.subject(), Some("[Acme] Database upgrade: Maintenance scheduled"));
    assert_eq!(
        text(&message),
        format!(
            "Acme\n\nMaintenance scheduled: Database upgrade\n20 November 2026 at 20:05 GMT−3\n\nPlanned start: \
             21 November 2026 at 22:00 GMT−3\nPlanned end: 22 November 2026 at 01:30 GMT−3\n\nWe **upgrade** \
             it.\n\nAffected components:\n- API <v2>\n- Website\n\nView the maintenance:\n\
             https://status.example.com/p/acme/maintenances/mnt_{ID}\n\n____________________\n\nYou receive this \
             email because you subscribed to status updates from Acme.\nUnsubscribe:\n\
             https://status.example.com/u/tok-ana_1"
        )
    );
    let html = bare_html(&message);
    for part in [
        ">Maintenance scheduled</span>",
        ">Database upgrade</h1>",
        ">Planned start:</span>",
        ">21 November 2026 at 22:00 GMT−3</strong><br>",
        ">22 November 2026 at 01:30 GMT−3</strong>\n</p>",
        "<p>We <strong>upgrade</strong> it.</p>",
        ">API &#60;v2&#62;</strong></p>",
        &format!("href=\"https://status.example.com/p/acme/maintenances/mnt_{ID}\""),
        "href=\"https://status.example.com/u/tok-ana_1\"",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}

#[test]
fn a_maintenance_is_a_thread_as_an_incident_is_and_a_reminder_is_named_by_its_event() {
    let update = told(maintenance(MaintenancePhase::InProgress, ""), Locale::En);
    let reminder = mail(&Content::MaintenanceApproaching(approaching()), Locale::En);
    let thread = format!("<mnt_{ID}.h4sh-ana@mail.example.com>");
    for (raw, id) in [(&update, "upd"), (&reminder, "evt")] {
        assert_eq!(header(raw, "Message-ID"), format!("<{id}_{ID}.h4sh-ana@mail.example.com>"));
        assert_eq!(header(raw, "References"), thread);
        assert_eq!(header(raw, "Feedback-ID"), format!("page_{ID}:ten_{ID}:maintenance:pharos"));
        assert_eq!(header(raw, "List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    }
}

#[test]
fn each_phase_has_its_news_and_a_sentence_where_nobody_wrote_a_text() {
    for (phase, locale, news, sentence) in [
        (MaintenancePhase::Scheduled, Locale::En, "scheduled", "This maintenance has been scheduled."),
        (MaintenancePhase::InProgress, Locale::En, "in progress", "This maintenance has begun."),
        (
            MaintenancePhase::Verifying,
            Locale::En,
            "being verified",
            "The work is done, and we are verifying that everything is well.",
        ),
        (MaintenancePhase::Completed, Locale::En, "completed", "This maintenance has been completed."),
        (MaintenancePhase::Cancelled, Locale::En, "cancelled", "This maintenance has been cancelled."),
        (MaintenancePhase::Scheduled, Locale::PtBr, "agendada", "Esta manutenção foi agendada."),
        (MaintenancePhase::InProgress, Locale::PtBr, "em andamento", "Esta manutenção começou."),
        (
            MaintenancePhase::Verifying,
            Locale::PtBr,
            "em verificação",
            "O trabalho terminou, e estamos verificando se está tudo bem.",
        ),
        (MaintenancePhase::Completed, Locale::PtBr, "concluída", "Esta manutenção foi concluída."),
        (MaintenancePhase::Cancelled, Locale::PtBr, "cancelada", "Esta manutenção foi cancelada."),
    ] {
        let raw = told(maintenance(phase, " \n"), locale);
        let message = parsed(&raw);
        assert!(message.subject().unwrap().ends_with(&format!(" {news}")), "{:?}", message.subject());
        assert!(text(&message).contains(&format!("\n\n{sentence}\n\n")), "{}", text(&message));
        assert!(bare_html(&message).contains(&format!("<p>{sentence}</p>")));
        let written = told(maintenance(phase, "By hand."), locale);
        let text = text(&parsed(&written));
        assert!(text.contains("\n\nBy hand.\n\n") && !text.contains(sentence));
    }
}

#[test]
fn a_further_text_of_a_phase_is_an_update_and_not_the_phase_once_more() {
    for (phase, english, portuguese) in [
        (MaintenancePhase::Scheduled, "scheduled", "agendada"),
        (MaintenancePhase::InProgress, "in progress", "em andamento"),
        (MaintenancePhase::Verifying, "being verified", "em verificação"),
        (MaintenancePhase::Completed, "completed", "concluída"),
        (MaintenancePhase::Cancelled, "cancelled", "cancelada"),
    ] {
        for (locale, news) in [
            (Locale::En, format!("Maintenance update ({english})")),
            (Locale::PtBr, format!("Atualização da manutenção ({portuguese})")),
        ] {
            let further = MaintenanceUpdate { same_phase: true, ..maintenance(phase, "More to say.") };
            let raw = told(further, locale);
            let message = parsed(&raw);
            assert_eq!(message.subject(), Some(&*format!("[Acme] Database upgrade: {news}")));
            assert!(text(&message).starts_with(&format!("Acme\n\n{news}: Database upgrade\n")));
            assert!(html(&message).contains(&format!(">{news}</span>")));
        }
    }
}

#[test]
fn a_moved_maintenance_says_its_new_times() {
    let moved = |phase| MaintenanceUpdate { moved: true, ..maintenance(phase, "") };
    let raw = told(moved(MaintenancePhase::Scheduled), Locale::En);
    let message = parsed(&raw);
    assert_eq!(message.subject(), Some("[Acme] Database upgrade: Maintenance rescheduled"));
    assert!(text(&message).contains(
        "\n\nNew planned start: 21 November 2026 at 22:00 GMT−3\nNew planned end: 22 November 2026 at 01:30 \
         GMT−3\n\nThe planned times of this maintenance have changed.\n\n"
    ));
    let overrun = MaintenanceUpdate { same_phase: true, ..moved(MaintenancePhase::InProgress) };
    let raw = told(overrun, Locale::PtBr);
    let message = parsed(&raw);
    assert_eq!(message.subject(), Some("[Acme] Database upgrade: Manutenção reagendada"));
    assert!(text(&message).contains(
        "\n\nNovo início planejado: 21 de novembro de 2026 às 22:00 GMT−3\nNovo término planejado: 22 de \
         novembro de 2026 às 01:30 GMT−3\n\nO horário planejado desta manutenção mudou.\n\n"
    ));
}

#[test]
fn a_reminder_says_how_soon_by_the_mails_own_date() {
    let raw = mail(&Content::MaintenanceApproaching(approaching()), Locale::En);
    let message = parsed(&raw);
    assert_eq!(message.subject(), Some("[Acme] Database upgrade: Maintenance starts in 26 hours"));
    assert!(text(&message).starts_with(
        "Acme\n\nMaintenance starts in 26 hours: Database upgrade\n\nPlanned start: 21 November 2026 at 22:00 \
         GMT−3\nPlanned end: 22 November 2026 at 01:30 GMT−3\n\nWe **upgrade** the database.\n\nAffected"
    ));
    let raw = mail(&Content::MaintenanceApproaching(approaching()), Locale::PtBr);
    let message = parsed(&raw);
    assert_eq!(message.subject(), Some("[Acme] Database upgrade: Manutenção começa em 26 horas"));
    assert!(
        text(&message).contains("Ver a manutenção:\nhttps://status.example.com/p/acme/maintenances/mnt_")
    );
}

#[test]
fn a_sentence_of_ours_is_not_marked_as_of_another_language() {
    let marks = |body: &str| {
        let update =
            MaintenanceUpdate { language: "de".into(), ..maintenance(MaintenancePhase::Completed, body) };
        html(&parsed(&told(update, Locale::En))).matches(" lang=\"de\"").count()
    };
    assert_eq!(marks("Fertig."), 2, "headline and text");
    assert_eq!(marks(""), 1, "the headline alone");
}

#[test]
fn of_many_components_fifty_are_named() {
    let component_names = (0..53).map(|n| format!("c{n}.")).collect();
    let update = MaintenanceUpdate { component_names, ..maintenance(MaintenancePhase::Scheduled, "b") };
    let text = text(&parsed(&told(update, Locale::En)));
    assert!(text.contains("- c0.\n- c1.\n") && text.contains("- c49.\n- and 3 more components\n\nView"));
    let none =
        MaintenanceUpdate { component_names: Vec::new(), ..maintenance(MaintenancePhase::Scheduled, "b") };
    assert!(!html(&parsed(&told(none, Locale::En))).contains("Affected"));
}
