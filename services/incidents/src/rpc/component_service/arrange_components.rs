//! `ComponentService.ArrangeComponents`

use std::collections::HashSet;

use kit::{
    caller::Member,
    ids::{ComponentGroupId, ComponentId, PageId},
};
use proto::{
    Violation,
    incidents::v1::{ArrangeComponentsRequest, ArrangeComponentsResponse, Place, place::Item},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{AuditAction, AuditSubject, NewAuditEntry},
    error::Error,
    rpc::{Rpc, change, convert},
    store::{component_groups, components, intervals::Recording, pages, places},
};

/// A row of the page.
enum Row {
    Group(ComponentGroupId),
    Component(ComponentId, Option<ComponentGroupId>),
}

pub(super) async fn arrange_components(
    rpc: &Rpc,
    member: &Member,
    request: ArrangeComponentsRequest,
) -> Result<ArrangeComponentsResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let rows = parse(&request.places)?;

    let tenant = member.tenant;
    let page = rpc.pages.find_of(tenant, page_id).await?;

    let mut tx = rpc.db.tenant(tenant).await?;
    pages::advance_page(&mut tx, tenant, page_id, 0).await?;
    check_known(&mut tx, member, page_id, &rows).await?;
    let (mut components, mut in_groups, mut component_positions) = (Vec::new(), Vec::new(), Vec::new());
    let (mut groups, mut group_positions) = (Vec::new(), Vec::new());
    for (position, row) in (0..).zip(&rows) {
        match row {
            Row::Group(group) => {
                groups.push(group.uuid());
                group_positions.push(position);
            }
            Row::Component(component, group) => {
                components.push(component.uuid());
                in_groups.push(group.map(ComponentGroupId::uuid));
                component_positions.push(position);
            }
        }
    }
    let moved = places::arrange_component_groups(&mut tx, tenant, &groups, &group_positions).await?
        + places::arrange_components(&mut tx, tenant, &components, &in_groups, &component_positions).await?;
    if moved == 0 {
        // Not committed: the page has not changed.
        return Ok(ArrangeComponentsResponse {});
    }
    let entry = NewAuditEntry {
        action: AuditAction::Updated,
        subject: AuditSubject::Page,
        subject_id: page_id.uuid(),
        subject_name: page.name,
        detail: format!("moved {moved} components and component groups"),
    };
    let by = Recording { tenant, page: page_id, member: Some(member.member), clock: &rpc.clock };
    change::log(&mut tx, by, entry).await?;
    tx.commit().await?;

    Ok(ArrangeComponentsResponse {})
}

fn parse(places: &[Place]) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::with_capacity(places.len());
    let mut named = HashSet::with_capacity(places.len());
    let mut violations = Vec::new();
    for (index, place) in places.iter().enumerate() {
        let field = |name| format!("places[{index}].{name}");
        let mut violate = |name, description: &str| {
            violations.push(Violation { field: field(name), description: description.to_owned() });
        };
        let inside = place.in_component_group_id.as_deref();
        let inside = inside.map(|group| convert::id(&field("in_component_group_id"), group)).transpose()?;
        let (name, row, id) = match &place.item {
            Some(Item::ComponentGroupId(group)) => {
                let group: ComponentGroupId = convert::id(&field("component_group_id"), group)?;
                if inside.is_some() {
                    violate("in_component_group_id", "must not be set for a group");
                }
                ("component_group_id", Row::Group(group), group.uuid())
            }
            Some(Item::ComponentId(component)) => {
                let component: ComponentId = convert::id(&field("component_id"), component)?;
                ("component_id", Row::Component(component, inside), component.uuid())
            }
            None => return Err(Error::invalid(field("item"), "must be set")),
        };
        // Ids of groups and of components are never the same.
        if !named.insert(id) {
            violate(name, "must not be named twice");
        }
        rows.push(row);
    }
    if violations.is_empty() { Ok(rows) } else { Err(Error::Invalid(violations)) }
}

/// Makes sure that everything named is on the page.
async fn check_known(
    db: &mut PgConnection,
    member: &Member,
    page: PageId,
    rows: &[Row],
) -> Result<(), Error> {
    let (mut components, mut groups) = (Vec::new(), Vec::<Uuid>::new());
    for row in rows {
        match row {
            Row::Group(group) => groups.push(group.uuid()),
            Row::Component(component, group) => {
                components.push(component.uuid());
                groups.extend(group.map(ComponentGroupId::uuid));
            }
        }
    }
    let components = components::list_known_components(db, member.tenant, page, &components).await?;
    let components = components.into_iter().collect::<HashSet<_>>();
    let groups = component_groups::list_known_component_groups(db, member.tenant, page, &groups).await?;
    let groups = groups.into_iter().collect::<HashSet<_>>();

    let mut violations = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let mut violate = |name, what| {
            let (field, description) =
                (format!("places[{index}].{name}"), format!("must be {what} of the page"));
            violations.push(Violation { field, description });
        };
        match row {
            Row::Group(group) => {
                if !groups.contains(group) {
                    violate("component_group_id", "a component group");
                }
            }
            Row::Component(component, group) => {
                if !components.contains(component) {
                    violate("component_id", "a component");
                }
                if group.is_some_and(|group| !groups.contains(&group)) {
                    violate("in_component_group_id", "a component group");
                }
            }
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(Error::Invalid(violations)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::fields;

    #[test]
    fn a_row_is_named_once_and_only_components_stand_in_groups() {
        let id = |number| Uuid::from_u128(number);
        let group = ComponentGroupId::from_uuid(id(1)).to_string();
        let component = ComponentId::from_uuid(id(2)).to_string();
        let heading =
            Place { item: Some(Item::ComponentGroupId(group.clone())), in_component_group_id: None };
        let row =
            Place { item: Some(Item::ComponentId(component)), in_component_group_id: Some(group.clone()) };
        assert_eq!(parse(&[heading.clone(), row.clone()]).unwrap().len(), 2);
        let nested = Place { in_component_group_id: Some(group), ..heading };
        let refused = parse(&[row.clone(), nested, row]).err().unwrap();
        assert_eq!(fields(refused), ["places[1].in_component_group_id", "places[2].component_id"]);
    }
}
