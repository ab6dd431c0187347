//! `ComponentService.UpdateComponent`

use kit::{
    caller::Member,
    ids::ComponentId,
    mask::{Mask, check_etag},
};
use proto::incidents::v1::{UpdateComponentRequest, UpdateComponentResponse};

use super::{
    follow::follow,
    log::{log, renamed},
    parse::{check_of_page, check_on_page, parse_followed, parse_group},
};
use crate::{
    domain::{AuditAction, ComponentSettings},
    error::Error,
    rpc::{Rpc, convert},
    store::{components, intervals::Recording, pages},
};

/// What a request changes: the settings of the component, taken as they are, with some of them replaced.
struct Changes {
    mask: Mask,
    wanted: ComponentSettings,
}

impl Changes {
    fn parse(request: &UpdateComponentRequest) -> Result<Self, Error> {
        let mask = Mask::parse(
            request.update_mask.clone(),
            &[
                "component_group_id",
                "name",
                "description",
                "position",
                "start_date",
                "hidden_while_operational",
                "shows_uptime",
                "third_party",
            ],
        )?;
        let parse_start =
            || request.start_date.map(|date| convert::parse_date("start_date", date)).transpose();
        let wanted = ComponentSettings {
            component_group_id: mask
                .pick("component_group_id", || parse_group(request.component_group_id.as_deref()))?
                .flatten(),
            name: mask.pick("name", || convert::line("name", &request.name))?.unwrap_or_default(),
            description: request.description.trim().to_owned(),
            position: request.position,
            start_date: mask.pick("start_date", parse_start)?.flatten(),
            hidden_while_operational: request.hidden_while_operational,
            shows_uptime: request.shows_uptime,
            follows: mask.pick("third_party", || parse_followed(request.third_party.as_ref()))?.flatten(),
        };
        Ok(Self { mask, wanted })
    }

    fn apply(self, settings: ComponentSettings) -> ComponentSettings {
        let Self { mask, wanted } = self;
        macro_rules! take {
            ($path:literal, $field:ident) => {
                if mask.has($path) { wanted.$field } else { settings.$field }
            };
        }
        ComponentSettings {
            component_group_id: take!("component_group_id", component_group_id),
            name: take!("name", name),
            description: take!("description", description),
            position: take!("position", position),
            start_date: take!("start_date", start_date),
            hidden_while_operational: take!("hidden_while_operational", hidden_while_operational),
            shows_uptime: take!("shows_uptime", shows_uptime),
            follows: take!("third_party", follows),
        }
    }
}

pub(super) async fn update_component(
    rpc: &Rpc,
    member: &Member,
    request: UpdateComponentRequest,
) -> Result<UpdateComponentResponse, Error> {
    let component_id: ComponentId = convert::id("component_id", &request.component_id)?;
    let changes = Changes::parse(&request)?;

    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    let page = components::find_page_of(&mut tx, tenant, component_id).await?.ok_or(Error::NotFound)?;
    pages::advance_page(&mut tx, tenant, page, 0).await?;
    let before = components::find_component(&mut tx, tenant, component_id).await?.ok_or(Error::NotFound)?;
    check_on_page(&before)?;
    check_etag(&request.etag, before.revision)?;
    let settings = changes.apply(before.settings.clone());
    if settings == before.settings {
        // Not committed: the page has not changed.
        return Ok(UpdateComponentResponse { component: Some(before.into()) });
    }
    check_of_page(components::save_settings(&mut tx, tenant, component_id, &settings).await)?;
    let by = Recording { tenant, page, member: Some(member.member), clock: &rpc.clock };
    if settings.follows != before.settings.follows {
        let followed_before = before.settings.follows.as_ref().map(|followed| followed.vendor_id);
        follow(&mut tx, by, component_id, followed_before, settings.follows.as_ref()).await?;
    }
    let component =
        components::find_component(&mut tx, tenant, component_id).await?.ok_or(Error::NotFound)?;
    let detail = renamed(&before.settings.name, &settings.name);
    log(&mut tx, by, &component, AuditAction::Updated, detail).await?;
    tx.commit().await?;

    Ok(UpdateComponentResponse { component: Some(component.into()) })
}
