//! Deadlines: read from a call, kept while it is handled, and passed on with every call made meanwhile.
//!
//! tonic applies `grpc-timeout` only in its own server and never passes a deadline on.

use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;

/// No handler runs longer than this.
pub const LIMIT: Duration = Duration::from_secs(10);
/// What is kept back of the caller's time, for the way home.
const MARGIN: Duration = Duration::from_millis(20);

tokio::task_local! {
    static DEADLINE: Instant;
}

/// Runs a handler that must answer within `limit`; calls it makes inherit what is left of it.
pub async fn within<F: Future>(limit: Duration, handler: F) -> F::Output {
    DEADLINE.scope(Instant::now() + limit, handler).await
}

/// How much time a call made now has: what is left of the handler's, and never more than [`LIMIT`].
#[must_use]
pub fn remaining() -> Duration {
    DEADLINE
        .try_with(|deadline| deadline.saturating_duration_since(Instant::now()).saturating_sub(MARGIN))
        .unwrap_or(LIMIT)
        .min(LIMIT)
}

/// The time that a caller gives, from `grpc-timeout`
/// (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>): at most 8 digits and a unit.
#[must_use]
pub fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_read_in_every_unit_and_nothing_else_is_one() {
        let read = |text: &str| {
            asked(&HeaderMap::from_iter([("grpc-timeout".parse().unwrap(), text.parse().unwrap())]))
        };
        assert_eq!(read("2H"), Some(Duration::from_secs(7200)));
        assert_eq!(read("3M"), Some(Duration::from_secs(180)));
        assert_eq!(read("4S"), Some(Duration::from_secs(4)));
        assert_eq!(read("5m"), Some(Duration::from_millis(5)));
        assert_eq!(read("6u"), Some(Duration::from_micros(6)));
        assert_eq!(read("99999999n"), Some(Duration::from_nanos(99_999_999)));
        for bad in ["", "S", "123456789S", "-1S", "+1S", "1", "1s", "1 S"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[tokio::test]
    async fn a_call_made_by_a_handler_has_less_time_than_the_handler() {
        assert_eq!(remaining(), LIMIT);
        let left = within(Duration::from_secs(2), async { remaining() }).await;
        assert!(left < Duration::from_secs(2) && left > Duration::from_secs(1));
    }
}
