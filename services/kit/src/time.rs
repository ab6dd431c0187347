//! Times on the wire.

use jiff::{Timestamp, fmt::rfc2822};

/// The earliest time that a request may name: before it, a year was mistyped.
pub const EARLIEST: Timestamp = Timestamp::constant(946_684_800, 0);

/// A time as `google.protobuf.Timestamp`.
#[must_use]
pub fn to_wire(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() }
}

/// The time that a request names; from 2000-01-01 to `latest`, cut to whole microseconds.
///
/// # Errors
/// A sentence that says what is wrong with it, for the field's violation.
pub fn from_wire(at: &prost_types::Timestamp, latest: Timestamp) -> Result<Timestamp, String> {
    if !(0..1_000_000_000).contains(&at.nanos) {
        return Err("must have nanos from 0 to 999,999,999".to_owned());
    }
    let parsed = Timestamp::new(at.seconds, at.nanos / 1000 * 1000)
        .map_err(|_| "must be a time between the years 2000 and 9999".to_owned())?;
    if parsed < EARLIEST {
        return Err("must not be before 2000-01-01T00:00:00Z".to_owned());
    }
    if parsed > latest {
        return Err(format!("must not be after {latest}"));
    }
    Ok(parsed)
}

/// A time as the headers of HTTP have it (RFC 9110, section 5.6.7).
#[must_use]
pub fn http_date(at: Timestamp) -> String {
    // it fails for times before the year 0, which no clock has
    rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_refused_on_either_side_of_its_limits() {
        let latest: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
        let wire = |seconds, nanos| prost_types::Timestamp { seconds, nanos };
        assert_eq!(from_wire(&to_wire(EARLIEST), latest), Ok(EARLIEST));
        assert_eq!(from_wire(&to_wire(latest), latest), Ok(latest));
        for bad in [
            wire(EARLIEST.as_second() - 1, 999_999_999),
            wire(latest.as_second(), 1000),
            wire(0, -1),
            wire(latest.as_second() - 1, 1_000_000_000),
            wire(i64::MAX, 0),
            wire(i64::MIN, 0),
        ] {
            assert!(from_wire(&bad, latest).is_err(), "{bad:?}");
        }
    }
}
