//! A timeline as the requests that tell it. The check looks at these very messages, so that a timeline that
//! was parsed breaks no field rule when it is played.

use proto::{
    incidents::v1::{
        AffectedComponent, ComponentImpact, CreateComponentGroupRequest, CreateComponentRequest,
        CreateIncidentRequest, CreateVendorRequest, FollowedComponent, PostUpdateRequest,
        PublishPostmortemRequest, WritePostmortemRequest,
    },
    subscriptions::v1::SubscribeRequest,
    tenants::v1::CreatePageRequest,
};

use super::{Incident, Moment, Page, Post, Postmortem, Subscriber, Timeline, Vendor};

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

    /// Enters each vendor that a component follows, once, in the order in which they are first named.
    #[must_use]
    pub fn vendor_requests(&self, page_id: &str) -> Vec<CreateVendorRequest> {
        let mut requests: Vec<CreateVendorRequest> = Vec::new();
        for vendor in self.components.iter().filter_map(|it| it.vendor.as_ref()) {
            if !requests.iter().any(|it| it.name == vendor.name) {
                requests.push(vendor.create_request(page_id));
            }
        }
        requests
    }

    /// Makes the components, in the order of [`Timeline::components`]; `group_id` answers a group's id by its
    /// name, `vendor_id` a vendor's.
    #[must_use]
    pub fn component_requests(
        &self,
        page_id: &str,
        group_id: impl Fn(&str) -> String,
        vendor_id: impl Fn(&str) -> String,
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
                third_party: component.vendor.as_ref().map(|vendor| FollowedComponent {
                    vendor_id: vendor_id(&vendor.name),
                    vendor_component: vendor.component.clone(),
                }),
                ..Default::default()
            })
            .collect()
    }
}

impl Vendor {
    /// Enters the vendor, so that its page is read.
    #[must_use]
    pub fn create_request(&self, page_id: &str) -> CreateVendorRequest {
        CreateVendorRequest {
            page_id: page_id.to_owned(),
            name: self.name.clone(),
            url: self.url.clone(),
            format: self.format.into(),
            ..Default::default()
        }
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
            ..Default::default()
        }
    }
}

impl Incident {
    /// Opens the incident, with its first post if it has any; `component_id` answers a component's id by its
    /// name.
    #[must_use]
    pub fn create_request(
        &self,
        page_id: &str,
        component_id: impl Fn(&str) -> String,
    ) -> CreateIncidentRequest {
        let wire = |at: Moment| kit::time::to_wire(at.timestamp());
        let itself = CreateIncidentRequest {
            page_id: page_id.to_owned(),
            title: self.title.clone(),
            language: self.language.clone().unwrap_or_default(),
            backfilled: self.backfilled,
            impact_started_at: self.impact_started_at.map(wire),
            impact_ended_at: self.impact_ended_at.map(wire),
            component_impacts: self
                .component_impacts
                .iter()
                .map(|impact| ComponentImpact {
                    component_id: component_id(&impact.component),
                    status: impact.status.into(),
                    started_at: Some(wire(impact.started_at)),
                    ended_at: Some(wire(impact.ended_at)),
                })
                .collect(),
            ..Default::default()
        };
        match self.posts.first() {
            None => itself,
            Some(post) => CreateIncidentRequest {
                phase: post.phase.into(),
                body: post.body.clone(),
                affected_components: post.affected_components(component_id),
                displayed_at: Some(wire(post.at)),
                next_update_at: post.next_update_at.map(wire),
                notify: Some(true),
                ..itself
            },
        }
    }
}

impl Post {
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
            next_update_at: self.next_update_at.map(|at| kit::time::to_wire(at.timestamp())),
            notify: Some(true),
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

impl Postmortem {
    /// Keeps the report as a draft.
    #[must_use]
    pub fn write_request(&self, incident_id: &str) -> WritePostmortemRequest {
        WritePostmortemRequest {
            incident_id: incident_id.to_owned(),
            body: self.body.clone(),
            ..Default::default()
        }
    }

    /// Publishes the draft, with the time that the report had. Nobody is mailed: a timeline's mails are those
    /// of its posts.
    #[must_use]
    pub fn publish_request(&self, incident_id: &str) -> PublishPostmortemRequest {
        PublishPostmortemRequest {
            incident_id: incident_id.to_owned(),
            displayed_at: Some(kit::time::to_wire(self.at.timestamp())),
            ..Default::default()
        }
    }
}

/// Saturating, so that the contract's limit refuses what is too far down and not this.
fn position(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}
