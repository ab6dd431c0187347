//! The five that happened, and the requests that tell them.

use jiff::Timestamp;
use proto::{
    Validate as _,
    incidents::v1::{
        ComponentStatus,
        Phase::{self, Identified, Investigating, Monitoring, Resolved},
        VendorFormat,
    },
};

use super::{super::Timeline, example};

const KIWIFY: &str = include_str!("../../../../../../timelines/kiwify.yaml");
const BLIP: &str = include_str!("../../../../../../timelines/blip.yaml");
const VTEX: &str = include_str!("../../../../../../timelines/vtex.yaml");
const KINESCOPE: &str = include_str!("../../../../../../timelines/kinescope.yaml");
const GITKRAKEN: &str = include_str!("../../../../../../timelines/gitkraken.yaml");

const PAGE_ID: &str = "page_00000000000000000000000001";
const GROUP_ID: &str = "grp_00000000000000000000000001";
const COMPONENT_ID: &str = "cmp_00000000000000000000000001";
const VENDOR_ID: &str = "ven_00000000000000000000000001";
const INCIDENT_ID: &str = "inc_00000000000000000000000001";

/// The second since 1970 that the text names.
fn second(at: &str) -> i64 {
    at.parse::<Timestamp>().unwrap().as_second()
}

#[track_caller]
fn holds(
    text: &str,
    slug: &str,
    locale: &str,
    zone: &str,
    phases: &[Phase],
    span: Option<(&str, &str)>,
) -> Timeline {
    let timeline = Timeline::parse(text).unwrap_or_else(|error| panic!("{slug}: {error}"));
    let page = &timeline.page;
    assert_eq!((&*page.slug, &*page.locale, &*page.time_zone), (slug, locale, zone));
    let posts = &timeline.incident.posts;
    assert_eq!(posts.iter().map(|post| post.phase).collect::<Vec<_>>(), phases);
    let told =
        posts.first().zip(posts.last()).map(|(first, last)| (first.at.timestamp(), last.at.timestamp()));
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    assert_eq!(told, span.map(|(first, last)| (at(first), at(last))));
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

#[test]
fn kiwify_is_told_after_the_fact_in_portuguese_with_a_postmortem_a_day_later() {
    let (at, zone) = ("2025-01-23T07:20:00Z", "America/Sao_Paulo");
    let timeline = holds(KIWIFY, "kiwify", "pt-BR", zone, &[Resolved], Some((at, at)));
    let request = timeline.incident.create_request(PAGE_ID, |name| name.to_owned());
    assert!(request.backfilled && request.notify == Some(true));
    assert_eq!(request.impact_started_at.map(|at| at.seconds), Some(second("2025-01-23T07:20:00Z")));
    assert_eq!(request.impact_ended_at.map(|at| at.seconds), Some(second("2025-01-23T14:50:00Z")));
    let impacts: Vec<_> = request
        .component_impacts
        .iter()
        .map(|it| {
            (
                it.component_id.as_str(),
                it.status(),
                it.started_at.unwrap().seconds,
                it.ended_at.unwrap().seconds,
            )
        })
        .collect();
    let down = ComponentStatus::MajorOutage;
    assert_eq!(
        impacts,
        [
            ("Pagamentos", down, second("2025-01-23T07:20:00Z"), second("2025-01-23T13:40:00Z")),
            ("Dashboard", down, second("2025-01-23T07:20:00Z"), second("2025-01-23T14:50:00Z")),
        ]
    );
    let postmortem = timeline.incident.postmortem.unwrap();
    assert_eq!(postmortem.write_request(INCIDENT_ID).body, postmortem.body);
    let publish = postmortem.publish_request(INCIDENT_ID);
    assert_eq!(publish.displayed_at.map(|at| at.seconds), Some(second("2025-01-24T14:11:00Z")));
    assert!(!publish.notify);
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
    let span = Some(("2023-02-01T14:23:00Z", "2023-02-01T20:10:00Z"));
    let timeline = holds(BLIP, "blip", "en", zone, &phases, span);
    let minutes: Vec<_> = timeline
        .incident
        .posts
        .iter()
        .filter_map(|post| {
            Some(post.next_update_at?.timestamp().duration_since(post.at.timestamp()).as_mins())
        })
        .collect();
    assert_eq!(minutes, [15, 15, 15, 30, 30]);
    let promise =
        timeline.incident.posts[1].update_request(INCIDENT_ID, |name| name.to_owned()).next_update_at;
    assert_eq!(promise.map(|at| at.seconds), Some(second("2023-02-01T16:27:00Z")));
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
    let span = Some(("2023-07-13T15:09:00Z", "2023-07-13T23:26:00Z"));
    let timeline = holds(VTEX, "vtex", "en", "UTC", &phases, span);
    assert!(timeline.incident.posts.iter().all(|post| post.affected.is_empty()));
    let request = timeline.incident.create_request(PAGE_ID, |name| name.to_owned());
    assert_eq!(request.impact_started_at.map(|at| at.seconds), Some(second("2023-07-13T15:02:00Z")));
    assert_eq!(request.impact_ended_at.map(|at| at.seconds), Some(second("2023-07-13T23:20:00Z")));
}

#[test]
fn kinescope_tells_in_english_on_a_portuguese_page_with_two_vendors() {
    let phases = [Investigating, Resolved];
    let (first, last) = ("2025-11-18T08:05:00Z", "2025-11-18T09:40:00Z");
    let timeline = holds(KINESCOPE, "kinescope", "pt-BR", "Europe/Moscow", &phases, Some((first, last)));
    assert_eq!(timeline.components.iter().filter(|it| it.vendor.is_none()).count(), 10);
    assert_eq!(timeline.incident.create_request(PAGE_ID, |name| name.to_owned()).language, "en");
    let vendors: Vec<_> = timeline
        .vendor_requests(PAGE_ID)
        .into_iter()
        .map(|it| (it.name.clone(), it.url.clone(), it.format()))
        .collect();
    let vendor = |name: &str, url: &str| (name.to_owned(), url.to_owned(), VendorFormat::Statuspage);
    assert_eq!(
        vendors,
        [vendor("Webflow", "https://status.webflow.com"), vendor("Mailgun", "https://status.mailgun.com")]
    );
    let followed: Vec<_> = timeline
        .component_requests(PAGE_ID, |name| name.to_owned(), |name| name.to_owned())
        .into_iter()
        .filter_map(|it| it.third_party.map(|followed| (followed.vendor_id, followed.vendor_component)))
        .collect();
    let follows = |vendor: &str, component: &str| (vendor.to_owned(), component.to_owned());
    assert_eq!(followed, [follows("Webflow", "Hosted Websites"), follows("Mailgun", "Outbound Delivery")]);
}

#[test]
fn gitkraken_is_a_title_a_span_and_a_long_report_and_no_posts() {
    let timeline = holds(GITKRAKEN, "gitkraken", "en", "America/New_York", &[], None);
    let request = timeline.incident.create_request(PAGE_ID, |name| name.to_owned());
    assert_eq!((request.phase(), request.body.as_str(), request.notify), (Phase::Unspecified, "", None));
    assert_eq!(request.impact_started_at.map(|at| at.seconds), Some(second("2023-09-20T09:00:00Z")));
    assert_eq!(request.impact_ended_at.map(|at| at.seconds), Some(second("2023-09-20T18:43:00Z")));
    assert!(timeline.incident.postmortem.unwrap().body.len() > 1500);
}

#[test]
fn the_requests_of_a_timeline_keep_the_contracts_and_its_order() {
    for text in [KIWIFY, BLIP, VTEX, KINESCOPE, GITKRAKEN, example()] {
        let timeline = Timeline::parse(text).unwrap();
        let component_id = |_: &str| COMPONENT_ID.to_owned();
        assert_eq!(timeline.page.create_request().violations(), []);
        let groups = timeline.group_requests(PAGE_ID);
        assert!(groups.iter().all(|it| it.violations().is_empty()));
        assert!(groups.is_sorted_by_key(|it| it.position));
        assert!(timeline.vendor_requests(PAGE_ID).iter().all(|it| it.violations().is_empty()));
        let components =
            timeline.component_requests(PAGE_ID, |_| GROUP_ID.to_owned(), |_| VENDOR_ID.to_owned());
        assert!(components.iter().all(|it| it.violations().is_empty()));
        assert!(components.iter().zip(0..).all(|(it, index)| it.position == index));
        assert!(timeline.subscribers.iter().all(|it| it.subscribe_request(PAGE_ID).violations().is_empty()));
        for component in &timeline.components {
            let outages = timeline.downtime_requests(component, COMPONENT_ID);
            assert!(outages.iter().all(|it| it.violations().is_empty()));
        }
        let opening = timeline.incident.create_request(PAGE_ID, component_id);
        assert_eq!(opening.violations(), []);
        let first = timeline.incident.posts.first();
        assert_eq!(opening.displayed_at.map(|at| at.seconds), first.map(|it| it.at.timestamp().as_second()));
        for post in timeline.incident.posts.iter().skip(1) {
            let update = post.update_request(INCIDENT_ID, component_id);
            assert_eq!(update.violations(), []);
            assert_eq!(update.displayed_at.unwrap().seconds, post.at.timestamp().as_second());
        }
        if let Some(postmortem) = &timeline.incident.postmortem {
            assert_eq!(postmortem.write_request(INCIDENT_ID).violations(), []);
            assert_eq!(postmortem.publish_request(INCIDENT_ID).violations(), []);
        }
    }
}
