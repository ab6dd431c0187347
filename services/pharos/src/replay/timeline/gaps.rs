//! What a report holds and the public API has no field for.

use super::{Timeline, scalars::ContractEnum as _};

pub(super) fn sentences(timeline: &Timeline) -> Vec<String> {
    let incident = &timeline.incident;
    let mut sentences = Vec::new();

    if let Some(language) = incident.language.as_ref().filter(|it| **it != timeline.page.locale) {
        let page = &timeline.page.locale;
        sentences.push(format!("The incident's texts are in {language} on a page in {page}."));
    }
    match (incident.impact_started_at, incident.impact_ended_at) {
        (Some(start), Some(end)) => {
            sentences.push(format!("The incident hurt customers from {start} to {end}."));
        }
        (Some(start), None) => sentences.push(format!("The incident hurt customers from {start} on.")),
        (None, Some(end)) => sentences.push(format!("The incident hurt customers until {end}.")),
        (None, None) => {}
    }
    sentences.extend(incident.component_impacts.iter().map(|impact| {
        let (start, end) = (impact.started_at, impact.ended_at);
        let status = impact.status.file_name().replace('_', " ");
        format!("{} had the status {status} from {start} to {end}.", impact.component)
    }));
    sentences.extend(incident.posts.iter().filter_map(|post| {
        let next = post.next_update_at?;
        Some(format!("The post of {} promises the next update until {next}.", post.at))
    }));
    if let Some(postmortem) = &incident.postmortem {
        let length = postmortem.body.chars().count();
        sentences.push(format!("A postmortem of {length} characters was published at {}.", postmortem.at));
    }
    for component in &timeline.components {
        if let Some(vendor) = &component.vendor {
            sentences.push(format!(
                "{} is a third-party component that follows {} of {}.",
                component.name, vendor.component, vendor.name
            ));
        }
        if !component.uptime.is_empty() {
            let months: Vec<String> = component
                .uptime
                .iter()
                .map(|it| format!("{} % of {}", it.percent, it.month.strftime("%Y-%m")))
                .collect();
            sentences.push(format!("{} was up {}.", component.name, months.join(", ")));
        }
    }
    sentences
}
