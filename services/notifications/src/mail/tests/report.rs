//! What mails say after an incident, and what responders are reminded of.

use super::*;

fn report(body: &str, locale: Locale) -> String {
    let raw = mail_to(&ANA, &page("Acme"), &Content::Postmortem(postmortem("API is down", body)), locale);
    assert_well_formed(&raw);
    raw
}

#[test]
fn a_postmortem_is_a_mail_of_its_incidents_thread_and_named_by_its_event() {
    let raw = report("# Why\n\nA disk was full.", Locale::En);
    let message = parsed(&raw);
    assert_eq!(message.subject(), Some("[Acme] API is down: Postmortem published"));
    assert_eq!(message.message_id(), Some(&*format!("evt_{ID}.h4sh-ana@mail.example.com")));
    assert_eq!(message.references().as_text(), Some(&*format!("inc_{ID}.h4sh-ana@mail.example.com")));
    assert!(fields(&raw).contains(&("Feedback-ID".into(), format!("page_{ID}:ten_{ID}:postmortem:pharos"))));
    assert!(text(&message).starts_with(
        "Acme\n\nPostmortem published: API is down\n20 November 2026 at 20:05 GMT−3\n\n# Why\n\nA disk was \
         full.\n\nView the incident:\nhttps://status.example.com/p/acme/incidents/inc_"
    ));
    assert!(bare_html(&message).contains("<h3>Why</h3>\n<p>A disk was full.</p>"));
    let raw = report("Um disco encheu.", Locale::PtBr);
    assert_eq!(parsed(&raw).subject(), Some("[Acme] API is down: Postmortem publicado"));
}

#[test]
fn a_long_postmortem_ends_with_a_paragraph_and_the_link_to_all_of_it() {
    let whole = "x".repeat(25_000);
    let said = text(&parsed(&report(&whole, Locale::En)));
    assert!(said.contains(&format!("\n\n{whole}\n\nView the incident:\n")));

    let paragraph = format!("{}\n\n", "é".repeat(998));
    for (locale, rest) in [
        (
            Locale::En,
            "This is the beginning of the postmortem. The page of the incident has all of it.\n\nView the incident:",
        ),
        (
            Locale::PtBr,
            "Este é o começo do postmortem. A página do incidente traz o texto completo.\n\nVer o incidente:",
        ),
    ] {
        let raw = report(&paragraph.repeat(100), locale);
        let message = parsed(&raw);
        let kept = paragraph.repeat(25);
        let url = format!("https://status.example.com/p/acme/incidents/inc_{ID}");
        assert!(text(&message).contains(&format!("GMT−3\n\n{kept}{rest}\n{url}\n")));
        assert_eq!(bare_html(&message).matches("<p>é").count(), 25);
    }
}

#[test]
fn any_report_at_the_limit_makes_a_mail() {
    for pattern in ["x", "\u{1F525}", "\n", "> ", "```\n", "- a\n\n", "\u{1}", "é."] {
        report(&pattern.chars().cycle().take(100_000).collect::<String>(), Locale::PtBr);
    }
}

fn reminder(locale: Locale) -> String {
    let responder = Personal { token: "", ..ANA };
    let raw = mail_to(&responder, &page("Acme"), &Content::NextUpdateDue(due("API is <down>")), locale);
    assert_well_formed(&raw);
    raw
}

#[test]
fn a_reminder_to_responders_is_no_list_mail_and_has_no_link_of_their_own() {
    let raw = reminder(Locale::En);
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
    assert!(!raw.contains("/u/") && !raw.contains("ubscribe:"));
}

#[test]
fn a_reminder_says_what_is_promised_until_when_and_that_nothing_was_posted() {
    let raw = reminder(Locale::En);
    let message = parsed(&raw);
    assert_eq!(message.subject(), Some("[Acme] API is <down>: Next update due"));
    assert_eq!(
        text(&message),
        format!(
            "The next update is due\n\nThe next update of “API is <down>” is promised by 20 November 2026 at 20:30 \
             GMT−3. Nothing has been posted yet.\n\nView the incident:\n\
             https://status.example.com/p/acme/incidents/inc_{ID}\n\nYou receive this email because you can post \
             updates on Acme. Subscribers do not receive it."
        )
    );
    assert!(html(&message).contains("“API is &#60;down&#62;”"));

    let raw = reminder(Locale::PtBr);
    let message = parsed(&raw);
    assert_eq!(message.subject(), Some("[Acme] API is <down>: Próxima atualização pendente"));
    assert!(text(&message).contains(
        "A próxima atualização de “API is <down>” está prometida até 20 de novembro de 2026 às 20:30 GMT−3. Nada \
         foi publicado ainda."
    ));
}
