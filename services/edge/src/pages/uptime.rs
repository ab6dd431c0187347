//! The uptime of a page's components, month by month.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use jiff::{ToSpan as _, civil::Date};
use proto::{
    common::v1::Month,
    incidents::v1::{GetUptimeRequest, GetUptimeResponse, get_uptime_request},
};
use serde::Deserialize;

use super::{
    answer::{Frame, Refused},
    document::Document,
    maker::Maker,
    reader::{Reader, Segments},
    slug::Slug,
    snapshots::{Made, Snapshots},
};
use crate::{
    formats::Source,
    peers::{Fault, Peers, ask, request},
    view::{Meta, PageHead, UptimeView},
};

/// So many months are shown at once.
const MONTHS: i32 = 3;
/// The first month that the contract knows (`pharos.common.v1.Month`).
const FIRST_MONTH: Date = Date::constant(2000, 1, 1);

#[derive(Template)]
#[template(path = "uptime.html")]
struct Shown {
    frame: Frame,
    meta: Meta,
    head: Arc<PageHead>,
    uptime: UptimeView,
    /// The month before which older ones are, as in the address; nothing at the end.
    older: Option<String>,
    /// Whether the current month is among these.
    is_newest: bool,
}

/// Which months to show: those before this one.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Place {
    before: Option<String>,
}

/// `GET /p/{slug}/uptime?before=YYYY-MM`
pub(super) async fn show(
    State(snapshots): State<Snapshots>,
    Segments(slug): Segments<Slug>,
    place: Result<Query<Place>, QueryRejection>,
    reader: Reader,
) -> Result<Response, Refused> {
    let Query(Place { before }) = place.map_err(|_| reader.refuse(Fault::NotFound))?;
    reader.show(&snapshots, &slug, &Document::Uptime { before }).await
}

pub(super) async fn months(
    maker: &Maker,
    source: Arc<Source>,
    before: Option<String>,
) -> Result<Made, Fault> {
    let current = source.head.zone.day_of(source.now).first_of_month();
    let chosen = chosen(before.as_deref(), current).ok_or(Fault::NotFound)?;
    // begun together, answered in their order
    let calls = chosen.iter().map(|first| {
        let (peers, page_id, first) = (maker.peers.clone(), source.page.page_id.clone(), *first);
        tokio::spawn(async move { month(&peers, page_id, first).await })
    });
    let mut told = Vec::new();
    for (call, first) in calls.collect::<Vec<_>>().into_iter().zip(&chosen) {
        told.push((*first, call.await.map_err(|_| Fault::Away)??));
    }
    maker
        .page(source, move |frame, source| {
            let head = Arc::clone(&source.head);
            Some(Shown {
                frame,
                meta: source.place().uptime(before.as_deref()),
                uptime: head.uptime(&told),
                head,
                older: chosen.first().filter(|first| **first > FIRST_MONTH).map(|first| named(*first)),
                is_newest: chosen.contains(&current),
            })
        })
        .await
}

async fn month(peers: &Peers, page_id: String, first: Date) -> Result<GetUptimeResponse, Fault> {
    let month = Month { year: first.year().into(), month: first.month().into() };
    let asked = GetUptimeRequest {
        page_id,
        range: Some(get_uptime_request::Range::Month(month)),
        ..GetUptimeRequest::default()
    };
    Ok(ask(peers.status().get_uptime(request(asked))).await?)
}

/// The first days of the months to show, oldest first; nothing if there are none such.
fn chosen(before: Option<&str>, current: Date) -> Option<Vec<Date>> {
    let after = current.checked_add(1.month()).ok()?;
    let before = match before {
        None => after,
        Some(text) => parsed(text).filter(|before| FIRST_MONTH < *before && *before <= after)?,
    };
    let months = (1..=MONTHS).rev().filter_map(|n| before.checked_sub(n.months()).ok());
    Some(months.filter(|first| *first >= FIRST_MONTH).collect())
}

/// The first day of a month, from `YYYY-MM`.
fn parsed(text: &str) -> Option<Date> {
    let (year, month) = text.split_once('-').filter(|(year, month)| year.len() == 4 && month.len() == 2)?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(year) || !digits(month) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()
}

fn named(first: Date) -> String {
    format!("{:04}-{:02}", first.year(), first.month())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_months_before_the_one_asked_for_are_shown_and_never_a_future_one() {
        let current = Date::constant(2026, 2, 1);
        let told = |before| {
            let chosen = chosen(before, current)?;
            Some(chosen.into_iter().map(named).collect::<Vec<_>>().join(" "))
        };
        for (before, months) in [
            (None, Some("2025-12 2026-01 2026-02")),
            (Some("2026-03"), Some("2025-12 2026-01 2026-02")),
            (Some("2025-12"), Some("2025-09 2025-10 2025-11")),
            (Some("2000-03"), Some("2000-01 2000-02")),
            (Some("2000-01"), None),
            (Some("2026-04"), None),
            (Some("9999-12"), None),
        ] {
            assert_eq!(told(before).as_deref(), months, "{before:?}");
        }
    }

    #[test]
    fn a_month_is_written_in_one_way() {
        for bad in [
            "",
            "2026",
            "2026-1",
            "2026-13",
            "2026-00",
            "26-01",
            "2026-01-01",
            "+026-01",
            "2026-+1",
            "2026/01",
        ] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
        assert_eq!(parsed("2026-01"), Some(Date::constant(2026, 1, 1)));
    }
}
