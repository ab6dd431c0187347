//! The script of a replay: a company, its page, who listens, and the posts of one incident.
//!
//! The format is described field by field in `timelines/README.md`; the incidents told in that folder
//! happened.

mod check;
mod downtime;
mod requests;
mod scalars;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt};

use jiff::civil::Date;
use proto::{
    Violation,
    incidents::v1::{ComponentStatus, Phase, VendorFormat},
};
use serde::Deserialize;

pub use scalars::Moment;

/// One company and one incident of it, checked against the contracts' limits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeline {
    /// The company's name: one line, 1 to 100 characters.
    pub company: String,
    /// Its page.
    pub page: Page,
    /// Headings of the page, up to 200; each has a component under it.
    #[serde(default)]
    pub groups: Vec<String>,
    /// The page's components, up to 2,000, in the order they are shown; a group stands where its first
    /// component does.
    #[serde(default)]
    pub components: Vec<Component>,
    /// Who hears of it.
    #[serde(default)]
    pub subscribers: Vec<Subscriber>,
    /// What happened.
    pub incident: Incident,
}

/// The page that the incident is told on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// 3 to 63 small letters, digits and hyphens, no hyphen at either end.
    pub slug: String,
    /// The name readers see: one line, 1 to 64 characters.
    pub name: String,
    /// The page's language: `en`, `pt-BR`, `es`, `de`, `fr` or `ja`.
    pub locale: String,
    /// An IANA time zone; every time of the file carries this zone's offset.
    pub time_zone: String,
}

/// A part of the product that readers know by name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// The name readers see: one line, 1 to 100 characters, given once on the page.
    pub name: String,
    /// What it is: one line, up to 500 characters.
    #[serde(default)]
    pub description: String,
    /// The heading it stands under, one of [`Timeline::groups`].
    pub group: Option<String>,
    /// Set for a third-party component: whose page it follows.
    pub vendor: Option<Vendor>,
    /// How much of past months it was up, each month once.
    #[serde(default)]
    pub uptime: Vec<Uptime>,
}

/// What a third-party component follows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// The vendor's name: one line, 1 to 100 characters. Who has the same name is the same vendor.
    pub name: String,
    /// The address of its status page: `https`, without user, query and fragment, up to 500 characters.
    pub url: String,
    /// How that page tells its status.
    #[serde(deserialize_with = "scalars::named")]
    pub format: VendorFormat,
    /// The component of the vendor's page, by its id or its name there: one line, 1 to 200 characters.
    pub component: String,
}

/// The part of a month that a component was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uptime {
    /// The month's first day; `2025-09` in the file.
    #[serde(deserialize_with = "scalars::month")]
    pub month: Date,
    /// Hundredths of a percent of the month, rounded down: 9998 is 99.98 %, `percent: 99.98` in the file.
    #[serde(rename = "percent", deserialize_with = "scalars::hundredths")]
    pub hundredths_of_percent: i64,
}

/// An address that wants to hear of the page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscriber {
    /// The address: ASCII, at most 254 characters, 64 before the `@`.
    pub email: String,
    /// The language of its mails, as of the page; the page's if absent.
    pub locale: Option<String>,
}

/// An incident in the order it was told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// The headline: one line, 1 to 200 characters.
    pub title: String,
    /// The language of the texts as a BCP 47 tag, where it is not the page's.
    pub language: Option<String>,
    /// The company itself entered it after the fact.
    #[serde(default)]
    pub backfilled: bool,
    /// When customers began to be hurt, whatever the posts' times.
    pub impact_started_at: Option<Moment>,
    /// When customers ceased to be hurt.
    pub impact_ended_at: Option<Moment>,
    /// When single components were hurt, where the report tells that.
    #[serde(default)]
    pub component_impacts: Vec<ComponentImpact>,
    /// Up to 500 posts, each later than the one before; none only if both ends of the impact are known.
    #[serde(default)]
    pub posts: Vec<Post>,
    /// The report after; only of an incident that is over.
    pub postmortem: Option<Postmortem>,
}

/// How a component was from one moment to another.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComponentImpact {
    /// The name of one of [`Timeline::components`].
    pub component: String,
    /// How it was; worse than operational.
    #[serde(deserialize_with = "scalars::named")]
    pub status: ComponentStatus,
    /// From when on.
    pub started_at: Moment,
    /// Until when.
    pub ended_at: Moment,
}

/// One incident update.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Post {
    /// When it was posted.
    pub at: Moment,
    /// The phase it puts the incident in.
    #[serde(deserialize_with = "scalars::named")]
    pub phase: Phase,
    /// What it tells, as CommonMark: 1 to 25,000 characters.
    pub body: String,
    /// Names of [`Timeline::components`], each with its status from then on.
    #[serde(default, deserialize_with = "scalars::statuses")]
    pub affected: BTreeMap<String, ComponentStatus>,
    /// Until when the next post is promised.
    pub next_update_at: Option<Moment>,
}

/// The report after an incident.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Postmortem {
    /// When it was published; later than the last post, or than the end of the impact if there is none.
    pub at: Moment,
    /// The report, as CommonMark: 1 to 100,000 characters.
    pub body: String,
}

impl Timeline {
    /// Reads a timeline file and checks it against the contracts.
    ///
    /// # Errors
    /// [`TimelineError::Shape`] at the first place that is not YAML of this format, with its line;
    /// [`TimelineError::Facts`] with every field whose value cannot be.
    pub fn parse(text: &str) -> Result<Self, TimelineError> {
        let timeline: Self =
            serde_saphyr::from_str(text).map_err(|error| TimelineError::Shape(error.into()))?;
        let violations = check::violations(&timeline);
        if violations.is_empty() { Ok(timeline) } else { Err(TimelineError::Facts(violations)) }
    }
}

/// Why a file is not a timeline.
#[derive(Debug, thiserror::Error)]
pub enum TimelineError {
    /// Not YAML, a key too many or too few, or a value that cannot be read.
    #[error("{0}")]
    Shape(Box<serde_saphyr::Error>),
    /// It reads well, but some fields cannot be; never empty.
    #[error("{}", Lines(.0))]
    Facts(Vec<Violation>),
}

struct Lines<'a>(&'a [Violation]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{}: {}", violation.field, violation.description)?;
        }
        Ok(())
    }
}
