//! Templates: texts prepared for incidents and maintenances, with placeholders to be filled in.

mod render;
mod text;

use jiff::Timestamp;
use kit::ids::{PageId, TemplateId};

use super::{Affected, Phase};

pub(crate) use render::{PlaceholderValue, Unfit};
pub(crate) use text::Text;

/// So many templates a page may have.
pub(crate) const TEMPLATES_PER_PAGE: u16 = 200;
/// So many placeholders a template may have.
pub(crate) const PLACEHOLDERS_PER_TEMPLATE: usize = 50;

/// What a template is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "incidents.template_kind", rename_all = "snake_case")]
pub(crate) enum TemplateKind {
    Incident,
    Maintenance,
}

/// A text prepared for incidents or maintenances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) template_id: TemplateId,
    pub(crate) page_id: PageId,
    /// One trimmed line, 1 to 100 characters.
    pub(crate) name: String,
    pub(crate) kind: TemplateKind,
    /// One trimmed line, up to 200 characters.
    pub(crate) title: Text,
    /// Up to 25,000 characters.
    pub(crate) body: Text,
    /// The phase it suggests; only for incidents.
    pub(crate) phase: Option<Phase>,
    /// The components it suggests; for maintenances all under maintenance, for incidents none.
    pub(crate) affected: Vec<Affected>,
    /// Grows with each change.
    pub(crate) revision: i64,
    pub(crate) created_at: Timestamp,
}

impl Template {
    /// The names of its placeholders, each once, in the order in which they first occur.
    pub(crate) fn placeholders(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for name in self.title.names().chain(self.body.names()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}
