//! What the widget shows: a page at a glance, in the page's language.

use serde::Serialize;

use super::Source;
use crate::view::Mark;

/// A page at a glance.
#[derive(Debug, Serialize)]
pub(crate) struct Glance<'a> {
    name: &'a str,
    url: &'a str,
    language: &'a str,
    /// The name of a colour: `good` if all is well.
    tone: &'static str,
    text: String,
    stories: Vec<Story<'a>>,
    /// What the button that closes the widget is called.
    close: String,
}

/// What is going on.
#[derive(Debug, Serialize)]
struct Story<'a> {
    title: &'a str,
    url: String,
    text: String,
}

/// The page at a glance: its state, open incidents and maintenances being done.
pub(crate) fn glance(source: &Source) -> Glance<'_> {
    let Source { front, page, url, texts, .. } = source;
    let overall = Mark::overall(front.overall_status(), *texts);
    let incidents = front.open_incidents.iter().map(|incident| Story {
        title: &incident.title,
        url: format!("{url}/incidents/{}", incident.incident_id),
        text: Mark::phase(incident.phase(), *texts).text,
    });
    let maintenances = front.active_maintenances.iter().map(|maintenance| Story {
        title: &maintenance.title,
        url: format!("{url}/maintenances/{}", maintenance.maintenance_id),
        text: Mark::maintenance(maintenance.phase(), *texts).text,
    });
    Glance {
        name: &page.name,
        url,
        language: texts.tag(),
        tone: overall.tone.name(),
        text: overall.text,
        stories: incidents.chain(maintenances).collect(),
        close: texts.say("close"),
    }
}

#[cfg(test)]
mod tests {
    use proto::incidents::v1::{
        GetPageResponse, Incident, Maintenance, MaintenancePhase, OverallStatus, Phase, StatusPage,
    };

    use super::*;

    #[test]
    fn a_glance_tells_what_is_going_on_in_the_pages_language() {
        let page = StatusPage {
            name: "Acme".into(),
            slug: "acme".into(),
            locale: "de".into(),
            time_zone: "UTC".into(),
            ..StatusPage::default()
        };
        let incident = Incident {
            incident_id: "inc_1".into(),
            title: "</script>".into(),
            phase: Phase::Identified.into(),
            ..Incident::default()
        };
        let maintenance = Maintenance {
            maintenance_id: "mnt_1".into(),
            title: "Disks".into(),
            phase: MaintenancePhase::InProgress.into(),
            ..Maintenance::default()
        };
        let front = GetPageResponse {
            page: Some(page),
            overall_status: OverallStatus::MinorOutage.into(),
            open_incidents: vec![incident],
            active_maintenances: vec![maintenance],
            generated_at: Some(prost_types::Timestamp::default()),
            ..GetPageResponse::default()
        };
        let source = Source::new("https://status.example", front).unwrap();
        let told = serde_json::to_value(glance(&source)).unwrap();
        assert_eq!(told["tone"], "partial");
        assert_eq!(told["language"], "de");
        let urls = told["stories"].as_array().unwrap().iter().map(|story| story["url"].as_str().unwrap());
        let [incident, maintenance] = ["incidents/inc_1", "maintenances/mnt_1"]
            .map(|place| format!("https://status.example/p/acme/{place}"));
        assert_eq!(urls.collect::<Vec<_>>(), [incident, maintenance]);
        assert_eq!(told["stories"][0]["title"], "</script>");
    }
}
