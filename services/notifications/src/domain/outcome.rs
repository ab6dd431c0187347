//! How a delivery ends, by what the mail server said.

use jiff::SignedDuration;

use smtp::client::{EnhancedStatus, Report, UNWRITABLE, Verdict};

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

/// A mail that we cannot write is given up at this try: only a newer binary could.
const MAX_UNWRITABLE: i32 = 3;

/// What a refusal says of the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strike {
    /// It is not there: nobody writes to it again.
    NoSuchAddress,
    /// Its mailbox is full (5.2.2): nobody writes to it again if that goes on.
    MailboxFull,
}

/// What a try means for its delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It ended, with a strike against the address or without.
    Ended(Outcome, Option<Strike>),
    /// It is tried again after so long.
    PutOff(SignedDuration),
    /// Nothing was tried: no strike against the subscriber, the relay is at fault.
    NotTried,
}

/// What the `attempt`-th try (1 is the first) means for a delivery that may be put off for as long as is `left`.
///
/// A full mailbox ends the delivery: what is news now is none when the reader has cleared it. Any other refusal
/// that is not about the address (policy, reputation, content) is our own trouble: it is put off like a transient
/// one, and nobody is suppressed for it. A try whose fate is unknown is repeated with the same Message-ID, by which
/// mail systems fold the pair.
#[must_use]
pub fn settle(report: &Report, attempt: i32, left: SignedDuration, jitter: f64) -> Settled {
    match report.verdict {
        Verdict::Sent => Settled::Ended(Outcome::Sent, None),
        Verdict::Bounced => {
            // A bare 550 may as well say that the relay does not know us any more.
            let strike = report.status.map(|_| Strike::NoSuchAddress);
            Settled::Ended(Outcome::Bounced, strike)
        }
        Verdict::NotTried => Settled::NotTried,
        Verdict::Rejected if report.status.is_some_and(is_full) => {
            Settled::Ended(Outcome::Bounced, Some(Strike::MailboxFull))
        }
        Verdict::Rejected if report.reply == UNWRITABLE && attempt >= MAX_UNWRITABLE => {
            Settled::Ended(Outcome::Abandoned, None)
        }
        Verdict::Deferred | Verdict::Rejected | Verdict::Unknown => {
            let pause = pause_after(attempt, jitter);
            if pause > left { Settled::Ended(Outcome::Abandoned, None) } else { Settled::PutOff(pause) }
        }
    }
}

/// RFC 3463, section 3.3: X.2.2.
fn is_full(status: EnhancedStatus) -> bool {
    (status.subject, status.detail) == (2, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(verdict: Verdict, status: Option<(u8, u16, u16)>) -> Report {
        let status = status.map(|(class, subject, detail)| EnhancedStatus { class, subject, detail });
        Report { verdict, status, reply: String::new() }
    }

    #[test]
    fn what_the_server_said_decides() {
        let day = SignedDuration::from_hours(24);
        let settled = |verdict, status| settle(&report(verdict, status), 1, day, 0.0);
        assert_eq!(settled(Verdict::Sent, None), Settled::Ended(Outcome::Sent, None));
        assert_eq!(
            settled(Verdict::Bounced, Some((5, 1, 1))),
            Settled::Ended(Outcome::Bounced, Some(Strike::NoSuchAddress))
        );
        assert_eq!(settled(Verdict::Bounced, None), Settled::Ended(Outcome::Bounced, None));
        assert_eq!(settled(Verdict::NotTried, None), Settled::NotTried);
        assert_eq!(
            settled(Verdict::Rejected, Some((5, 2, 2))),
            Settled::Ended(Outcome::Bounced, Some(Strike::MailboxFull))
        );
        for (put_off, status) in [
            (Verdict::Deferred, None),
            (Verdict::Deferred, Some((4, 2, 2))),
            (Verdict::Rejected, Some((5, 7, 1))),
            (Verdict::Rejected, None),
            (Verdict::Unknown, None),
        ] {
            assert_eq!(settled(put_off, status), Settled::PutOff(SignedDuration::from_mins(1)));
        }
    }

    #[test]
    fn a_mail_that_cannot_be_written_is_given_up_at_the_third_try() {
        let unwritable = Report { reply: UNWRITABLE.to_owned(), ..report(Verdict::Rejected, None) };
        let settled = |attempt| settle(&unwritable, attempt, SignedDuration::from_hours(24), 0.0);
        assert_eq!(settled(2), Settled::PutOff(SignedDuration::from_mins(5)));
        assert_eq!(settled(3), Settled::Ended(Outcome::Abandoned, None));
    }

    #[test]
    fn a_delivery_is_given_up_when_its_next_try_would_come_too_late() {
        let deferred = report(Verdict::Deferred, None);
        let settled = |left| settle(&deferred, 9, left, 0.0);
        let pause = SignedDuration::from_hours(3);
        assert_eq!(settled(pause), Settled::PutOff(pause));
        let too_little = pause - SignedDuration::from_nanos(1);
        assert_eq!(settled(too_little), Settled::Ended(Outcome::Abandoned, None));
    }
}
