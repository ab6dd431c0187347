mod stories;
mod uptime;

use super::{Timeline, TimelineError};

const LANGUAGES: &str = "must be one of: en, pt-BR, es, de, fr, ja";
const README: &str = include_str!("../../../../../../timelines/README.md");

/// The example that the format's description gives.
fn example() -> &'static str {
    let (_, rest) = README.split_once("```yaml\n").unwrap();
    rest.split_once("```").unwrap().0
}

/// The example with one piece of it written otherwise.
fn changed(from: &str, to: &str) -> Result<Timeline, TimelineError> {
    assert_eq!(example().matches(from).count(), 1, "{from:?} must be there once");
    Timeline::parse(&example().replace(from, to))
}

#[track_caller]
fn refused(from: &str, to: &str, field: &str, description: &str) {
    let Err(TimelineError::Facts(violations)) = changed(from, to) else { panic!("{to:?} must be refused") };
    let found: Vec<_> = violations.iter().map(|it| (it.field.as_str(), it.description.as_str())).collect();
    assert_eq!(found, [(field, description)]);
}

#[track_caller]
fn malformed(from: &str, to: &str, parts: &[&str]) {
    let Err(error @ TimelineError::Shape(_)) = changed(from, to) else { panic!("{to:?} must be refused") };
    for part in parts {
        assert!(error.to_string().contains(part), "{part:?} is not in: {error}");
    }
}

#[test]
fn an_unknown_or_repeated_or_missing_key_is_refused_by_name_and_line() {
    malformed("company: Acme", "company: Acme\ncolour: red", &["colour", "line 2"]);
    malformed("      phase: resolved", "      phase: resolved\n      silnet: true", &["silnet", "line 36"]);
    malformed("company: Acme", "company: Acme\ncompany: Acme", &["company", "line 2"]);
    malformed("  slug: acme\n", "", &["slug"]);
}

#[test]
fn a_word_that_is_no_phase_status_time_or_month_is_refused_with_those_that_are() {
    malformed(
        "phase: resolved",
        "phase: solved",
        &["solved", "investigating, identified, monitoring, resolved"],
    );
    malformed("phase: resolved", "phase: Resolved", &["`Resolved` is not one of"]);
    let statuses = "operational, degraded_performance, partial_outage, major_outage";
    malformed("Checkout: partial_outage", "Checkout: slow", &["slow", statuses]);
    for time in ["2026-03-02T10:25:00", "2026-03-02", "2026-03-02T10:25-03:00[America/Sao_Paulo]", "soon"] {
        malformed("2026-03-02T10:25:00-03:00", time, &[time, "RFC 3339"]);
    }
    malformed("Checkout: partial_outage", "Checkout: under_maintenance", &["under_maintenance", statuses]);
    malformed("format: statuspage", "format: rss", &["rss", "statuspage, incident_io, instatus"]);
    malformed("  - name: Mail", "  - name: Mail\n    uptime: [{month: 2025-13, percent: 1}]", &["2025-13"]);
}

#[test]
fn the_page_and_the_company_keep_the_contracts_limits() {
    refused("slug: acme", "slug: ac", "page.slug", "must have at least 3 characters, but has 2");
    assert!(changed("slug: acme", "slug: Acme").is_err());
    refused("company: Acme", "company: ''", "company", "must not be empty");
    refused("locale: en", "locale: it", "page.locale", LANGUAGES);
    refused("    locale: pt-BR", "    locale: pt", "subscribers[1].locale", LANGUAGES);
    let french = changed("title: Payments", "language: fr-CA\n  title: Payments").unwrap();
    assert_eq!(french.incident.language.as_deref(), Some("fr-CA"));
    let Err(TimelineError::Facts(found)) = changed("title: Payments", "language: f\n  title: Payments")
    else {
        panic!("`f` is no language")
    };
    assert_eq!(found.iter().map(|it| it.field.as_str()).collect::<Vec<_>>(), ["incident.language"]);
    let zone = "time_zone: America/Sao_Paulo";
    refused(zone, "time_zone: Brazil/Rio", "page.time_zone", "`Brazil/Rio` is not an IANA time zone");
    let title = format!("title: {}", "t".repeat(201));
    refused(
        "title: Payments fail",
        &title,
        "incident.title",
        "must have at most 200 characters, but has 201",
    );
    let description = format!("description: {}", "d".repeat(501));
    let message = "must have at most 500 characters, but has 501";
    refused("description: Carts and payments", &description, "components[0].description", message);
}

#[test]
fn names_and_addresses_are_given_once() {
    refused("name: Mail", "name: Checkout", "components[1].name", "`Checkout` is there already");
    refused("- Shop", "- Shop\n  - Shop", "groups[1]", "`Shop` is there already");
    let taken = "`ada@example.com` is there already";
    refused("rui@example.org", "ADA@example.com", "subscribers[1].email", taken);
}

#[test]
fn what_is_named_elsewhere_must_exist() {
    refused("Checkout: p", "Chekcout: p", "incident.posts[0].affected", "no component is called `Chekcout`");
    refused("- Shop", "- Shop\n  - Depot", "groups[1]", "no component is in `Depot`");
    refused(
        "    vendor:",
        "    group: Depot\n    vendor:",
        "components[1].group",
        "no group is called `Depot`",
    );
    let impact = "  component_impacts: [{component: X, status: major_outage, \
                  started_at: 2026-03-02T10:00:00-03:00, ended_at: 2026-03-02T10:01:00-03:00}]\n  posts:";
    let field = "incident.component_impacts[0].component";
    refused("  posts:", impact, field, "no component is called `X`");
}

#[test]
fn an_address_is_one_that_could_subscribe() {
    let email = "subscribers[0].email";
    refused("ada@example.com", "ada", email, "must be an e-mail address");
    let long = format!("{}@example.com", "a".repeat(65));
    refused("ada@example.com", &long, email, "must have at most 64 characters before the @");
}

#[test]
fn without_posts_both_ends_of_the_impact_are_there() {
    let (before, rest) = example().split_once("  posts:").unwrap();
    let (_, report) = rest.split_once("  postmortem:").unwrap();
    let without = format!("{before}  postmortem:{report}");
    assert_eq!(Timeline::parse(&without).unwrap().incident.posts, []);

    let open = without.replace("  impact_ended_at: 2026-03-02T10:20:00-03:00\n", "");
    let sentence = "incident.posts: must have at least one post, or else impact_started_at and impact_ended_at must \
                    both be there";
    assert_eq!(Timeline::parse(&open).unwrap_err().to_string(), sentence);

    let hasty = without.replace("2026-03-04T16:00", "2026-03-02T10:10");
    let sentence = "incident.postmortem.at: must be later than incident.impact_ended_at";
    assert_eq!(Timeline::parse(&hasty).unwrap_err().to_string(), sentence);
}

#[test]
fn every_text_has_1_to_25000_characters_and_the_report_100000() {
    let body = "body: Some payments fail. We are looking into it.";
    refused(body, "body: ''", "incident.posts[0].body", "must not be empty");
    let long = format!("body: {}", "ã".repeat(25_001));
    let message = "must have at most 25000 characters, but has 25001";
    refused(body, &long, "incident.posts[0].body", message);
    assert!(changed(body, &format!("body: {}", "ã".repeat(25_000))).is_ok());
    let report = "body: A certificate had run out.";
    assert!(changed(report, &long).is_ok());
    let long = format!("body: {}", "ã".repeat(100_001));
    let message = "must have at most 100000 characters, but has 100001";
    refused(report, &long, "incident.postmortem.body", message);
}

#[test]
fn lists_have_the_contracts_limits() {
    let mut timeline = Timeline::parse(example()).unwrap();
    timeline.groups = (0..201).map(|it| format!("G{it}")).collect();
    let component = timeline.components[0].clone();
    timeline.components = (0..2001)
        .map(|it| super::Component {
            name: format!("C{it}"),
            group: Some(format!("G{}", it % 201)),
            ..component.clone()
        })
        .collect();
    timeline.incident.posts[0].affected.clear();
    let found = super::check::violations(&timeline);
    let found: Vec<_> = found.into_iter().map(|it| format!("{}: {}", it.field, it.description)).collect();
    let expected = [
        "groups: must have at most 200 items, but has 201",
        "components: must have at most 2000 items, but has 2001",
    ];
    assert_eq!(found, expected);

    let mut timeline = Timeline::parse(example()).unwrap();
    let post = timeline.incident.posts[0].clone();
    timeline.incident.posts.extend(std::iter::repeat_n(post, 499));
    let mail = timeline.components[1].clone();
    let vendors = (0..101).map(|it| {
        let vendor = super::Vendor { name: format!("V{it}"), ..mail.vendor.clone().unwrap() };
        super::Component { name: format!("C{it}"), vendor: Some(vendor), ..mail.clone() }
    });
    timeline.components.extend(vendors);
    let found = super::check::violations(&timeline);
    assert!(found.iter().any(|it| it.field == "incident.posts" && it.description.ends_with("but has 501")));
    let message = "must follow at most 100 vendors, but follow 102";
    assert!(found.iter().any(|it| it.field == "components" && it.description == message));
}

#[test]
fn time_goes_forward() {
    let post = "at: 2026-03-02T10:25:00-03:00";
    let later = "must be later than incident.posts[0].at";
    refused(post, "at: 2026-03-02T10:00:00-03:00", "incident.posts[1].at", later);
    let promise = "next_update_at: 2026-03-02T10:30:00-03:00";
    refused(promise, "next_update_at: 2026-03-02T09:00:00-03:00", "incident.posts[0].next_update_at", later);
    let end = "impact_ended_at: 2026-03-02T10:20:00-03:00";
    let message = "must be later than incident.impact_started_at";
    refused(end, "impact_ended_at: 2026-03-02T09:50:00-03:00", "incident.impact_ended_at", message);
    let message = "must be later than incident.posts[1].at";
    refused("2026-03-04T16", "2026-03-01T16", "incident.postmortem.at", message);
    let message = "must not be there before a post says that it is resolved";
    refused("phase: resolved", "phase: monitoring", "incident.postmortem", message);
}

#[test]
fn a_vendor_has_one_address_that_can_be_read() {
    let url = "url: https://status.postino.example";
    let message = "must be an https address without user, query and fragment";
    for bad in [
        "http://status.postino.example",
        "https://",
        "https:///x",
        "https://me@x.example",
        "https://x.example?y",
    ] {
        refused(url, &format!("url: {bad}"), "components[1].vendor.url", message);
    }
    let component = "      component: Outbound";
    refused(component, "      component: ''", "components[1].vendor.component", "must not be empty");
    let with = |format: &str| {
        format!(
            "{component}\n  - name: Post\n    vendor:\n      name: Postino\n      {url}\n      format: {format}\n      \
             component: Inbound"
        )
    };
    let requests = changed(component, &with("statuspage")).unwrap().vendor_requests("page");
    assert_eq!(requests.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["Postino"]);
    let message = "`Postino` has another url or format above";
    refused(component, &with("instatus"), "components[2].vendor", message);
}

#[test]
fn a_component_impact_is_an_impact() {
    let impact = "  component_impacts: [{component: Mail, status: operational, \
                  started_at: 2026-03-02T10:00:00-03:00, ended_at: 2026-03-02T10:01:00-03:00}]\n  posts:";
    let field = "incident.component_impacts[0].status";
    refused("  posts:", impact, field, "must be worse than operational");
}

#[test]
fn a_time_has_the_offset_of_the_pages_zone_and_is_not_before_2000() {
    let message = "has offset -02, but America/Sao_Paulo is at -03 then";
    refused(
        "at: 2026-03-02T10:25:00-03:00",
        "at: 2026-03-02T11:25:00-02:00",
        "incident.posts[1].at",
        message,
    );
    let message = "must not be before 2000-01-01T00:00:00Z";
    refused("2026-03-02T09:50", "1999-03-02T09:50", "incident.impact_started_at", message);
}

#[test]
fn every_field_that_cannot_be_is_named_at_once() {
    let text = example().replace("slug: acme", "slug: a").replace("name: Mail", "name: ''");
    let lines = Timeline::parse(&text).unwrap_err().to_string();
    let expected =
        "page.slug: must have at least 3 characters, but has 1\ncomponents[1].name: must not be empty";
    assert_eq!(lines, expected);
}
