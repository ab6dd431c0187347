//! Names of time zones, as the IANA database spells them.

use std::sync::LazyLock;

use jiff::tz::TimeZoneDatabase;

/// The bundled database and never the machine's: every process must know the same names.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone's name, spelled as the IANA database spells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneName(String);

/// The database has no such zone.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a name of the IANA time zone database, such as America/Sao_Paulo, Europe/Berlin or UTC")]
pub struct UnknownTimeZone;

impl ZoneName {
    /// Reads a name in any spelling of capital and small letters.
    ///
    /// # Errors
    /// [`UnknownTimeZone`]
    pub fn parse(raw: &str) -> Result<Self, UnknownTimeZone> {
        let zone = ZONES.get(raw).map_err(|_| UnknownTimeZone)?;
        match zone.iana_name() {
            // Both stand for "nobody has set a zone" and tell a reader nothing.
            None | Some("Etc/Unknown" | "Factory") => Err(UnknownTimeZone),
            Some(name) => Ok(Self(name.to_owned())),
        }
    }

    /// The name, at most 64 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, at most 64 characters.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_spelled_as_the_database_does() {
        for (raw, spelled) in [
            ("america/sao_paulo", "America/Sao_Paulo"),
            ("EUROPE/BERLIN", "Europe/Berlin"),
            ("Asia/Kolkata", "Asia/Kolkata"),
            ("utc", "UTC"),
        ] {
            assert_eq!(ZoneName::parse(raw).unwrap().as_str(), spelled);
        }
    }

    #[test]
    fn what_is_not_a_zone_is_refused() {
        for bad in
            ["Mars/Olympus", "+02:00", "BRT", " Europe/Berlin", "Etc/Unknown", "Factory", "../etc/passwd"]
        {
            assert_eq!(ZoneName::parse(bad), Err(UnknownTimeZone), "{bad}");
        }
    }

    #[test]
    fn every_name_of_the_database_has_at_most_64_characters() {
        let longest = ZONES.available().map(|name| name.as_str().len()).max();
        assert!(longest.is_some_and(|length| (1..=64).contains(&length)), "{longest:?}");
    }
}
