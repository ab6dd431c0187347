//! `StatusService.GetPage`

use std::collections::BTreeSet;

use jiff::SignedDuration;
use kit::time::to_wire;
use proto::incidents::v1::{GetPageRequest, GetPageResponse, get_page_request};

use super::{
    get_uptime::{Of, read_uptimes},
    speaks::{incident_speaks_of, maintenance_speaks_of},
};
use crate::{
    domain::overall_status,
    error::Error,
    pages::Key,
    rpc::{
        Rpc, convert,
        read::{self, Extent},
    },
    store::{component_groups, components, incidents, maintenances, pages},
};

/// How long what is over stays on the front of the page, from the contract.
const RECENT: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How many resolved incidents, and maintenances that are over, the front of the page shows, from the contract.
const RECENT_ENTRIES: i64 = 50;

/// The same number of queries, however much there is and was on the page.
pub(super) async fn get_page(rpc: &Rpc, request: GetPageRequest) -> Result<GetPageResponse, Error> {
    let key = match request.page {
        Some(get_page_request::Page::PageId(page_id)) => Key::Id(convert::id("page_id", &page_id)?),
        Some(get_page_request::Page::Slug(slug)) => Key::Slug(slug),
        None => return Err(Error::invalid("page", "must be set")),
    };
    let page = rpc.pages.find(key).await?;
    let zone = page.zone()?;

    let now = rpc.clock.now();
    let (tenant, page_id) = (page.tenant_id, page.page_id);
    let mut tx = read::snapshot(&rpc.db, tenant).await?;
    let version = pages::find_version(&mut tx, tenant, page_id).await?.unwrap_or(0);
    let groups = component_groups::list_component_groups_as_shown(&mut tx, tenant, page_id).await?;
    let components = components::list_components_as_shown(&mut tx, tenant, page_id).await?;

    let mut rows = incidents::list_open_incidents(&mut tx, tenant, page_id).await?;
    let open_count = rows.len();
    rows.extend(
        incidents::list_resolved_incidents(&mut tx, tenant, page_id, now - RECENT, RECENT_ENTRIES).await?,
    );
    let mut open = read::load_incident_excerpts(&mut tx, tenant, rows, Extent::Bounded).await?;
    let recent = open.split_off(open_count);

    let mut rows = maintenances::list_active(&mut tx, tenant, page_id).await?;
    let active_count = rows.len();
    rows.extend(maintenances::list_upcoming(&mut tx, tenant, page_id).await?);
    let upcoming_end = rows.len();
    rows.extend(
        maintenances::list_ended_since(&mut tx, tenant, page_id, now - RECENT, RECENT_ENTRIES).await?,
    );
    let mut active = read::load_maintenance_excerpts(&mut tx, tenant, rows, Extent::Bounded).await?;
    let over = active.split_off(upcoming_end);
    let upcoming = active.split_off(active_count);

    let spoken_of = open.iter().chain(&recent).flat_map(|excerpt| incident_speaks_of(&excerpt.incident));
    let worked_on = active.iter().chain(&upcoming).chain(&over);
    let worked_on = worked_on.flat_map(|excerpt| maintenance_speaks_of(&excerpt.maintenance));
    let named = spoken_of.chain(worked_on).collect::<BTreeSet<_>>();
    let former = components::list_former_components(&mut tx, tenant, page_id, named).await?;
    let (uptimes, weights) =
        read_uptimes(&mut tx, tenant, page_id, &zone, now, Of::shown(&components, &groups)).await?;
    tx.commit().await?;

    let statuses = components.iter().map(|component| component.status).collect::<Vec<_>>();
    let overall_status = overall_status(&statuses, !open.is_empty());
    Ok(GetPageResponse {
        page: Some(page.into()),
        overall_status: convert::overall_status(overall_status).into(),
        component_groups: groups.into_iter().map(convert::public_component_group).collect(),
        components: components.into_iter().map(convert::public_component).collect(),
        open_incidents: open.into_iter().map(convert::public_incident).collect(),
        recent_incidents: recent.into_iter().map(convert::public_incident).collect(),
        version,
        generated_at: Some(to_wire(now)),
        active_maintenances: active.into_iter().map(convert::public_maintenance).collect(),
        upcoming_maintenances: upcoming.into_iter().map(convert::public_maintenance).collect(),
        recent_maintenances: over.into_iter().map(convert::public_maintenance).collect(),
        uptimes,
        uptime_weights: Some(weights),
        former_components: former.into_iter().map(convert::public_component).collect(),
    })
}
