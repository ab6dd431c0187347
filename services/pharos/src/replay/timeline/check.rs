//! Whether a timeline could be played: the contracts' rules, and that it agrees with itself.

use std::{collections::HashSet, fmt::Display, hash::Hash};

use jiff::tz::TimeZone;
use proto::{
    Validate, Violation,
    incidents::v1::{ComponentStatus, Phase},
    tenants::v1::SignUpRequest,
};

use super::{Component, Incident, Moment, Timeline, Vendor, downtime};

// Stand in for ids that the system will give out.
const PAGE_ID: &str = "page_00000000000000000000000000";
const GROUP_ID: &str = "grp_00000000000000000000000000";
const COMPONENT_ID: &str = "cmp_00000000000000000000000000";
const VENDOR_ID: &str = "ven_00000000000000000000000000";
const INCIDENT_ID: &str = "inc_00000000000000000000000000";

/// As `ComponentService.CreateComponentGroup` promises.
const MAX_GROUPS: usize = 200;
/// As `ComponentService.CreateComponent` promises.
const MAX_COMPONENTS: usize = 2000;
/// As `VendorService.CreateVendor` promises.
const MAX_VENDORS: usize = 100;
/// As `IncidentService.PostUpdate` promises, the opening one counted.
const MAX_POSTS: usize = 500;
const TOO_EARLY: &str = "must not be before 2000-01-01T00:00:00Z";
/// Before the `@`: RFC 5321, section 4.5.3.1.1.
const MAX_LOCAL_PART: usize = 64;

pub(super) fn violations(timeline: &Timeline) -> Vec<Violation> {
    let mut check = Check { timeline, found: Vec::new() };
    check.company_and_page();
    check.components();
    check.subscribers();
    check.incident();
    check.posts();
    check.times();
    check.found
}

struct Check<'a> {
    timeline: &'a Timeline,
    found: Vec<Violation>,
}

impl Check<'_> {
    fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.found.push(Violation { field: field.into(), description: description.into() });
    }

    fn contract(&mut self, message: &impl Validate, field: impl Fn(&str) -> String) {
        for violation in message.violations() {
            self.add(field(&violation.field), violation.description);
        }
    }

    fn at_most(&mut self, field: &str, count: usize, limit: usize) {
        if count > limit {
            self.add(field, format!("must have at most {limit} items, but has {count}"));
        }
    }

    fn once<T: Eq + Hash + Display>(
        &mut self,
        field: impl Fn(usize) -> String,
        values: impl Iterator<Item = T>,
    ) {
        let mut seen = HashSet::new();
        for (index, value) in values.enumerate() {
            let message = format!("`{value}` is there already");
            if !seen.insert(value) {
                self.add(field(index), message);
            }
        }
    }

    fn company_and_page(&mut self) {
        let page = &self.timeline.page;
        let sign_up = SignUpRequest {
            company_name: self.timeline.company.clone(),
            email: "owner@example.com".to_owned(),
            password: "checked by nobody".to_owned(),
        };
        self.contract(&sign_up, |_| "company".to_owned());
        self.contract(&page.create_request(), |field| format!("page.{field}"));
        if TimeZone::get(&page.time_zone).is_err() {
            self.add("page.time_zone", format!("`{}` is not an IANA time zone", page.time_zone));
        }
    }

    fn components(&mut self) {
        let Timeline { groups, components, .. } = self.timeline;
        self.at_most("groups", groups.len(), MAX_GROUPS);
        self.at_most("components", components.len(), MAX_COMPONENTS);
        self.once(|index| format!("groups[{index}]"), groups.iter());
        self.once(|index| format!("components[{index}].name"), components.iter().map(|it| &it.name));
        for (index, request) in self.timeline.group_requests(PAGE_ID).iter().enumerate() {
            self.contract(request, |_| format!("groups[{index}]"));
            if !components.iter().any(|it| it.group.as_ref() == Some(&groups[index])) {
                self.add(format!("groups[{index}]"), format!("no component is in `{}`", groups[index]));
            }
        }
        let vendors = self.timeline.vendor_requests(PAGE_ID).len();
        if vendors > MAX_VENDORS {
            self.add(
                "components",
                format!("must follow at most {MAX_VENDORS} vendors, but follow {vendors}"),
            );
        }
        let requests =
            self.timeline.component_requests(PAGE_ID, |_| GROUP_ID.to_owned(), |_| VENDOR_ID.to_owned());
        for (index, (component, request)) in components.iter().zip(&requests).enumerate() {
            self.contract(request, |field| match field {
                "third_party.vendor_component" => format!("components[{index}].vendor.component"),
                field => format!("components[{index}].{field}"),
            });
            self.component(&format!("components[{index}]"), component);
        }
    }

    fn component(&mut self, field: &str, component: &Component) {
        if let Some(group) = component.group.as_ref().filter(|group| !self.timeline.groups.contains(group)) {
            self.add(format!("{field}.group"), format!("no group is called `{group}`"));
        }
        self.once(
            |index| format!("{field}.uptime[{index}].month"),
            component.uptime.iter().map(|it| it.month),
        );
        for (index, uptime) in component.uptime.iter().enumerate() {
            let begins = downtime::span(self.timeline, uptime).map(|month| month.start);
            if begins.is_some_and(|second| second < kit::time::EARLIEST.as_second()) {
                self.add(format!("{field}.uptime[{index}].month"), TOO_EARLY);
            }
            if let Err(downtime::OutOfReach { reach: (least, most) }) =
                downtime::missing(self.timeline, component, uptime)
            {
                let percent = |it: i64| format!("{}.{:02}", it / 100, it % 100);
                self.add(
                    format!("{field}.uptime[{index}].percent"),
                    format!(
                        "must be from {} to {} with what the incident says",
                        percent(least),
                        percent(most)
                    ),
                );
            }
        }
        if let Some(vendor) = &component.vendor {
            self.vendor(&format!("{field}.vendor"), vendor);
        }
    }

    fn vendor(&mut self, field: &str, vendor: &Vendor) {
        self.contract(&vendor.create_request(PAGE_ID), |it| format!("{field}.{it}"));
        let host = vendor.url.strip_prefix("https://");
        if host.is_none_or(|host| host.is_empty() || host.starts_with('/') || host.contains(['@', '?', '#']))
        {
            self.add(format!("{field}.url"), "must be an https address without user, query and fragment");
        }
        let mut known = self.timeline.components.iter().filter_map(|it| it.vendor.as_ref());
        if known
            .find(|it| it.name == vendor.name)
            .is_some_and(|it| it.url != vendor.url || it.format != vendor.format)
        {
            self.add(field, format!("`{}` has another url or format above", vendor.name));
        }
    }

    fn subscribers(&mut self) {
        let subscribers = &self.timeline.subscribers;
        let addresses = subscribers.iter().map(|it| it.email.to_ascii_lowercase());
        self.once(|index| format!("subscribers[{index}].email"), addresses);
        for (index, subscriber) in subscribers.iter().enumerate() {
            self.contract(&subscriber.subscribe_request(PAGE_ID), |field| {
                format!("subscribers[{index}].{field}")
            });
            if subscriber.email.rfind('@').is_some_and(|at| at > MAX_LOCAL_PART) {
                self.add(
                    format!("subscribers[{index}].email"),
                    format!("must have at most {MAX_LOCAL_PART} characters before the @"),
                );
            }
        }
    }

    fn incident(&mut self) {
        let incident = &self.timeline.incident;
        // The posts are looked at one by one, all in the same way.
        let itself = Incident { posts: Vec::new(), ..incident.clone() };
        let request = itself.create_request(PAGE_ID, |_| COMPONENT_ID.to_owned());
        self.contract(&request, |field| format!("incident.{field}"));
        for (index, impact) in incident.component_impacts.iter().enumerate() {
            let field = format!("incident.component_impacts[{index}]");
            self.known(&format!("{field}.component"), &impact.component);
            if impact.status == ComponentStatus::Operational {
                self.add(format!("{field}.status"), "must be worse than operational");
            }
        }
        if let Some(postmortem) = &incident.postmortem {
            let request = postmortem.write_request(INCIDENT_ID);
            self.contract(&request, |_| "incident.postmortem.body".to_owned());
            if incident.posts.last().is_some_and(|post| post.phase != Phase::Resolved) {
                self.add("incident.postmortem", "must not be there before a post says that it is resolved");
            }
        }
    }

    fn posts(&mut self) {
        let Incident { posts, impact_started_at, impact_ended_at, .. } = &self.timeline.incident;
        self.at_most("incident.posts", posts.len(), MAX_POSTS);
        if posts.is_empty() && (impact_started_at.is_none() || impact_ended_at.is_none()) {
            self.add(
                "incident.posts",
                "must have at least one post, or else impact_started_at and impact_ended_at must both be there",
            );
        }
        for (index, post) in posts.iter().enumerate() {
            for component in post.affected.keys() {
                self.known(&format!("incident.posts[{index}].affected"), component);
            }
            let request = post.update_request(INCIDENT_ID, |_| COMPONENT_ID.to_owned());
            self.contract(&request, |field| format!("incident.posts[{index}].{field}"));
        }
    }

    fn known(&mut self, field: &str, component: &str) {
        if !self.timeline.components.iter().any(|it| it.name == component) {
            self.add(field, format!("no component is called `{component}`"));
        }
    }

    fn times(&mut self) {
        let incident = &self.timeline.incident;
        let mut fields: Vec<(String, Moment)> = Vec::new();
        let mut pairs: Vec<(String, Moment, String, Moment)> = Vec::new();
        let mut span = |path: &str, started: Option<Moment>, ended: Option<Moment>| {
            let (from, to) = (format!("{path}started_at"), format!("{path}ended_at"));
            if let (Some(started), Some(ended)) = (started, ended) {
                pairs.push((from.clone(), started, to.clone(), ended));
            }
            fields.extend(started.map(|at| (from, at)).into_iter().chain(ended.map(|at| (to, at))));
        };
        span("incident.impact_", incident.impact_started_at, incident.impact_ended_at);
        for (index, impact) in incident.component_impacts.iter().enumerate() {
            let path = format!("incident.component_impacts[{index}].");
            span(&path, Some(impact.started_at), Some(impact.ended_at));
        }
        let mut before: Option<(String, Moment)> = None;
        for (index, post) in incident.posts.iter().enumerate() {
            let field = format!("incident.posts[{index}].at");
            if let Some((earlier, at)) = before {
                pairs.push((earlier, at, field.clone(), post.at));
            }
            if let Some(next) = post.next_update_at {
                let promise = format!("incident.posts[{index}].next_update_at");
                pairs.push((field.clone(), post.at, promise.clone(), next));
                fields.push((promise, next));
            }
            fields.push((field.clone(), post.at));
            before = Some((field, post.at));
        }
        if let Some(postmortem) = &incident.postmortem {
            let field = "incident.postmortem.at".to_owned();
            fields.push((field.clone(), postmortem.at));
            let end = incident.impact_ended_at.map(|at| ("incident.impact_ended_at".to_owned(), at));
            pairs.extend(before.or(end).map(|(earlier, at)| (earlier, at, field, postmortem.at)));
        }
        for (earlier, start, later, end) in pairs {
            if end.timestamp() <= start.timestamp() {
                self.add(later, format!("must be later than {earlier}"));
            }
        }
        for (field, moment) in fields {
            self.moment(field, moment);
        }
    }

    fn moment(&mut self, field: String, moment: Moment) {
        let zone = &self.timeline.page.time_zone;
        if moment.timestamp() < kit::time::EARLIEST {
            self.add(field, TOO_EARLY);
        } else if let Ok(time_zone) = TimeZone::get(zone) {
            let offset = time_zone.to_offset(moment.timestamp());
            if offset != moment.offset() {
                self.add(field, format!("has offset {}, but {zone} is at {offset} then", moment.offset()));
            }
        }
    }
}
