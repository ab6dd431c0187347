//! When a delivery that was put off is tried again.

use jiff::SignedDuration;

/// After so long a delivery is given up.
pub(super) const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// The pauses after the first tries; the last one repeats.
const PAUSES: [SignedDuration; 5] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(15),
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(3),
];

/// The pause after the `attempt`-th try (1 is the first), moved by up to a fifth to either side: `jitter` is
/// from -1 to 1. Without it, all who were put off together would come back together.
#[must_use]
pub fn pause_after(attempt: i32, jitter: f64) -> SignedDuration {
    let index = usize::try_from(attempt.max(1) - 1).unwrap_or(0).min(PAUSES.len() - 1);
    let seconds = PAUSES[index].as_secs_f64() * (1.0 + 0.2 * jitter.clamp(-1.0, 1.0));
    SignedDuration::from_secs_f64(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_moved_by_a_fifth_at_most() {
        let minutes = |attempt, jitter| pause_after(attempt, jitter).as_secs_f64() / 60.0;
        assert_eq!(
            [1, 2, 3, 4, 5, 6, 99].map(|attempt| minutes(attempt, 0.0)),
            [1., 5., 15., 60., 180., 180., 180.]
        );
        assert_eq!(minutes(2, 1.0), 6.0);
        assert_eq!(minutes(2, -1.0), 4.0);
        assert_eq!(minutes(2, 50.0), 6.0);
    }
}
