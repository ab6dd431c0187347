//! The rows of the incidents package.

use pharos_tests::{at, mask, seconds_from_now};
use prost_reflect::prost::Message;
use proto::incidents::v1::{self as incidents, Phase};

use super::{
    Stranger::{self, NotFound, Own},
    Things,
};

/// What nothing has.
const OTHER_ETAG: &str = "4611686018427387904";

/// A good request for the RPC about tenant A's things, and what a stranger gets for it.
pub(super) fn example(method: &str, things: &Things) -> (Vec<u8>, Stranger) {
    let (service, verb) = method.trim_start_matches("incidents.v1.").split_once('/').unwrap();
    let request = match service {
        "ComponentService" => component_service(verb, things),
        "StatusHistoryService" => status_history_service(verb, things),
        "IncidentService" => incident_service(verb, things),
        "PostmortemService" => postmortem_service(verb, things),
        "MaintenanceService" => maintenance_service(verb, things),
        "TemplateService" => template_service(verb, things),
        "VendorService" => vendor_service(verb, things),
        "StatusService" => status_service(verb, things),
        "UptimeSettingsService" | "AuditService" => page_settings(verb, things),
        _ => None,
    };
    let request = request.unwrap_or_else(|| panic!("{method} has no row: say here what a good request is"));
    // The public's door names a page of anybody's, and a stranger sees what everybody sees.
    (request, if service == "StatusService" { Own } else { NotFound })
}

fn row(request: &impl Message) -> Option<Vec<u8>> {
    Some(request.encode_to_vec())
}

fn component_service(verb: &str, things: &Things) -> Option<Vec<u8>> {
    let page_id = things.page.id();
    let (component_id, component_group_id) = (things.component.clone(), things.group.clone());
    let (name, etag) = ("C".to_owned(), OTHER_ETAG.to_owned());
    match verb {
        "CreateComponent" => row(&incidents::CreateComponentRequest { page_id, name, ..Default::default() }),
        "GetComponent" => row(&incidents::GetComponentRequest { component_id }),
        "UpdateComponent" => row(&incidents::UpdateComponentRequest {
            component_id,
            update_mask: mask(&["name"]),
            name,
            ..Default::default()
        }),
        "DeleteComponent" => row(&incidents::DeleteComponentRequest { component_id, etag }),
        "ListComponents" => row(&incidents::ListComponentsRequest { page_id, ..Default::default() }),
        "ArrangeComponents" => {
            let item = Some(incidents::place::Item::ComponentId(component_id));
            let places = vec![incidents::Place { item, in_component_group_id: None }];
            row(&incidents::ArrangeComponentsRequest { page_id, places })
        }
        "CreateComponentGroup" => {
            row(&incidents::CreateComponentGroupRequest { page_id, name, ..Default::default() })
        }
        "UpdateComponentGroup" => row(&incidents::UpdateComponentGroupRequest {
            component_group_id,
            update_mask: mask(&["name"]),
            name,
            ..Default::default()
        }),
        "DeleteComponentGroup" => row(&incidents::DeleteComponentGroupRequest { component_group_id, etag }),
        "ListComponentGroups" => {
            row(&incidents::ListComponentGroupsRequest { page_id, ..Default::default() })
        }
        _ => None,
    }
}

fn status_history_service(verb: &str, things: &Things) -> Option<Vec<u8>> {
    let component_id = things.component.clone();
    match verb {
        "SetComponentStatus" => row(&incidents::SetComponentStatusRequest {
            component_id,
            status: incidents::ComponentStatus::DegradedPerformance.into(),
        }),
        "RecordStatusInterval" => row(&incidents::RecordStatusIntervalRequest {
            component_id,
            status: incidents::ComponentStatus::PartialOutage.into(),
            started_at: Some(at("2026-02-01T00:00:00Z")),
            ended_at: Some(at("2026-02-01T01:00:00Z")),
            ..Default::default()
        }),
        "RetractStatusInterval" => {
            row(&incidents::RetractStatusIntervalRequest { status_interval_id: things.interval.clone() })
        }
        "ListStatusIntervals" => {
            row(&incidents::ListStatusIntervalsRequest { component_id, ..Default::default() })
        }
        _ => None,
    }
}

fn incident_service(verb: &str, things: &Things) -> Option<Vec<u8>> {
    let page_id = things.page.id();
    let (incident_id, update_id) = (things.incident.clone(), things.update.clone());
    let (title, body, phase) = ("T".to_owned(), "B".to_owned(), Phase::Resolved.into());
    let (notify, etag) = (Some(false), OTHER_ETAG.to_owned());
    match verb {
        "CreateIncident" => row(&incidents::CreateIncidentRequest {
            page_id,
            title,
            phase,
            body,
            notify,
            ..Default::default()
        }),
        "UpdateIncident" => row(&incidents::UpdateIncidentRequest {
            incident_id,
            update_mask: mask(&["title"]),
            title,
            ..Default::default()
        }),
        "DeleteIncident" => row(&incidents::DeleteIncidentRequest { incident_id, etag }),
        "GetIncident" => row(&incidents::GetIncidentRequest { incident_id }),
        "ListIncidents" => row(&incidents::ListIncidentsRequest { page_id, ..Default::default() }),
        "PostUpdate" => {
            row(&incidents::PostUpdateRequest { incident_id, phase, body, notify, ..Default::default() })
        }
        "EditUpdate" => row(&incidents::EditUpdateRequest {
            update_id,
            update_mask: mask(&["body"]),
            body,
            ..Default::default()
        }),
        // Both are of an update that is published: the one changes nothing then, the other is refused.
        "PublishUpdate" => row(&incidents::PublishUpdateRequest { update_id, ..Default::default() }),
        "DiscardUpdate" => row(&incidents::DiscardUpdateRequest { update_id }),
        "ListRevisions" => row(&incidents::ListRevisionsRequest { update_id }),
        _ => None,
    }
}

fn postmortem_service(verb: &str, things: &Things) -> Option<Vec<u8>> {
    let incident_id = things.incident.clone();
    match verb {
        "WritePostmortem" => row(&incidents::WritePostmortemRequest {
            incident_id,
            body: "It was slow.".into(),
            ..Default::default()
        }),
        "PublishPostmortem" => {
            row(&incidents::PublishPostmortemRequest { incident_id, ..Default::default() })
        }
        "UnpublishPostmortem" => row(&incidents::UnpublishPostmortemRequest { incident_id }),
        "GetPostmortem" => row(&incidents::GetPostmortemRequest { incident_id }),
        _ => None,
    }
}

fn maintenance_service(verb: &str, things: &Things) -> Option<Vec<u8>> {
    let (page_id, maintenance_id) = (things.page.id(), things.maintenance.clone());
    let (title, body, notify) = ("T".to_owned(), "B".to_owned(), Some(false));
    match verb {
        "CreateMaintenance" => row(&incidents::CreateMaintenanceRequest {
            page_id,
            title,
            body,
            scheduled_start_at: Some(seconds_from_now(3600)),
            scheduled_end_at: Some(seconds_from_now(7200)),
            notify,
            ..Default::default()
        }),
        "UpdateMaintenance" => row(&incidents::UpdateMaintenanceRequest {
            maintenance_id,
            update_mask: mask(&["title"]),
            title,
            ..Default::default()
        }),
        "PostMaintenanceUpdate" => row(&incidents::PostMaintenanceUpdateRequest {
            maintenance_id,
            phase: incidents::MaintenancePhase::Scheduled.into(),
            body,
            notify,
            ..Default::default()
        }),
        "DeleteMaintenance" => {
            row(&incidents::DeleteMaintenanceRequest { maintenance_id, etag: OTHER_ETAG.into() })
        }
        "GetMaintenance" => row(&incidents::GetMaintenanceRequest { maintenance_id }),
        "ListMaintenances" => row(&incidents::ListMaintenancesRequest { page_id, ..Default::default() }),
        _ => None,
    }
}

fn template_service(verb: &str, things: &Things) -> Option<Vec<u8>> {
    let (page_id, template_id) = (things.page.id(), things.template.clone());
    match verb {
        "CreateTemplate" => row(&incidents::CreateTemplateRequest {
            page_id,
            name: "T".into(),
            kind: incidents::TemplateKind::Incident.into(),
            body: "B".into(),
            ..Default::default()
        }),
        "UpdateTemplate" => row(&incidents::UpdateTemplateRequest {
            template_id,
            update_mask: mask(&["name"]),
            name: "T".into(),
            ..Default::default()
        }),
        "DeleteTemplate" => row(&incidents::DeleteTemplateRequest { template_id, etag: OTHER_ETAG.into() }),
        "GetTemplate" => row(&incidents::GetTemplateRequest { template_id }),
        "ListTemplates" => row(&incidents::ListTemplatesRequest { page_id, ..Default::default() }),
        "RenderTemplate" => row(&incidents::RenderTemplateRequest { template_id, values: Vec::new() }),
        _ => None,
    }
}

fn vendor_service(verb: &str, things: &Things) -> Option<Vec<u8>> {
    let (page_id, vendor_id) = (things.page.id(), things.vendor.clone());
    match verb {
        "CreateVendor" => row(&incidents::CreateVendorRequest {
            page_id,
            name: "V".into(),
            url: "https://status.example".into(),
            format: incidents::VendorFormat::Instatus.into(),
            ..Default::default()
        }),
        "DeleteVendor" => row(&incidents::DeleteVendorRequest { vendor_id: things.spare_vendor() }),
        "ListVendors" => row(&incidents::ListVendorsRequest { page_id }),
        "ListVendorComponents" => row(&incidents::ListVendorComponentsRequest { vendor_id }),
        _ => None,
    }
}

fn status_service(verb: &str, things: &Things) -> Option<Vec<u8>> {
    let page_id = things.page.id();
    match verb {
        "GetPage" => {
            row(&incidents::GetPageRequest { page: Some(incidents::get_page_request::Page::PageId(page_id)) })
        }
        "ListHistory" => row(&incidents::ListHistoryRequest { page_id, ..Default::default() }),
        "GetIncident" => {
            row(&incidents::StatusServiceGetIncidentRequest { page_id, incident_id: things.incident.clone() })
        }
        "GetMaintenance" => row(&incidents::StatusServiceGetMaintenanceRequest {
            page_id,
            maintenance_id: things.maintenance.clone(),
        }),
        "ListIncidents" => {
            row(&incidents::StatusServiceListIncidentsRequest { page_id, ..Default::default() })
        }
        "ListMaintenances" => {
            row(&incidents::StatusServiceListMaintenancesRequest { page_id, ..Default::default() })
        }
        "FindStory" => {
            let incident = things.incident.parse::<kit::ids::IncidentId>().unwrap();
            let code = kit::code::Code::of(incident.uuid()).to_string();
            row(&incidents::FindStoryRequest { page_id, code })
        }
        "GetUptime" => row(&incidents::GetUptimeRequest { page_id, ..Default::default() }),
        "WatchPage" => row(&incidents::WatchPageRequest { page_id, after_version: 0 }),
        _ => None,
    }
}

fn page_settings(verb: &str, things: &Things) -> Option<Vec<u8>> {
    let page_id = things.page.id();
    match verb {
        "GetUptimeWeights" => row(&incidents::GetUptimeWeightsRequest { page_id }),
        "UpdateUptimeWeights" => row(&incidents::UpdateUptimeWeightsRequest {
            page_id,
            partial_outage_percent: 50,
            major_outage_percent: 100,
        }),
        "ListAuditEntries" => row(&incidents::ListAuditEntriesRequest { page_id, ..Default::default() }),
        _ => None,
    }
}
