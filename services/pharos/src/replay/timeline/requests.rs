//! A timeline as the requests that tell it. The check looks at these very messages, so that a timeline that
//! was parsed breaks no field rule when it is played.

use proto::{
    incidents::v1::{
        AffectedComponent, CreateComponentGroupRequest, CreateComponentRequest, CreateIncidentRequest,
        PostUpdateRequest,
    },
    subscriptions::v1::SubscribeRequest,
    tenants::v1::CreatePageRequest,
};

use super::{Page, Post, Subscriber, Timeline};

impl Page {
    /// Makes the page.
    #[must_use]
    pub fn create_request(&self) -> CreatePageRequest {
        CreatePageRequest {
            slug: self.slug.clone(),
            name: self.name.clone(),
            locale: self.locale.clone(),
            time_zone: self.time_zone.clone(),
            ..Default::default()
        }
    }
}

impl Timeline {
    /// Makes the groups, in the order of [`Timeline::groups`].
    #[must_use]
    pub fn group_requests(&self, page_id: &str) -> Vec<CreateComponentGroupRequest> {
        let place = |group: &String| self.components.iter().position(|it| it.group.as_ref() == Some(group));
        self.groups
            .iter()
            .map(|group| CreateComponentGroupRequest {
                page_id: page_id.to_owned(),
                name: group.clone(),
                position: position(place(group).unwrap_or_default()),
                ..Default::default()
            })
            .collect()
    }

    /// Makes the components, in the order of [`Timeline::components`]; `group_id` answers a group's id by its
    /// name.
    #[must_use]
    pub fn component_requests(
        &self,
        page_id: &str,
        group_id: impl Fn(&str) -> String,
    ) -> Vec<CreateComponentRequest> {
        self.components
            .iter()
            .enumerate()
            .map(|(index, component)| CreateComponentRequest {
                page_id: page_id.to_owned(),
                component_group_id: component.group.as_deref().map(&group_id),
                name: component.name.clone(),
                description: component.description.clone(),
                position: position(index),
                ..Default::default()
            })
            .collect()
    }
}

impl Subscriber {
    /// Asks for the page's mails.
    #[must_use]
    pub fn subscribe_request(&self, page_id: &str) -> SubscribeRequest {
        SubscribeRequest {
            page_id: page_id.to_owned(),
            email: self.email.clone(),
            locale: self.locale.clone(),
        }
    }
}

impl Post {
    /// Opens the incident with this post; `component_id` answers a component's id by its name.
    #[must_use]
    pub fn create_request(
        &self,
        page_id: &str,
        title: &str,
        component_id: impl Fn(&str) -> String,
    ) -> CreateIncidentRequest {
        CreateIncidentRequest {
            page_id: page_id.to_owned(),
            title: title.to_owned(),
            phase: self.phase.into(),
            body: self.body.clone(),
            affected_components: self.affected_components(component_id),
            displayed_at: Some(kit::time::to_wire(self.at.timestamp())),
            ..Default::default()
        }
    }

    /// Adds this post to the incident; `component_id` answers a component's id by its name.
    #[must_use]
    pub fn update_request(
        &self,
        incident_id: &str,
        component_id: impl Fn(&str) -> String,
    ) -> PostUpdateRequest {
        PostUpdateRequest {
            incident_id: incident_id.to_owned(),
            phase: self.phase.into(),
            body: self.body.clone(),
            affected_components: self.affected_components(component_id),
            displayed_at: Some(kit::time::to_wire(self.at.timestamp())),
            ..Default::default()
        }
    }

    fn affected_components(&self, component_id: impl Fn(&str) -> String) -> Vec<AffectedComponent> {
        self.affected
            .iter()
            .map(|(name, status)| AffectedComponent {
                component_id: component_id(name),
                status: (*status).into(),
            })
            .collect()
    }
}

/// Saturating, so that the contract's limit refuses what is too far down and not this.
fn position(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}
