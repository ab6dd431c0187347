//! The scalars of a timeline file that are more than text.

use std::{collections::BTreeMap, fmt};

use jiff::{Timestamp, civil::Date, fmt::temporal::Pieces, tz::Offset};
use proto::incidents::v1::{ComponentStatus, Phase, VendorFormat};
use serde::{Deserialize, Deserializer, de::Error};

/// A moment as a report gives it: RFC 3339 with an offset, such as `2023-02-01T11:23:00-03:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    timestamp: Timestamp,
    offset: Offset,
}

impl Moment {
    /// The moment, wherever one is.
    #[must_use]
    pub const fn timestamp(self) -> Timestamp {
        self.timestamp
    }

    /// How far local time was from UTC, as the file says.
    #[must_use]
    pub const fn offset(self) -> Offset {
        self.offset
    }

    fn parse(text: &str) -> Option<Self> {
        let pieces = Pieces::parse(text).ok()?;
        // Pieces reads RFC 9557 too, whose zone in brackets would say the page's zone a second time.
        if pieces.time_zone_annotation().is_some() {
            return None;
        }
        let offset = pieces.to_numeric_offset()?;
        let timestamp = offset.to_timestamp(pieces.date().to_datetime(pieces.time()?)).ok()?;
        Some(Self { timestamp, offset })
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.timestamp.display_with_offset(self.offset))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is not an RFC 3339 time with offset: 2023-02-01T11:23:00-03:00"
            ))
        })
    }
}

/// An enum of the contracts whose values a file names by what sets them apart: `PHASE_RESOLVED` is `resolved`.
pub(super) trait ContractEnum: Copy + TryFrom<i32> {
    /// What the names of all values begin with.
    const PREFIX: &'static str;
    /// The value's whole name.
    fn contract_name(&self) -> &'static str;
    /// Whether an incident's file can say it.
    fn is_sayable(self) -> bool {
        true
    }

    /// The name that files use.
    fn file_name(self) -> String {
        self.contract_name().trim_start_matches(Self::PREFIX).to_ascii_lowercase()
    }

    /// All values that a file can say but the unspecified one, in the contract's order.
    fn values() -> impl Iterator<Item = Self> {
        // More than any of these enums will have, with room for numbers that were taken back.
        (1..100).filter_map(|number| Self::try_from(number).ok()).filter(|value| value.is_sayable())
    }
}

impl ContractEnum for Phase {
    const PREFIX: &'static str = "PHASE_";
    fn contract_name(&self) -> &'static str {
        self.as_str_name()
    }
}

impl ContractEnum for ComponentStatus {
    const PREFIX: &'static str = "COMPONENT_STATUS_";
    fn contract_name(&self) -> &'static str {
        self.as_str_name()
    }
    fn is_sayable(self) -> bool {
        // An incident puts nothing under maintenance.
        self != Self::UnderMaintenance
    }
}

impl ContractEnum for VendorFormat {
    const PREFIX: &'static str = "VENDOR_FORMAT_";
    fn contract_name(&self) -> &'static str {
        self.as_str_name()
    }
}

struct Named<T>(T);

impl<'de, T: ContractEnum> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        T::values().find(|value| value.file_name() == text).map(Self).ok_or_else(|| {
            let names: Vec<String> = T::values().map(ContractEnum::file_name).collect();
            D::Error::custom(format!("`{text}` is not one of: {}", names.join(", ")))
        })
    }
}

pub(super) fn named<'de, D: Deserializer<'de>, T: ContractEnum>(deserializer: D) -> Result<T, D::Error> {
    Named::deserialize(deserializer).map(|named| named.0)
}

pub(super) fn statuses<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, ComponentStatus>, D::Error> {
    let statuses = BTreeMap::<String, Named<ComponentStatus>>::deserialize(deserializer)?;
    Ok(statuses.into_iter().map(|(component, status)| (component, status.0)).collect())
}

pub(super) fn month<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    format!("{text}-01").parse().map_err(|_| D::Error::custom(format!("`{text}` is not a month as 2025-09")))
}

/// Percent with at most two decimals, as hundredths: floating point would not tell 99.78 from its neighbours.
pub(super) fn hundredths<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_hundredths(&text).ok_or_else(|| {
        D::Error::custom(format!("`{text}` is not a percentage from 0 to 100 with at most two decimals"))
    })
}

fn parse_hundredths(text: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "00"));
    let is_number = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !is_number(whole, 3) || !is_number(decimals, 2) {
        return None;
    }
    let hundredths = format!("{whole}{decimals:0<2}").parse().ok()?;
    (hundredths <= 10_000).then_some(hundredths)
}
