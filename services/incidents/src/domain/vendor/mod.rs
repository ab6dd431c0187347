//! Vendors: companies whose status pages are read, and what follows from a reading.
//!
//! What was not read changes no status: a page that cannot be had or understood leaves everything as it was, and a
//! component that it lists no more keeps the status it had.

mod formats;

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use kit::ids::{ComponentId, PageId, VendorId};

use super::{ComponentStatus, Spell, StatusInterval};

pub(crate) use formats::Unreadable;

/// So many vendors a page may have.
pub(crate) const VENDORS_PER_PAGE: u16 = 100;
/// So many components of a vendor are kept.
pub(crate) const COMPONENTS_PER_VENDOR: usize = 2000;

/// How a vendor's page tells its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "incidents.vendor_format", rename_all = "snake_case")]
pub(crate) enum VendorFormat {
    Statuspage,
    IncidentIo,
    Instatus,
}

impl VendorFormat {
    /// Which components a page of this kind names.
    pub(crate) fn names(self) -> Named {
        match self {
            Self::Statuspage | Self::Instatus => Named::All,
            Self::IncidentIo => Named::Troubled,
        }
    }
}

/// A company whose status page is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vendor {
    pub(crate) vendor_id: VendorId,
    pub(crate) page_id: PageId,
    /// One trimmed line, 1 to 100 characters.
    pub(crate) name: String,
    /// The address of its status page, without a slash at the end; up to 500 characters.
    pub(crate) url: String,
    pub(crate) format: VendorFormat,
    pub(crate) last_reading: LastReading,
    pub(crate) created_at: Timestamp,
}

/// How reading a vendor's page went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LastReading {
    /// When the page was last read.
    pub(crate) heard_at: Option<Timestamp>,
    /// Since when reading it fails.
    pub(crate) failing_since: Option<Timestamp>,
    /// Why the last reading failed, in a sentence of up to 300 characters; empty if it did not.
    pub(crate) problem: String,
}

/// A component of a vendor's page, as it was when it was last there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VendorComponent {
    /// 1 to 200 characters.
    pub(crate) vendor_component_id: String,
    /// Where it stands; smallest first.
    pub(crate) place: i32,
    /// One trimmed line, 1 to 200 characters.
    pub(crate) name: String,
    /// Up to 200 characters; empty if it stands in no group.
    pub(crate) group_name: String,
    pub(crate) status: ComponentStatus,
    /// When the page last listed it, if the last reading found it there no more.
    pub(crate) missing_since: Option<Timestamp>,
}

/// A component as a reading found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) vendor_component_id: String,
    pub(crate) name: String,
    pub(crate) group_name: String,
    pub(crate) status: ComponentStatus,
}

/// What a page that was read and understood says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listing {
    /// In the vendor's order, each id once.
    pub(crate) components: Vec<Listed>,
    /// The ids of components that are there, but with a status that means nothing to us.
    pub(crate) unreadable: BTreeSet<String>,
    pub(crate) names: Named,
}

/// Which components a page names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    All,
    /// Those that are not operational: one that a page does not name is well, and so are those that it never named.
    Troubled,
}

impl Listing {
    /// Reads an answer of a vendor's page.
    ///
    /// # Errors
    /// If it is not what such a page answers.
    pub(crate) fn read(format: VendorFormat, answer: &[u8]) -> Result<Self, Unreadable> {
        formats::read(format, answer)
    }
}

/// A vendor's page as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct VendorPage {
    pub(crate) last_reading: LastReading,
    pub(crate) components: Vec<VendorComponent>,
}

impl VendorPage {
    /// What is known after a reading that went well.
    pub(crate) fn heard(&self, listing: &Listing, now: Timestamp) -> Self {
        let listed =
            listing.components.iter().map(|it| it.vendor_component_id.as_str()).collect::<HashSet<_>>();
        let last_heard_at = self.last_reading.heard_at.unwrap_or(now);
        let unlisted =
            self.components.iter().filter(|known| !listed.contains(known.vendor_component_id.as_str())).map(
                |known| match listing.names {
                    Named::Troubled if !listing.unreadable.contains(&known.vendor_component_id) => {
                        VendorComponent {
                            status: ComponentStatus::Operational,
                            missing_since: None,
                            ..known.clone()
                        }
                    }
                    Named::All | Named::Troubled => VendorComponent {
                        missing_since: Some(known.missing_since.unwrap_or(last_heard_at)),
                        ..known.clone()
                    },
                },
            );
        let mut components = match listing.names {
            Named::All => placed(listing, 0..),
            // The page gives no order of all: what is new comes last.
            Named::Troubled => {
                let places = self
                    .components
                    .iter()
                    .map(|known| (known.vendor_component_id.as_str(), known.place))
                    .collect::<HashMap<_, _>>();
                let next = places.values().max().map_or(0, |last| last.saturating_add(1));
                let mut listed = placed(listing, next..);
                for component in &mut listed {
                    if let Some(place) = places.get(component.vendor_component_id.as_str()) {
                        component.place = *place;
                    }
                }
                listed
            }
        };
        components.extend(unlisted);
        // What is there before what is gone, and what is gone longest last: that is forgotten first.
        components.sort_by_key(|it| (it.missing_since.map(|since| now.duration_since(since)), it.place));
        components.truncate(COMPONENTS_PER_VENDOR);
        let last_reading = LastReading { heard_at: Some(now), failing_since: None, problem: String::new() };
        Self { last_reading, components }
    }

    /// What is known after a reading that failed.
    pub(crate) fn failed(&self, problem: String, now: Timestamp) -> Self {
        let failing_since = Some(self.last_reading.failing_since.unwrap_or(now));
        let last_reading = LastReading { heard_at: self.last_reading.heard_at, failing_since, problem };
        Self { last_reading, components: self.components.clone() }
    }

    /// The component that is meant by an id or, if none has such an id, by a name.
    pub(crate) fn find(&self, followed: &str) -> Option<&VendorComponent> {
        let by_id = self.components.iter().find(|it| it.vendor_component_id == followed);
        by_id.or_else(|| {
            let named = self.components.iter().filter(|it| it.name == followed);
            named.min_by_key(|it| (it.missing_since.is_some(), it.place))
        })
    }

    /// What readers see of a component that follows this one: its status and its group, if it was ever there, and
    /// whether it is heard of. Before the first reading there is nothing to miss.
    pub(crate) fn shown(&self, followed: &str, names: Named) -> (Option<(ComponentStatus, &str)>, bool) {
        let LastReading { heard_at, failing_since, .. } = &self.last_reading;
        let found = self.find(followed);
        let is_there = found.map_or(names == Named::Troubled, |it| it.missing_since.is_none());
        let is_heard = failing_since.is_none() && (is_there || heard_at.is_none());
        (found.map(|it| (it.status, it.group_name.as_str())), is_heard)
    }

    /// What the last reading says of the component that is meant, if it went well and had it.
    pub(crate) fn says(&self, followed: &str) -> Option<ComponentStatus> {
        let found = self.find(followed).filter(|it| it.missing_since.is_none());
        found.filter(|_| self.last_reading.failing_since.is_none()).map(|it| it.status)
    }
}

/// The listed components with these places, as many as there are of them.
fn placed(listing: &Listing, places: impl Iterator<Item = i32>) -> Vec<VendorComponent> {
    let placed = listing.components.iter().zip(places).map(|(listed, place)| VendorComponent {
        vendor_component_id: listed.vendor_component_id.clone(),
        place,
        name: listed.name.clone(),
        group_name: listed.group_name.clone(),
        status: listed.status,
        missing_since: None,
    });
    placed.collect()
}

/// What the history has to say when a vendor says this of components that follow it from now on. Only what is open is
/// at stake: it goes on if it says the same, and else it ends.
pub(crate) fn follow(
    open: &[StatusInterval],
    said: &[(ComponentId, ComponentStatus)],
    now: Timestamp,
) -> Vec<Spell> {
    let wanted = said.iter().copied().collect::<HashMap<_, _>>();
    let mut spells = Vec::with_capacity(open.len() + said.len());
    let mut goes_on = HashSet::new();
    for interval in open {
        let spell = interval.spell;
        let is_said = wanted.get(&spell.component_id) == Some(&spell.status);
        if is_said && goes_on.insert(spell.component_id) {
            spells.push(spell);
        } else {
            // An interval is never empty, however fast the news.
            let earliest = spell.started_at.saturating_add(SignedDuration::from_micros(1)).unwrap_or(now);
            spells.push(Spell { ended_at: Some(now.max(earliest)), ..spell });
        }
    }
    let begins = said.iter().filter(|(component, status)| {
        *status != ComponentStatus::Operational && !goes_on.contains(component)
    });
    spells.extend(begins.map(|(component_id, status)| Spell {
        component_id: *component_id,
        status: *status,
        started_at: now,
        ended_at: None,
    }));
    spells
}

#[cfg(test)]
mod tests;
