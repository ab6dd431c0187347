//! Promises of a next update.

use jiff::{SignedDuration, Timestamp};
use kit::ids::UpdateId;

use super::Incident;

/// So long before the next update is due, responders are reminded of it …
const LEAD: SignedDuration = SignedDuration::from_mins(5);

/// That there will be a next update, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Promise {
    /// Who made it.
    pub(crate) update_id: UpdateId,
    pub(crate) next_update_at: Timestamp,
}

impl Incident {
    /// The promise that stands: that of the latest update, none once it is resolved.
    pub(crate) fn promise(&self) -> Option<Promise> {
        let latest = self.updates.first()?;
        let next_update_at = self.standing.next_update_at?;
        Some(Promise { update_id: latest.update_id, next_update_at })
    }
}

/// When responders are reminded of a promise that is made now … or after half the time, if there is less than twice
/// that long.
pub(crate) fn remind_at(now: Timestamp, next_update_at: Timestamp) -> Timestamp {
    let left = next_update_at.duration_since(now).max(SignedDuration::ZERO);
    next_update_at.saturating_sub(LEAD.min(left / 2)).unwrap_or(now).max(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responders_are_reminded_five_minutes_before_or_after_half_of_a_short_time() {
        let now = Timestamp::constant(1_790_000_000, 0);
        for (promised, reminded) in
            [(60 * 60, 55 * 60), (10 * 60, 5 * 60), (8 * 60, 4 * 60), (2, 1), (0, 0), (-60, 0)]
        {
            let after = |seconds| now + SignedDuration::from_secs(seconds);
            assert_eq!(remind_at(now, after(promised)), after(reminded), "{promised}");
        }
    }
}
