//! Whom mails are from, and where answers go.

use super::*;

fn from(sender: Sender) -> String {
    let page = Page { sender, ..page("Acme") };
    let raw = mail_to(&ANA, &page, &Content::IncidentUpdate(update("t", "b")), Locale::En);
    assert_well_formed(&raw);
    raw
}

fn field(raw: &str, name: &str) -> Option<String> {
    fields(raw).into_iter().find(|(other, _)| other == name).map(|(_, value)| value)
}

#[test]
fn a_tenants_own_domain_is_in_from_alone_and_answers_go_where_the_tenant_reads() {
    let raw = from(Sender {
        address: Some("status@acme.example".into()),
        reply_to: Some("help@acme.example".into()),
    });
    assert_eq!(field(&raw, "From").as_deref(), Some("\"Acme\" <status@acme.example>"));
    assert_eq!(field(&raw, "Reply-To").as_deref(), Some("<help@acme.example>"));
    for name in ["Message-ID", "References", "List-Id"] {
        assert!(field(&raw, name).unwrap().ends_with("mail.example.com>"), "{name}");
    }
    assert_eq!(raw.matches("acme.example").count(), 2);
    let names = fields(&raw).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names[..4], ["From", "To", "Reply-To", "Subject"]);
}

#[test]
fn a_page_that_verified_nothing_mails_from_our_domain_and_names_nobody_to_answer() {
    let raw = from(Sender::default());
    assert_eq!(field(&raw, "From").as_deref(), Some("\"Acme\" <status@mail.example.com>"));
    assert_eq!(field(&raw, "Reply-To"), None);
}

#[test]
fn an_address_that_no_header_can_carry_counts_as_absent() {
    for bad in [
        "",
        "status",
        "a@b\r\nBcc: eve@example.com",
        "a b@example.com",
        "\"a b\"@example.com",
        "é@example.com",
        "a@b>, <c@d",
    ] {
        let raw = from(Sender { address: Some(bad.into()), reply_to: Some(bad.into()) });
        assert_eq!(field(&raw, "From").as_deref(), Some("\"Acme\" <status@mail.example.com>"), "{bad}");
        assert_eq!(field(&raw, "Reply-To"), None, "{bad}");
    }
}

#[test]
fn only_mails_through_postmark_ask_it_to_keep_their_message_id() {
    for through_postmark in [false, true] {
        let composer = Composer::new(Addresses { through_postmark, ..addresses() });
        let (page, content) = (page("Acme"), Content::IncidentUpdate(update("t", "b")));
        let template = composer.template(&page, &content, Locale::En, &page.time_zone, event_id(), date());
        let mut raw = Vec::new();
        template.splice(&ANA, &mut raw).unwrap();
        let raw = String::from_utf8(raw).unwrap();
        assert_eq!(field(&raw, "X-PM-KeepID").as_deref(), through_postmark.then_some("true"));
    }
}
