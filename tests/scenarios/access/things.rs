//! What tenant A has that others must not get at.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use kit::{Clock, ids};
use pharos_tests::{Cluster, PageOf, seconds_from_now};
use proto::incidents::v1::{
    ComponentStatus, CreateMaintenanceRequest, CreateTemplateRequest, Phase, TemplateKind, VendorFormat,
};

/// More than there are calls that delete one.
const SPARE_VENDORS: usize = 16;

/// Their ids.
#[derive(Clone)]
pub(super) struct Things {
    pub(super) page: PageOf,
    pub(super) component: String,
    pub(super) group: String,
    pub(super) interval: String,
    /// Resolved, and with a draft of a report.
    pub(super) incident: String,
    /// Its first, published.
    pub(super) update: String,
    pub(super) maintenance: String,
    pub(super) template: String,
    pub(super) vendor: String,
    spare_vendors: Vec<String>,
    taken: Arc<AtomicUsize>,
    pub(super) broadcast: String,
    /// Nobody's.
    pub(super) subscriber: String,
}

impl Things {
    pub(super) async fn of_a_new_company(cluster: &Cluster) -> Self {
        let page = cluster.company("Acme").await.page("acme").await;
        page.confirmed(cluster, "ada@example.net").await;
        let component = page.component("API").await;
        let (from, to) = ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z");
        let interval = page.was(&component, ComponentStatus::MajorOutage, from, to).await;
        let incident = page.incident("Slow", &[]).await;
        let broadcast = page.completed_broadcast(&incident.first.update_id).await.broadcast_id;
        incident.post(Phase::Resolved, "Over.").await;
        incident.write_postmortem("It was slow.").await;
        let maintenance = CreateMaintenanceRequest {
            title: "Work".into(),
            body: "We work.".into(),
            scheduled_start_at: Some(seconds_from_now(3600)),
            scheduled_end_at: Some(seconds_from_now(7200)),
            notify: Some(false),
            ..Default::default()
        };
        let template = CreateTemplateRequest {
            name: "Slow".into(),
            kind: TemplateKind::Incident.into(),
            title: "Slow".into(),
            body: "It is slow.".into(),
            ..Default::default()
        };
        let mut vendors = Vec::new();
        for number in 0..=SPARE_VENDORS {
            let url = format!("https://status{number}.example");
            let vendor = page.vendor(&format!("Vendor {number}"), &url, VendorFormat::Statuspage).await;
            vendors.push(vendor.vendor_id);
        }
        Self {
            component: component.component_id,
            group: page.group("Shop").await.component_group_id,
            interval: interval.status_interval_id,
            incident: incident.incident_id,
            update: incident.first.update_id,
            maintenance: page.maintenance_with(maintenance).await.maintenance_id,
            template: page.template(template).await.template_id,
            vendor: vendors.remove(0),
            spare_vendors: vendors,
            taken: Arc::default(),
            broadcast,
            subscriber: ids::SubscriberId::new(&Clock::system()).to_string(),
            page,
        }
    }

    /// The same with ids that nothing has.
    pub(super) fn random(&self) -> Self {
        let clock = Clock::system();
        let mut page = self.page.clone();
        page.page.page_id = ids::PageId::new(&clock).to_string();
        let vendor = ids::VendorId::new(&clock).to_string();
        Self {
            page,
            component: ids::ComponentId::new(&clock).to_string(),
            group: ids::ComponentGroupId::new(&clock).to_string(),
            interval: ids::StatusIntervalId::new(&clock).to_string(),
            incident: ids::IncidentId::new(&clock).to_string(),
            update: ids::UpdateId::new(&clock).to_string(),
            maintenance: ids::MaintenanceId::new(&clock).to_string(),
            template: ids::TemplateId::new(&clock).to_string(),
            spare_vendors: vec![vendor.clone()],
            vendor,
            taken: Arc::default(),
            broadcast: ids::BroadcastId::new(&clock).to_string(),
            subscriber: self.subscriber.clone(),
        }
    }

    /// A vendor that nobody has deleted yet: it can be done only once.
    pub(super) fn spare_vendor(&self) -> String {
        let next = self.taken.fetch_add(1, Ordering::Relaxed);
        self.spare_vendors[next % self.spare_vendors.len()].clone()
    }
}
