//! How a delivery ends, by what the mail server said.

use jiff::{SignedDuration, Timestamp};

use crate::smtp::Verdict;

use super::retry::pause_after;

/// How a delivery ended, or where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "notifications.outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The mail server took the mail.
    Sent,
    /// Put off; it will be tried again.
    Deferred,
    /// Refused for good because of its address.
    Bounced,
    /// Not tried: the address must not be mailed.
    Suppressed,
    /// Not tried: something newer of the same thread took its place.
    Superseded,
    /// Given up.
    Abandoned,
}

impl Outcome {
    /// Its name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Deferred => "deferred",
            Self::Bounced => "bounced",
            Self::Suppressed => "suppressed",
            Self::Superseded => "superseded",
            Self::Abandoned => "abandoned",
        }
    }
}

/// What a try means for its delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It ended, or was put off until that long from now.
    As(Outcome, Option<SignedDuration>),
    /// Nothing was tried: no strike against the subscriber, the relay is at fault.
    NotTried,
}

/// The outcome of the `attempt`-th try (1 is the first) of a broadcast that is not tried after `give_up_at`.
///
/// A refusal that is not about the address (policy, reputation, content) is our own trouble: it is put off
/// like a transient one, and nobody is suppressed for it. A try whose fate is unknown is repeated with the
/// same Message-ID, by which mail systems fold the pair.
#[must_use]
pub fn settle(verdict: Verdict, attempt: i32, give_up_at: Timestamp, now: Timestamp, jitter: f64) -> Settled {
    match verdict {
        Verdict::Sent => Settled::As(Outcome::Sent, None),
        Verdict::Bounced => Settled::As(Outcome::Bounced, None),
        Verdict::NotTried => Settled::NotTried,
        Verdict::Deferred | Verdict::Rejected | Verdict::Unknown => {
            let pause = pause_after(attempt, jitter);
            if pause > give_up_at.duration_since(now) {
                Settled::As(Outcome::Abandoned, None)
            } else {
                Settled::As(Outcome::Deferred, Some(pause))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_said_decides() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let tomorrow = now + SignedDuration::from_hours(24);
        let settled = |verdict| settle(verdict, 1, tomorrow, now, 0.0);
        assert_eq!(settled(Verdict::Sent), Settled::As(Outcome::Sent, None));
        assert_eq!(settled(Verdict::Bounced), Settled::As(Outcome::Bounced, None));
        assert_eq!(settled(Verdict::NotTried), Settled::NotTried);
        for put_off in [Verdict::Deferred, Verdict::Rejected, Verdict::Unknown] {
            let minute = Some(SignedDuration::from_mins(1));
            assert_eq!(settled(put_off), Settled::As(Outcome::Deferred, minute));
        }
    }

    #[test]
    fn a_delivery_is_given_up_when_its_next_try_would_come_too_late() {
        let give_up_at: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
        let settled = |left| settle(Verdict::Deferred, 9, give_up_at, give_up_at - left, 0.0);
        let pause = SignedDuration::from_hours(3);
        assert_eq!(settled(pause), Settled::As(Outcome::Deferred, Some(pause)));
        let too_little = pause - SignedDuration::from_nanos(1);
        assert_eq!(settled(too_little), Settled::As(Outcome::Abandoned, None));
    }
}
