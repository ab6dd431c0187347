//! Maintenances with their story.

use kit::markdown::Title;
use proto::incidents::v1::Maintenance;

use super::{
    Mark, Moment, PageHead, Window, moment,
    names::Names,
    story::{self, UpdateView},
};

/// A maintenance with its story.
#[derive(Debug)]
pub(crate) struct MaintenanceView {
    /// Its place below the page's: `maintenances/mnt_…`.
    pub(crate) place: String,
    pub(crate) title: String,
    /// The language of its texts if it is not the page's.
    pub(crate) language: String,
    pub(crate) phase: Mark,
    /// When it is planned.
    pub(crate) planned: Option<Window>,
    pub(crate) started: Option<Moment>,
    pub(crate) ended: Option<Moment>,
    pub(crate) lasted: Option<String>,
    /// The components it works on, by name.
    pub(crate) names: String,
    /// The newest first.
    pub(crate) updates: Vec<UpdateView>,
    /// "See all 101 updates", if some are left out.
    pub(crate) all_updates: Option<String>,
}

impl MaintenanceView {
    /// A maintenance among others, on the front of a page.
    pub(super) fn on_front(head: &PageHead, names: &Names, maintenance: Maintenance) -> Self {
        Self::new(head, names, maintenance, Title::H3, super::names::FEW)
    }

    /// A maintenance by itself, with all that it tells.
    pub(super) fn alone(head: &PageHead, names: &Names, maintenance: Maintenance) -> Self {
        Self::new(head, names, maintenance, Title::H2, usize::MAX)
    }

    /// Its updates stand under `title`, and at most `most_names` of its components are named.
    fn new(
        head: &PageHead,
        names: &Names,
        maintenance: Maintenance,
        title: Title,
        most_names: usize,
    ) -> Self {
        let updates = (0..maintenance.updates.len()).map(|n| {
            UpdateView::of_maintenance(head, title, &maintenance.updates[n], maintenance.updates.get(n + 1))
        });
        let told = maintenance.updates.len();
        Self {
            updates: updates.collect(),
            all_updates: story::all_updates(head.texts, told, maintenance.earlier_updates, told),
            place: place(&maintenance),
            phase: Mark::maintenance(maintenance.phase(), head.texts),
            planned: planned(head, &maintenance),
            started: head.zone.told(maintenance.started_at.as_ref()),
            ended: head.zone.told(maintenance.ended_at.as_ref()),
            lasted: moment::lasted(
                head.texts,
                maintenance.started_at.as_ref(),
                maintenance.ended_at.as_ref(),
            )
            .map(|span| head.texts.say_of("lasted", &span)),
            names: names.listed(maintenance.component_ids.iter().map(String::as_str), most_names, head.texts),
            language: story::foreign(head, maintenance.language),
            title: maintenance.title,
        }
    }
}

/// The place of a maintenance below its page's.
pub(super) fn place(maintenance: &Maintenance) -> String {
    format!("maintenances/{}", maintenance.maintenance_id)
}

/// When it is planned to begin and to end.
pub(super) fn planned(head: &PageHead, maintenance: &Maintenance) -> Option<Window> {
    head.zone.window(maintenance.scheduled_start_at.as_ref(), maintenance.scheduled_end_at.as_ref())
}
