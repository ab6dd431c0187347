//! What a refresh token means when it comes back.

use jiff::{SignedDuration, Timestamp};

/// How long a refresh token is good if it is not used (`Session.refresh_expires_at`).
const REFRESH_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long after its use a refresh token still gets the same successor (`AccountService.RefreshSession`):
/// the reply may have been lost, or two windows of one browser came at once.
pub(crate) const REPEAT_WINDOW: SignedDuration = SignedDuration::from_secs(10);

/// When a refresh token that was made at this time ends.
pub(crate) fn refresh_expires_at(made_at: Timestamp) -> Timestamp {
    made_at.saturating_add(REFRESH_LIFETIME).unwrap_or(made_at)
}

/// What to do with a refresh token of a session that is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// It is the last one given out: swap it.
    Swap,
    /// It was swapped a moment ago, at this time: answer the same again.
    Repeat(Timestamp),
    /// It was swapped longer ago: two have it, and one of them is a thief.
    Stolen,
}

/// Judges a token that was given out in this session: whether it is the last one, and when it was used if
/// that is still on record.
pub(crate) fn judge(is_last: bool, used_at: Option<Timestamp>, now: Timestamp) -> Judgement {
    if is_last {
        return Judgement::Swap;
    }
    match used_at {
        Some(used_at) if now.duration_since(used_at) <= REPEAT_WINDOW => Judgement::Repeat(used_at),
        Some(_) | None => Judgement::Stolen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_token_is_repeated_for_10_seconds_and_stolen_after() {
        let used_at: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
        let after = |micros| judge(false, Some(used_at), used_at + SignedDuration::from_micros(micros));
        assert_eq!(after(0), Judgement::Repeat(used_at));
        assert_eq!(after(10_000_000), Judgement::Repeat(used_at));
        assert_eq!(after(10_000_001), Judgement::Stolen);
        // Another machine's clock may be ahead.
        assert_eq!(after(-1_000_000), Judgement::Repeat(used_at));
    }

    #[test]
    fn the_last_token_is_swapped_and_one_that_is_not_on_record_any_more_is_stolen() {
        let now = "2026-11-21T00:00:00Z".parse().unwrap();
        assert_eq!(judge(true, None, now), Judgement::Swap);
        assert_eq!(judge(false, None, now), Judgement::Stolen);
    }
}
