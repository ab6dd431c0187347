//! `StatusService.GetUptime`

use std::collections::HashMap;

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use kit::{
    ids::{ComponentGroupId, ComponentId, PageId, TenantId},
    time::to_wire,
};
use proto::{
    Violation,
    incidents::v1::{self as wire, GetUptimeRequest, GetUptimeResponse, get_uptime_request::Range, uptime},
};
use sqlx::PgConnection;

use crate::{
    domain::{Component, ComponentGroup, Uptime, Weights, Window},
    error::Error,
    pages::Key,
    rpc::{Rpc, convert, read},
    store::{self, component_groups, components},
};

/// How many days are counted if the request does not say which, from the contract.
const DAYS: i32 = 90;
/// How many days a request may ask for, from the contract.
const MOST_DAYS: i32 = 366;

/// Whole days, the first and the last.
type Days = (Date, Date);

/// A component with the first day that it is counted from.
type Counted = (ComponentId, Option<Date>);

/// Of what and when an uptime is asked for.
#[derive(Debug)]
pub(super) struct Of {
    /// None for today and the 89 days before it.
    days: Option<Days>,
    components: Vec<Counted>,
    groups: Vec<(ComponentGroupId, Vec<Counted>)>,
}

impl Of {
    /// Of all that show their uptime, in the order in which they are shown: today and the 89 days before it.
    pub(super) fn shown(components: &[Component], groups: &[ComponentGroup]) -> Self {
        let showing = components.iter().filter(|component| component.settings.shows_uptime);
        let counted =
            showing.clone().map(|component| (component.component_id, component.settings.start_date));
        let mut by_group = HashMap::<_, Vec<_>>::new();
        for component in showing {
            let counted = (component.component_id, component.settings.start_date);
            by_group.entry(component.settings.component_group_id).or_default().push(counted);
        }
        let groups = groups.iter().map(|group| group.component_group_id);
        Self {
            days: None,
            components: counted.collect(),
            groups: groups.filter_map(|group| Some((group, by_group.remove(&Some(group))?))).collect(),
        }
    }

    /// Of these components and groups only, in this order; of all if none is named.
    fn only(self, components: &[ComponentId], groups: &[ComponentGroupId]) -> Result<Self, Error> {
        if components.is_empty() && groups.is_empty() {
            return Ok(self);
        }
        let shown_components = self.components.into_iter().collect::<HashMap<_, _>>();
        let shown_groups = self.groups.into_iter().collect::<HashMap<_, _>>();
        let mut violations = Vec::new();
        let mut violate = |field: String, what: &str| {
            violations.push(Violation {
                field,
                description: format!("must be {what} of the page that shows its uptime"),
            });
        };
        let mut only = Self { days: self.days, components: Vec::new(), groups: Vec::new() };
        for (index, component) in components.iter().enumerate() {
            match shown_components.get(component) {
                Some(start_date) => only.components.push((*component, *start_date)),
                None => violate(format!("component_ids[{index}]"), "a component"),
            }
        }
        for (index, group) in groups.iter().enumerate() {
            match shown_groups.get(group) {
                Some(inside) => only.groups.push((*group, inside.clone())),
                None => violate(format!("component_group_ids[{index}]"), "a component group"),
            }
        }
        if violations.is_empty() { Ok(only) } else { Err(Error::Invalid(violations)) }
    }
}

pub(super) async fn get_uptime(rpc: &Rpc, request: GetUptimeRequest) -> Result<GetUptimeResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let component_ids = parse_ids::<ComponentId>("component_ids", &request.component_ids)?;
    let group_ids = parse_ids::<ComponentGroupId>("component_group_ids", &request.component_group_ids)?;
    let page = rpc.pages.find(Key::Id(page_id)).await?;
    let (tenant, zone) = (page.tenant_id, page.zone()?);
    let now = rpc.clock.now();
    let today = now.to_zoned(zone.clone()).date();
    let days = request.range.map(|range| parse_range(range, today)).transpose()?;

    let mut tx = read::snapshot(&rpc.db, tenant).await?;
    let groups = component_groups::list_component_groups_as_shown(&mut tx, tenant, page_id).await?;
    let components = components::list_components_as_shown(&mut tx, tenant, page_id).await?;
    let of = Of { days, ..Of::shown(&components, &groups) }.only(&component_ids, &group_ids)?;
    let (uptimes, weights) = read_uptimes(&mut tx, tenant, page_id, &zone, now, of).await?;
    tx.commit().await?;

    Ok(GetUptimeResponse {
        uptimes,
        weights: Some(weights),
        time_zone: page.time_zone,
        generated_at: Some(to_wire(now)),
    })
}

/// The uptimes, first of the components and then of the groups, and how they were counted. Two queries, however much
/// is asked for.
pub(super) async fn read_uptimes(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    zone: &TimeZone,
    now: Timestamp,
    of: Of,
) -> Result<(Vec<wire::Uptime>, wire::UptimeWeights), Error> {
    let weights = store::uptime::find_weights(db, tenant, page).await?.unwrap_or(Weights::UNSET);
    let today = now.to_zoned(zone.clone()).date();
    let (first, last) = of.days.unwrap_or((today.saturating_sub((DAYS - 1).days()), today));
    let window = Window::new(first, last, zone, now);

    let mut spells = HashMap::<_, Vec<_>>::new();
    for spell in store::uptime::list_outages(db, tenant, page, window.started_at(), window.ended_at()).await?
    {
        spells.entry(spell.component_id).or_default().push(spell);
    }
    let inside = of.groups.iter().flat_map(|(_, inside)| inside);
    let mut counted = HashMap::new();
    for (component, start_date) in of.components.iter().chain(inside) {
        counted.entry(*component).or_insert_with(|| {
            let spells = spells.get(component).map_or(&[][..], Vec::as_slice);
            Uptime::of_component(&window, *start_date, spells)
        });
    }
    let of_components = of.components.iter().filter_map(|(component, _)| {
        let id = uptime::Of::ComponentId(component.to_string());
        Some(convert::uptime(id, counted.get(component)?, weights))
    });
    let of_groups = of.groups.iter().map(|(group, inside)| {
        let id = uptime::Of::ComponentGroupId(group.to_string());
        let inside = inside.iter().filter_map(|(component, _)| counted.get(component)).collect::<Vec<_>>();
        convert::uptime(id, &Uptime::of_group(&window, &inside), weights)
    });
    Ok((of_components.chain(of_groups).collect(), weights.into()))
}

fn parse_ids<T: std::str::FromStr<Err = kit::ids::InvalidId>>(
    field: &str,
    ids: &[String],
) -> Result<Vec<T>, Error> {
    ids.iter().enumerate().map(|(index, text)| convert::id(&format!("{field}[{index}]"), text)).collect()
}

/// The days that a request names; none of them after today.
fn parse_range(range: Range, today: Date) -> Result<Days, Error> {
    match range {
        Range::Month(month) => {
            let first = proto::common::v1::Date { year: month.year, month: month.month, day: 1 };
            let first = convert::parse_date("month", first)?;
            if first > today {
                return Err(Error::invalid("month", "must not be after the current month"));
            }
            Ok((first, first.last_of_month()))
        }
        Range::Days(days) => {
            let date = |field: &str, date: Option<proto::common::v1::Date>| {
                let date = date.ok_or_else(|| Error::invalid(field, "must be set"))?;
                convert::parse_date(field, date)
            };
            let (first, last) = (date("days.first", days.first)?, date("days.last", days.last)?);
            if last > today {
                return Err(Error::invalid("days.last", "must not be after today"));
            }
            if last < first {
                return Err(Error::invalid("days.last", "must not be before `first`"));
            }
            if last > first.saturating_add((MOST_DAYS - 1).days()) {
                return Err(Error::invalid("days", format!("must be at most {MOST_DAYS} days")));
            }
            Ok((first, last))
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proto::{common::v1 as wire_common, incidents::v1::DateRange};

    use super::*;

    fn field(refused: Error) -> String {
        let Error::Invalid(violations) = refused else { panic!("not a violation: {refused}") };
        violations.into_iter().map(|violation| violation.field).collect()
    }

    #[test]
    fn days_are_refused_on_either_side_of_their_limits() {
        let today = date(2026, 11, 21);
        let days = |first: Date, last: Date| {
            let range = DateRange { first: Some(convert::date(first)), last: Some(convert::date(last)) };
            parse_range(Range::Days(range), today)
        };
        assert_eq!(days(today, today).unwrap(), (today, today));
        assert_eq!(days(date(2025, 11, 21), today).unwrap(), (date(2025, 11, 21), today));
        assert_eq!(field(days(date(2025, 11, 20), today).unwrap_err()), "days");
        assert_eq!(field(days(today, date(2026, 11, 22)).unwrap_err()), "days.last");
        assert_eq!(field(days(today, date(2026, 11, 20)).unwrap_err()), "days.last");
    }

    #[test]
    fn a_month_is_whole_and_not_after_the_current_one() {
        let month =
            |year, month| parse_range(Range::Month(wire_common::Month { year, month }), date(2028, 2, 1));
        assert_eq!(month(2028, 2).unwrap(), (date(2028, 2, 1), date(2028, 2, 29)));
        assert_eq!(month(2027, 12).unwrap(), (date(2027, 12, 1), date(2027, 12, 31)));
        assert_eq!(field(month(2028, 3).unwrap_err()), "month");
    }
}
