//! `StatusHistoryService.RecordStatusInterval`

use jiff::Timestamp;
use kit::{caller::Member, ids::ComponentId, time::from_wire};
use proto::{
    Violation,
    incidents::v1::{RecordStatusIntervalRequest, RecordStatusIntervalResponse},
};

use super::describe::describe;
use crate::{
    domain::{AuditAction, Cause, ComponentStatus, Spell},
    error::Error,
    rpc::{
        Rpc,
        component_service::{log::log, parse::check_on_page},
        convert,
    },
    store::{
        self, components,
        intervals::{self, Recording},
        pages,
    },
};

pub(super) async fn record_status_interval(
    rpc: &Rpc,
    member: &Member,
    request: RecordStatusIntervalRequest,
) -> Result<RecordStatusIntervalResponse, Error> {
    let key = member.request_key("RecordStatusInterval", &request.request_id, &request);
    let spell = parse(&request, rpc.clock.now())?;

    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    if let Some(reply) = store::replay(&mut tx, key.as_ref()).await? {
        return Ok(reply);
    }
    let id = spell.component_id;
    let page = components::find_page_of(&mut tx, tenant, id).await?.ok_or(Error::NotFound)?;
    pages::advance_page(&mut tx, tenant, page, 0).await?;
    let component = components::find_component(&mut tx, tenant, id).await?.ok_or(Error::NotFound)?;
    check_on_page(&component)?;
    let by = Recording { tenant, page, member: Some(member.member), clock: &rpc.clock };
    let recorded = intervals::record(&mut tx, by, Cause::Member(member.member), &[spell]).await?;
    let recorded = recorded.into_iter().next().ok_or(Error::NotFound)?;
    let interval = intervals::find_interval(&mut tx, tenant, recorded).await?.ok_or(Error::NotFound)?;
    let detail = format!("was {}", describe(&interval.spell));
    log(&mut tx, by, &component, AuditAction::Updated, detail).await?;
    let reply = RecordStatusIntervalResponse { status_interval: Some(interval.into()) };
    store::keep(&mut tx, key.as_ref(), &reply).await?;
    tx.commit().await?;

    Ok(reply)
}

fn parse(request: &RecordStatusIntervalRequest, now: Timestamp) -> Result<Spell, Error> {
    let component_id: ComponentId = convert::id("component_id", &request.component_id)?;
    let status = convert::parse_component_status("status", request.status())?;
    let mut violations = Vec::new();
    let mut violate = |field: &str, description: String| {
        violations.push(Violation { field: field.to_owned(), description });
    };
    if status == ComponentStatus::Operational {
        violate("status", "must not be operational, which is what nothing gives it".to_owned());
    }
    let mut time = |field, at: Option<prost_types::Timestamp>| {
        let at = at.as_ref().ok_or_else(|| "must be set".to_owned()).and_then(|at| from_wire(at, now));
        at.map_err(|wrong| violate(field, wrong)).ok()
    };
    let (started_at, ended_at) = (time("started_at", request.started_at), time("ended_at", request.ended_at));
    if let (Some(started_at), Some(ended_at)) = (started_at, ended_at) {
        if ended_at <= started_at {
            violate("ended_at", "must be later than `started_at`".to_owned());
        }
        if violations.is_empty() {
            return Ok(Spell { component_id, status, started_at, ended_at: Some(ended_at) });
        }
    }
    Err(Error::Invalid(violations))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kit::time::to_wire;
    use proto::incidents::v1::ComponentStatus as Wire;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

    #[test]
    fn a_time_in_the_past_is_recorded_and_all_that_is_wrong_is_named() {
        let request = |status: Wire, started: i64, ended: i64| {
            let at = |seconds| Some(to_wire(NOW + SignedDuration::from_secs(seconds)));
            RecordStatusIntervalRequest {
                component_id: ComponentId::from_uuid(uuid::Uuid::nil()).to_string(),
                status: status.into(),
                started_at: at(started),
                ended_at: at(ended),
                request_id: String::new(),
            }
        };
        let good = parse(&request(Wire::UnderMaintenance, -60, 0), NOW).unwrap();
        assert_eq!(good.status, ComponentStatus::UnderMaintenance);
        assert_eq!(good.ended_at, Some(NOW));
        for (bad, fields) in [
            (request(Wire::Operational, -60, -60), vec!["status", "ended_at"]),
            (request(Wire::MajorOutage, -60, -61), vec!["ended_at"]),
            (request(Wire::MajorOutage, 1, 2), vec!["started_at", "ended_at"]),
            (request(Wire::MajorOutage, -NOW.as_second(), 0), vec!["started_at"]),
        ] {
            let Err(Error::Invalid(violations)) = parse(&bad, NOW) else { panic!("{bad:?} was taken") };
            assert_eq!(violations.into_iter().map(|violation| violation.field).collect::<Vec<_>>(), fields);
        }
    }
}
