//! How much of a time components and groups were up.

use kit::ids::{ComponentGroupId, ComponentId};
use pharos_tests::{Cluster, PageOf, violated};
use proto::{
    common::v1::{Date, Month},
    incidents::v1::{
        Component, ComponentStatus, CreateComponentRequest, DateRange, DeleteComponentRequest,
        GetUptimeRequest, GetUptimeResponse, GetUptimeWeightsRequest, RetractStatusIntervalRequest,
        UpdateUptimeWeightsRequest, Uptime, UptimeDay, UptimeWeights, get_uptime_request::Range, uptime::Of,
    },
};
use tonic::Status;

fn date(year: i32, month: i32, day: i32) -> Date {
    Date { year, month, day }
}

fn month(year: i32, month: i32) -> Option<Range> {
    Some(Range::Month(Month { year, month }))
}

fn days(first: Date, last: Date) -> Option<Range> {
    Some(Range::Days(DateRange { first: Some(first), last: Some(last) }))
}

async fn uptime(page: &PageOf, range: Option<Range>) -> GetUptimeResponse {
    page.uptime(GetUptimeRequest { range, ..Default::default() }).await.unwrap()
}

async fn set_weights(page: &PageOf, partial: i32, major: i32) -> Result<UptimeWeights, Status> {
    let request = UpdateUptimeWeightsRequest {
        page_id: page.id(),
        partial_outage_percent: partial,
        major_outage_percent: major,
    };
    let reply = page.caller().uptime_settings().update_uptime_weights(request).await?;
    Ok(reply.into_inner().weights.unwrap())
}

fn of(component: &Component) -> Option<Of> {
    Some(Of::ComponentId(component.component_id.clone()))
}

/// What anybody can recompute from the answer alone.
fn recomputed(uptime: &Uptime, weights: &UptimeWeights) -> i64 {
    let (mut partial, mut major) = (0, 0);
    for day in &uptime.days {
        partial += i64::from(day.partial_outage_seconds);
        major += i64::from(day.major_outage_seconds);
    }
    assert_eq!((partial, major), (uptime.partial_outage_seconds, uptime.major_outage_seconds));
    let window = uptime.window_ended_at.unwrap().seconds - uptime.window_started_at.unwrap().seconds;
    assert_eq!(window, uptime.window_seconds);
    let down =
        i64::from(weights.partial_outage_percent) * partial + i64::from(weights.major_outage_percent) * major;
    (10_000 * window - 100 * down).div_euclid(window)
}

#[tokio::test]
async fn ninety_five_minutes_of_november_are_99_78_percent_and_a_correction_takes_them_back() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page_in("acme", "en", "Europe/Amsterdam").await;
    let api = page.component("API").await;
    let outage =
        page.was(&api, ComponentStatus::MajorOutage, "2025-11-18T11:20:00Z", "2025-11-18T12:55:00Z").await;
    // Of two causes at once the worst counts, and only once; degraded and maintained is up.
    page.was(&api, ComponentStatus::PartialOutage, "2025-11-18T11:30:00Z", "2025-11-18T12:00:00Z").await;
    page.was(&api, ComponentStatus::DegradedPerformance, "2025-11-18T10:00:00Z", "2025-11-19T10:00:00Z")
        .await;
    page.was(&api, ComponentStatus::UnderMaintenance, "2025-11-20T10:00:00Z", "2025-11-21T10:00:00Z").await;

    let november = uptime(&page, month(2025, 11)).await;
    assert_eq!(november.time_zone, "Europe/Amsterdam");
    let weights = november.weights.unwrap();
    assert_eq!((weights.partial_outage_percent, weights.major_outage_percent), (30, 100));
    let [api_uptime] = november.uptimes.as_slice() else { panic!("not one uptime: {november:?}") };
    assert_eq!((&api_uptime.of, api_uptime.hundredths_of_percent), (&of(&api), 9_978));
    assert_eq!(api_uptime.window_seconds, 30 * 86_400);
    let day = UptimeDay {
        date: Some(date(2025, 11, 18)),
        partial_outage_seconds: 0,
        major_outage_seconds: 95 * 60,
    };
    assert_eq!(api_uptime.days, [day]);
    assert_eq!(recomputed(api_uptime, &weights), 9_978);

    let request = RetractStatusIntervalRequest { status_interval_id: outage.status_interval_id };
    page.caller().status_history().retract_status_interval(request).await.unwrap();
    let corrected = uptime(&page, month(2025, 11)).await.uptimes.remove(0);
    assert_eq!((corrected.partial_outage_seconds, corrected.major_outage_seconds), (1_800, 0));
    assert_eq!(corrected.hundredths_of_percent, 9_997);
}

#[tokio::test]
async fn a_page_counts_as_its_weights_say_for_its_past_too() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    page.was(&api, ComponentStatus::PartialOutage, "2026-06-10T00:00:00Z", "2026-06-11T00:00:00Z").await;
    let june = async || uptime(&page, month(2026, 6)).await.uptimes.remove(0).hundredths_of_percent;
    assert_eq!(june().await, 9_900);
    let version = page.shown().await.version;
    set_weights(&page, 30, 100).await.unwrap();
    assert_eq!(page.shown().await.version, version, "nothing changed");
    set_weights(&page, 100, 100).await.unwrap();
    assert_eq!(june().await, 9_666);
    set_weights(&page, 0, 100).await.unwrap();
    assert_eq!(june().await, 10_000);
    assert_eq!(violated(&set_weights(&page, 51, 50).await.unwrap_err()), ["major_outage_percent"]);
    assert_eq!(violated(&set_weights(&page, 0, 101).await.unwrap_err()), ["major_outage_percent"]);
    let request = GetUptimeWeightsRequest { page_id: page.id() };
    let kept = page.caller().uptime_settings().get_uptime_weights(request).await.unwrap().into_inner();
    let kept = kept.weights.unwrap();
    assert_eq!((kept.partial_outage_percent, kept.major_outage_percent), (0, 100));
    assert_eq!(page.shown().await.uptime_weights, Some(kept));
}

#[tokio::test]
async fn groups_have_the_mean_of_the_components_that_show_their_uptime() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let (core, empty) =
        (page.group("Core").await.component_group_id, page.group("Empty").await.component_group_id);
    let inside = |name: &str, shows_uptime| CreateComponentRequest {
        name: name.to_owned(),
        component_group_id: Some(core.clone()),
        shows_uptime: Some(shows_uptime),
        ..Default::default()
    };
    let api = page.component_with(inside("API", true)).await;
    let web = page.component_with(inside("Web", true)).await;
    let secret = page.component_with(inside("Secret", false)).await;
    let alone = page.component("Alone").await;
    page.was(&api, ComponentStatus::MajorOutage, "2026-06-10T10:00:00Z", "2026-06-10T10:00:05Z").await;
    page.was(&web, ComponentStatus::MajorOutage, "2026-06-11T10:00:00Z", "2026-06-11T10:00:05Z").await;
    page.was(&secret, ComponentStatus::MajorOutage, "2026-06-01T00:00:00Z", "2026-06-30T00:00:00Z").await;

    let june = uptime(&page, month(2026, 6)).await;
    let core_of = Some(Of::ComponentGroupId(core.clone()));
    let shown = june.uptimes.iter().map(|uptime| uptime.of.clone()).collect::<Vec<_>>();
    assert_eq!(shown, [of(&api), of(&web), of(&alone), core_of.clone()]);
    let seconds = june.uptimes[3].days.iter().map(|day| day.major_outage_seconds).collect::<Vec<_>>();
    assert_eq!(seconds, [2, 2], "5 / 2 of each day");

    // One that is counted only from the second of these days on was not up on the first.
    let start_date = Some(date(2026, 6, 11));
    let late = page.component_with(CreateComponentRequest { start_date, ..inside("Late", true) }).await;
    let now = uptime(&page, month(2026, 6)).await;
    let group = now.uptimes.iter().find(|uptime| uptime.of == core_of).unwrap();
    let seconds = group.days.iter().map(|day| day.major_outage_seconds).collect::<Vec<_>>();
    assert_eq!(seconds, [2, 1], "5 / 2 and 5 / 3");
    let request = DeleteComponentRequest { component_id: late.component_id, ..Default::default() };
    page.caller().components().delete_component(request).await.unwrap();

    // In the order asked for.
    let asked = |components: &[&Component], groups: &[&String]| GetUptimeRequest {
        component_ids: components.iter().map(|component| component.component_id.clone()).collect(),
        component_group_ids: groups.iter().map(|group| (*group).clone()).collect(),
        range: month(2026, 6),
        ..Default::default()
    };
    let some = page.uptime(asked(&[&alone, &api], &[&core])).await.unwrap();
    let order = some.uptimes.iter().map(|uptime| uptime.of.clone()).collect::<Vec<_>>();
    assert_eq!(order, [of(&alone), of(&api), core_of]);
    assert_eq!(some.uptimes[2], june.uptimes[3], "of all its components, whoever else is asked for");
    let mut request = asked(&[&api, &secret], &[&empty, &core]);
    request.component_ids.push(ComponentId::from_uuid(uuid::Uuid::now_v7()).to_string());
    request.component_group_ids.push(ComponentGroupId::from_uuid(uuid::Uuid::now_v7()).to_string());
    let refused = page.uptime(request).await.unwrap_err();
    let expected =
        ["component_ids[1]", "component_ids[2]", "component_group_ids[0]", "component_group_ids[2]"];
    assert_eq!(violated(&refused), expected);
}

#[tokio::test]
async fn the_front_of_a_page_shows_the_uptime_of_ninety_days_up_to_now() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    let young = page
        .component_with(CreateComponentRequest {
            name: "Young".to_owned(),
            start_date: Some(date(2099, 1, 1)),
            ..Default::default()
        })
        .await;
    page.incident("Down", &[(&api, ComponentStatus::MajorOutage)]).await;
    let asked = uptime(&page, None).await;
    let shown = page.shown().await;
    let ids = |uptimes: &[Uptime]| uptimes.iter().map(|uptime| uptime.of.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&shown.uptimes), [of(&api), of(&young)]);
    assert_eq!(ids(&asked.uptimes), ids(&shown.uptimes));
    let uptime = &shown.uptimes[0];
    assert!((89 * 86_400..=90 * 86_400).contains(&uptime.window_seconds), "{}", uptime.window_seconds);
    assert!(uptime.window_ended_at.unwrap().seconds <= shown.generated_at.unwrap().seconds);
    assert_eq!(recomputed(uptime, &shown.uptime_weights.unwrap()), i64::from(uptime.hundredths_of_percent));
    let not_begun = &shown.uptimes[1];
    assert_eq!((not_begun.window_seconds, not_begun.hundredths_of_percent), (0, 10_000));
}

#[tokio::test]
async fn days_are_those_of_the_pages_zone_and_of_a_past_that_there_was() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page_in("acme", "pt-BR", "America/Sao_Paulo").await;
    let api = page.component("API").await;
    // 23:30 to 01:30 at home, over the midnight that was left out.
    page.was(&api, ComponentStatus::MajorOutage, "2018-11-04T02:30:00Z", "2018-11-04T03:30:00Z").await;
    let night = uptime(&page, days(date(2018, 11, 3), date(2018, 11, 4))).await.uptimes.remove(0);
    assert_eq!(night.window_seconds, 47 * 3_600);
    let seconds = night.days.iter().map(|day| (day.date.unwrap().day, day.major_outage_seconds));
    assert_eq!(seconds.collect::<Vec<_>>(), [(3, 1_800), (4, 1_800)]);

    let year = days(date(2023, 6, 1), date(2024, 5, 31));
    assert_eq!(uptime(&page, year).await.uptimes[0].window_seconds, 366 * 86_400);
    for (bad, field) in [
        (days(date(2023, 6, 1), date(2024, 6, 1)), "days"),
        (days(date(2024, 2, 29), date(2024, 2, 28)), "days.last"),
        (days(date(2024, 2, 29), date(2098, 2, 28)), "days.last"),
        (days(date(2023, 2, 29), date(2023, 3, 1)), "days.first"),
        (Some(Range::Days(DateRange { first: None, last: Some(date(2023, 3, 1)) })), "days.first"),
        (month(2098, 1), "month"),
        (month(1999, 12), "month.year"),
        (month(2024, 13), "month.month"),
    ] {
        let refused = page.uptime(GetUptimeRequest { range: bad, ..Default::default() }).await.unwrap_err();
        assert_eq!(violated(&refused), [field]);
    }
}
