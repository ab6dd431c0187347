use jiff::Timestamp;
use proto::{
    Validate as _,
    incidents::v1::Phase::{self, Identified, Investigating, Monitoring, Resolved},
};

use super::{Timeline, TimelineError};

const README: &str = include_str!("../../../../../timelines/README.md");
const KIWIFY: &str = include_str!("../../../../../timelines/kiwify.yaml");
const BLIP: &str = include_str!("../../../../../timelines/blip.yaml");
const VTEX: &str = include_str!("../../../../../timelines/vtex.yaml");
const KINESCOPE: &str = include_str!("../../../../../timelines/kinescope.yaml");
const GITKRAKEN: &str = include_str!("../../../../../timelines/gitkraken.yaml");

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

#[track_caller]
fn holds(
    text: &str,
    slug: &str,
    locale: &str,
    zone: &str,
    phases: &[Phase],
    first: &str,
    last: &str,
) -> Timeline {
    let timeline = Timeline::parse(text).unwrap_or_else(|error| panic!("{slug}: {error}"));
    let page = &timeline.page;
    assert_eq!((&*page.slug, &*page.locale, &*page.time_zone), (slug, locale, zone));
    let posts = &timeline.incident.posts;
    assert_eq!(posts.iter().map(|post| post.phase).collect::<Vec<_>>(), phases);
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    assert_eq!(posts.first().unwrap().at.timestamp(), at(first));
    assert_eq!(posts.last().unwrap().at.timestamp(), at(last));
    assert!((3..=8).contains(&timeline.subscribers.len()));
    assert!(
        timeline.subscribers.iter().any(|it| it.locale.as_ref().is_some_and(|locale| *locale != page.locale))
    );
    for domain in timeline.subscribers.iter().map(|it| it.email.rsplit_once('@').unwrap().1) {
        let reserved = ["example.com", "example.org", "example.net"];
        assert!(reserved.iter().any(|it| domain == *it || domain.ends_with(&format!(".{it}"))), "{domain}");
    }
    timeline
}

fn count(timeline: &Timeline, part: &str) -> usize {
    timeline.not_yet_sayable().iter().filter(|sentence| sentence.contains(part)).count()
}

#[test]
fn kiwify_is_told_after_the_fact_in_portuguese_with_a_postmortem_a_day_later() {
    let (at, zone) = ("2025-01-23T07:20:00Z", "America/Sao_Paulo");
    let timeline = holds(KIWIFY, "kiwify", "pt-BR", zone, &[Resolved], at, at);
    assert_eq!(
        timeline.not_yet_sayable(),
        [
            "The incident hurt customers from 2025-01-23T04:20:00-03:00 to 2025-01-23T11:50:00-03:00.".to_owned(),
            "Pagamentos had the status major outage from 2025-01-23T04:20:00-03:00 to 2025-01-23T10:40:00-03:00."
                .to_owned(),
            "Dashboard had the status major outage from 2025-01-23T04:20:00-03:00 to 2025-01-23T11:50:00-03:00."
                .to_owned(),
            format!(
                "A postmortem of {} characters was published at 2025-01-24T11:11:00-03:00.",
                timeline.incident.postmortem.as_ref().unwrap().body.chars().count()
            ),
        ]
    );
}

#[test]
fn blip_has_eight_posts_of_which_five_promise_the_next() {
    let phases = [
        Investigating,
        Investigating,
        Investigating,
        Investigating,
        Identified,
        Identified,
        Monitoring,
        Resolved,
    ];
    let zone = "America/Sao_Paulo";
    let timeline = holds(BLIP, "blip", "en", zone, &phases, "2023-02-01T14:23:00Z", "2023-02-01T20:10:00Z");
    let minutes: Vec<_> = timeline
        .incident
        .posts
        .iter()
        .filter_map(|post| {
            Some(post.next_update_at?.timestamp().duration_since(post.at.timestamp()).as_mins())
        })
        .collect();
    assert_eq!(minutes, [15, 15, 15, 30, 30]);
    assert_eq!(count(&timeline, "promises the next update until"), 5);
    assert_eq!(timeline.not_yet_sayable().len(), 6, "and the span");
    let grouped = timeline.components.iter().map(|it| (it.name.as_str(), it.group.as_deref()));
    assert!(grouped.eq([
        ("CRM", Some("Blip Platform")),
        ("Analytics", Some("Blip Platform")),
        ("Desk", None)
    ]));
}

#[test]
fn vtex_has_thirteen_posts_in_eight_hours_and_affects_no_component() {
    let mut phases = vec![Investigating];
    phases.extend([Identified; 9]);
    phases.extend([Monitoring, Monitoring, Resolved]);
    let timeline = holds(VTEX, "vtex", "en", "UTC", &phases, "2023-07-13T15:09:00Z", "2023-07-13T23:26:00Z");
    assert!(timeline.incident.posts.iter().all(|post| post.affected.is_empty()));
    assert_eq!(
        timeline.not_yet_sayable(),
        ["The incident hurt customers from 2023-07-13T15:02:00+00:00 to 2023-07-13T23:20:00+00:00."]
    );
}

#[test]
fn kinescope_tells_in_english_on_a_portuguese_page_with_two_vendors() {
    let phases = [Investigating, Resolved];
    let (first, last) = ("2025-11-18T08:05:00Z", "2025-11-18T09:40:00Z");
    let timeline = holds(KINESCOPE, "kinescope", "pt-BR", "Europe/Moscow", &phases, first, last);
    assert_eq!(timeline.components.iter().filter(|it| it.vendor.is_none()).count(), 10);
    assert_eq!(count(&timeline, "The incident's texts are in en on a page in pt-BR."), 1);
    assert_eq!(count(&timeline, "third-party component that follows Hosted Websites of Webflow."), 1);
    assert_eq!(
        count(&timeline, "third-party component that follows Email Services → Outbound Delivery of Mailgun."),
        1
    );
    assert_eq!(count(&timeline, "API was up 100 % of 2025-09, 100 % of 2025-10, 99.78 % of 2025-11."), 1);
    assert_eq!(count(&timeline, " was up "), 10);
    assert_eq!(count(&timeline, "A postmortem of "), 1);
    assert_eq!(timeline.not_yet_sayable().len(), 14);
}

#[test]
fn gitkraken_has_one_post_at_the_end_of_its_span_and_a_long_postmortem() {
    let (at, zone) = ("2023-09-20T18:43:00Z", "America/New_York");
    let timeline = holds(GITKRAKEN, "gitkraken", "en", zone, &[Resolved], at, at);
    let incident = &timeline.incident;
    assert_eq!(incident.impact_started_at.unwrap().to_string(), "2023-09-20T05:00:00-04:00");
    assert_eq!(incident.impact_ended_at, Some(incident.posts[0].at));
    assert!(incident.postmortem.as_ref().unwrap().body.len() > 1500);
    assert_eq!(timeline.not_yet_sayable().len(), 2);
}

#[test]
fn the_requests_of_a_timeline_keep_the_contracts_and_its_order() {
    const ID: &str = "00000000000000000000000001";
    for text in [KIWIFY, BLIP, VTEX, KINESCOPE, GITKRAKEN, example()] {
        let timeline = Timeline::parse(text).unwrap();
        let page_id = format!("page_{ID}");
        let component_id = |_: &str| format!("cmp_{ID}");
        assert_eq!(timeline.page.create_request().violations(), []);
        let groups = timeline.group_requests(&page_id);
        assert!(groups.iter().all(|it| it.violations().is_empty()));
        assert!(groups.is_sorted_by_key(|it| it.position));
        let components = timeline.component_requests(&page_id, |_| format!("grp_{ID}"));
        assert!(components.iter().all(|it| it.violations().is_empty()));
        assert!(components.iter().zip(0..).all(|(it, index)| it.position == index));
        assert!(timeline.subscribers.iter().all(|it| it.subscribe_request(&page_id).violations().is_empty()));
        let (opening, later) = timeline.incident.posts.split_first().unwrap();
        let opening = opening.create_request(&page_id, &timeline.incident.title, component_id);
        assert_eq!(opening.violations(), []);
        for post in later {
            let update = post.update_request(&format!("inc_{ID}"), component_id);
            assert_eq!(update.violations(), []);
            assert_eq!(update.displayed_at.unwrap().seconds, post.at.timestamp().as_second());
        }
    }
}

#[test]
fn an_unknown_or_repeated_or_missing_key_is_refused_by_name_and_line() {
    malformed("company: Acme", "company: Acme\ncolour: red", &["colour", "line 2"]);
    malformed("      phase: resolved", "      phase: resolved\n      silnet: true", &["silnet", "line 34"]);
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
    malformed("  - name: Mail", "  - name: Mail\n    uptime: [{month: 2025-13, percent: 1}]", &["2025-13"]);
}

#[test]
fn the_page_and_the_company_keep_the_contracts_limits() {
    refused("slug: acme", "slug: ac", "page.slug", "must have at least 3 characters, but has 2");
    assert!(changed("slug: acme", "slug: Acme").is_err());
    refused("company: Acme", "company: ''", "company", "must not be empty");
    refused("locale: en", "locale: fr", "page.locale", "must be one of: en, pt-BR");
    refused("    locale: pt-BR", "    locale: pt", "subscribers[1].locale", "must be one of: en, pt-BR");
    refused(
        "title: Payments",
        "language: fr\n  title: Payments",
        "incident.language",
        "must be one of: en, pt-BR",
    );
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
fn there_is_a_post_and_every_text_has_1_to_25000_characters() {
    let (before, _) = example().split_once("  posts:").unwrap();
    let Err(error) = Timeline::parse(&format!("{before}  posts: []\n")) else { panic!("no posts") };
    assert_eq!(error.to_string(), "incident.posts: must have at least one post");

    let body = "body: Some payments fail. We are looking into it.";
    refused(body, "body: ''", "incident.posts[0].body", "must not be empty");
    let long = format!("body: {}", "ã".repeat(25_001));
    let message = "must have at most 25000 characters, but has 25001";
    refused(body, &long, "incident.posts[0].body", message);
    assert!(changed(body, &format!("body: {}", "ã".repeat(25_000))).is_ok());
    refused("body: A certificate had run out.", &long, "incident.postmortem.body", message);
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
    let found = super::check::violations(&timeline);
    assert!(found.iter().any(|it| it.field == "incident.posts" && it.description.ends_with("but has 501")));
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
fn uptime_is_a_part_of_a_hundred_and_said_once_a_month() {
    let with = |uptime: &str| format!("  - name: Mail\n    uptime: [{uptime}]");
    let percent = with("{month: 2025-09, percent: 100.1}");
    refused("  - name: Mail", &percent, "components[1].uptime[0].percent", "must be from 0 to 100");
    let twice = with("{month: 2025-09, percent: 99}, {month: 2025-09, percent: 98}");
    refused("  - name: Mail", &twice, "components[1].uptime[1].month", "`2025-09-01` is there already");
}

#[test]
fn every_field_that_cannot_be_is_named_at_once() {
    let text = example().replace("slug: acme", "slug: a").replace("name: Mail", "name: ''");
    let lines = Timeline::parse(&text).unwrap_err().to_string();
    let expected =
        "page.slug: must have at least 3 characters, but has 1\ncomponents[1].name: must not be empty";
    assert_eq!(lines, expected);
}
