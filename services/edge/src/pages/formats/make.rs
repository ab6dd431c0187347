//! Making documents: what is asked for each, and what is made of the answers.

use std::{collections::HashSet, sync::Arc};

use http::HeaderValue;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use kit::{paging::Cursor, time::EARLIEST};
use proto::incidents::v1::{
    ListHistoryRequest, ListHistoryResponse, Maintenance, StatusServiceListIncidentsRequest,
    StatusServiceListIncidentsResponse, StatusServiceListMaintenancesRequest,
    StatusServiceListMaintenancesResponse,
};
use serde::Serialize;
use uuid::Uuid;

use super::{Format, JSON, Place};
use crate::{
    formats::{
        Source, badge, compat,
        feeds::{self, Story},
        glance,
    },
    pages::{
        maker::Maker,
        snapshots::{Kind, Made},
    },
    peers::{Fault, ask, request},
};

/// Months of one lot of `/history.json`.
const MONTHS: i32 = 3;
/// A lot with more than so many hundred stories ends before its time.
const LONGEST_LOT: usize = 10;
/// Nothing happened so many months ago.
const LONG_AGO: i32 = 12 * 1000;
/// Behind so many lots by number there are lots by token alone.
const MOST_LOTS: u32 = 20;

/// A document of a page.
pub(in crate::pages) async fn made(
    maker: &Maker,
    source: Arc<Source>,
    format: Format,
    place: Place,
) -> Result<Made, Fault> {
    match format {
        Format::Summary => json_of(maker, source, |source| json(&compat::summary(source))).await,
        Format::Status => json_of(maker, source, |source| json(&compat::status(source))).await,
        Format::Components => json_of(maker, source, |source| json(&compat::components(source))).await,
        Format::Unresolved => json_of(maker, source, |source| json(&compat::unresolved(source))).await,
        Format::Upcoming => json_of(maker, source, |source| json(&compat::upcoming(source))).await,
        Format::Active => json_of(maker, source, |source| json(&compat::active(source))).await,
        Format::Uptime => json_of(maker, source, |source| json(&compat::uptime(source))).await,
        Format::Glance => json_of(maker, source, |source| json(&glance(source))).await,
        Format::Badge => text_of(maker, source, format, badge).await,
        Format::Incidents => {
            let read = |token| incidents(maker, &source, token);
            let lot = lot_at(place, read, |lot| &lot.next_page_token).await?;
            json_of(maker, source, move |source| json(&compat::incidents(source, &lot))).await
        }
        Format::Maintenances => {
            let read = |token| maintenances(maker, &source, token);
            let lot = lot_at(place, read, |lot| &lot.next_page_token).await?;
            json_of(maker, source, move |source| json(&compat::scheduled_maintenances(source, &lot))).await
        }
        Format::History => {
            let lot = history(maker, &source, place).await?;
            json_of(maker, source, move |source| json(&compat::history(source, &lot))).await
        }
        Format::Calendar => {
            let mut lot = maintenances(maker, &source, String::new()).await?;
            add_open_maintenances(&source, &mut lot.maintenances);
            text_of(maker, source, format, move |source| feeds::calendar(source, &lot)).await
        }
        Format::Atom => feed(maker, source, format, feeds::atom).await,
        Format::Rss => feed(maker, source, format, feeds::rss).await,
        Format::Updates => feed(maker, source, format, feeds::updates_atom).await,
        Format::JsonFeed => feed(maker, source, format, feeds::json_feed).await,
    }
}

/// A feed of the page's stories.
async fn feed(
    maker: &Maker,
    source: Arc<Source>,
    format: Format,
    write: impl FnOnce(&Source, &[Story<'_>]) -> String + Send + 'static,
) -> Result<Made, Fault> {
    let (mut incidents, mut maintenances) = tokio::try_join!(
        incidents(maker, &source, String::new()),
        maintenances(maker, &source, String::new())
    )?;
    add_missing(&mut incidents.incidents, &source.front.open_incidents, |each| &each.incident_id);
    add_open_maintenances(&source, &mut maintenances.maintenances);
    let text = move |source: &Source| write(source, &feeds::stories(&incidents, &maintenances));
    text_of(maker, source, format, text).await
}

fn document(content_type: &'static str, bytes: Vec<u8>) -> Made {
    let kind = Kind::Format { content_type: HeaderValue::from_static(content_type) };
    Made { kind, bytes, notice: String::new() }
}

/// Bytes of JSON. Of our types, whose keys are all texts, none fails to be written.
pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

pub(super) async fn json_of(
    maker: &Maker,
    source: Arc<Source>,
    write: impl FnOnce(&Source) -> Vec<u8> + Send + 'static,
) -> Result<Made, Fault> {
    maker.press(&source.head.slug).run(move || document(JSON, write(&source))).await
}

async fn text_of(
    maker: &Maker,
    source: Arc<Source>,
    format: Format,
    write: impl FnOnce(&Source) -> String + Send + 'static,
) -> Result<Made, Fault> {
    maker
        .press(&source.head.slug)
        .run(move || document(format.content_type(), write(&source).into_bytes()))
        .await
}

/// The lot at a place of a list whose lots are read by token; an empty one where there is none.
async fn lot_at<L: Default, F: Future<Output = Result<L, Fault>>>(
    place: Place,
    read: impl Fn(String) -> F,
    next: fn(&L) -> &String,
) -> Result<L, Fault> {
    let mut lot = read(place.page_token).await?;
    for number in 2..=place.page.unwrap_or(1) {
        if next(&lot).is_empty() || number > MOST_LOTS {
            return Ok(L::default());
        }
        lot = read(next(&lot).clone()).await?;
    }
    Ok(lot)
}

/// Puts behind a lot, which has the newest incidents and the maintenances planned for latest, those of the front that it
/// does not have: else what is open for long would be missing, and tonight's maintenance where many are planned for later.
fn add_missing<'a, T: Clone + 'a>(
    lot: &mut Vec<T>,
    front: impl IntoIterator<Item = &'a T>,
    id: fn(&T) -> &String,
) {
    let known = lot.iter().map(|each| id(each).clone()).collect::<HashSet<_>>();
    lot.extend(front.into_iter().filter(|each| !known.contains(id(each))).cloned());
}

fn add_open_maintenances(source: &Source, lot: &mut Vec<Maintenance>) {
    let open = source.front.active_maintenances.iter().chain(&source.front.upcoming_maintenances);
    add_missing(lot, open, |each| &each.maintenance_id);
}

async fn incidents(
    maker: &Maker,
    source: &Source,
    page_token: String,
) -> Result<StatusServiceListIncidentsResponse, Fault> {
    let page_id = source.page.page_id.clone();
    let asked = StatusServiceListIncidentsRequest { page_id, page_size: 0, page_token };
    Ok(ask(maker.peers.status().list_incidents(request(asked))).await?)
}

async fn maintenances(
    maker: &Maker,
    source: &Source,
    page_token: String,
) -> Result<StatusServiceListMaintenancesResponse, Fault> {
    let page_id = source.page.page_id.clone();
    let asked = StatusServiceListMaintenancesRequest { page_id, page_size: 0, page_token };
    Ok(ask(maker.peers.status().list_maintenances(request(asked))).await?)
}

/// Three months of history: those behind a token, or those of the lot with this number, whole unless they hold very
/// much.
async fn history(maker: &Maker, source: &Source, place: Place) -> Result<ListHistoryResponse, Fault> {
    let mut page_token = match place.page {
        Some(page) if page > 1 => token_of(source.now, &source.time_zone, page),
        Some(_) | None => place.page_token,
    };
    let (mut lot, mut left) = (ListHistoryResponse::default(), MONTHS);
    for _ in 0..LONGEST_LOT {
        let asked = ListHistoryRequest { page_id: source.page.page_id.clone(), page_size: left, page_token };
        let more = ask(maker.peers.status().list_history(request(asked))).await?;
        left -= i32::try_from(more.months.len()).unwrap_or(left);
        lot.former_components.extend(more.former_components);
        for month in more.months {
            match lot.months.last_mut() {
                Some(last) if last.month == month.month => last.entries.extend(month.entries),
                Some(_) | None => lot.months.push(month),
            }
        }
        lot.next_page_token.clone_from(&more.next_page_token);
        page_token = more.next_page_token;
        // At the beginning of a month the id is the smallest; else the answer was full in the middle of its last month,
        // which goes on in the next.
        let is_whole = Cursor::parse(&page_token).ok().flatten().is_none_or(|cursor| cursor.id.is_nil());
        if is_whole {
            break;
        }
        left += 1;
    }
    Ok(lot)
}

/// The place in a page's history where the lot of months with this number, from 2 on, begins.
fn token_of(now: Timestamp, zone: &TimeZone, page: u32) -> String {
    let months = i32::try_from(page - 1).unwrap_or(i32::MAX).saturating_mul(MONTHS).min(LONG_AGO);
    let this_month = now.to_zoned(zone.clone()).date().first_of_month();
    // The end of the lot's first month, which is the beginning of the month after it.
    let begins = this_month.checked_sub((months - 1).months());
    let begins = begins.ok().and_then(|day| day.to_zoned(zone.clone()).ok());
    // Earlier than that nothing can have happened, and no list goes on.
    let at = begins.map_or(EARLIEST, |begins| begins.timestamp().max(EARLIEST));
    Cursor { at: at.as_microsecond(), id: Uuid::nil() }.token()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lot_of_months_begins_where_the_one_before_it_ends() {
        let zone = TimeZone::get("America/Sao_Paulo").unwrap();
        let now = "2026-11-21T01:00:00Z".parse().unwrap();
        let begins = |page| {
            let cursor = Cursor::parse(&token_of(now, &zone, page)).unwrap().unwrap();
            assert!(cursor.id.is_nil());
            Timestamp::from_microsecond(cursor.at).unwrap().to_string()
        };
        // November, October and September are the first lot.
        assert_eq!(begins(2), "2026-09-01T03:00:00Z");
        assert_eq!(begins(3), "2026-06-01T03:00:00Z");
        assert_eq!(begins(u32::MAX), EARLIEST.to_string());
    }
}
