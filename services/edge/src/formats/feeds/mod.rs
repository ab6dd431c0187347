//! Feeds and a calendar.
//!
//! Two feeds tell what feeds of other makers tell, in their form: one entry for each incident and maintenance, which
//! changes as the story goes on. Two more have an entry for each update, so that readers miss none and see none twice.

mod calendar;
mod history;
mod story;
mod teller;
#[cfg(test)]
mod tests;
mod updates;

use proto::incidents::v1::{StatusServiceListIncidentsResponse, StatusServiceListMaintenancesResponse};

pub(crate) use self::{
    calendar::calendar,
    history::{atom, rss},
    story::Story,
    updates::{json_feed, updates_atom},
};

/// The stories of two answers, the newest told first by [`Story::published`].
///
/// None is left out here: a story that the feeds of stories have no room for may have an update among the newest.
pub(crate) fn stories<'a>(
    incidents: &'a StatusServiceListIncidentsResponse,
    maintenances: &'a StatusServiceListMaintenancesResponse,
) -> Vec<Story<'a>> {
    let former = &incidents.former_components;
    let mut stories =
        incidents.incidents.iter().map(|incident| Story::Incident(incident, former)).collect::<Vec<_>>();
    let former = &maintenances.former_components;
    stories
        .extend(maintenances.maintenances.iter().map(|maintenance| Story::Maintenance(maintenance, former)));
    sort(&mut stories);
    stories
}

fn sort(stories: &mut [Story<'_>]) {
    stories.sort_by(|one, other| (other.published(), other.id()).cmp(&(one.published(), one.id())));
}
