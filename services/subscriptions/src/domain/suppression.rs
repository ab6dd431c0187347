//! What comes back of mails, and when an address is not mailed any more.

use jiff::SignedDuration;

/// A mailbox that was full for so many broadcasts in [`FULL_MAILBOX_WINDOW`] is not written to any more
/// (`AudienceService.ReportFeedback`).
const FULL_MAILBOXES: i64 = 5;
/// The time that [`FULL_MAILBOXES`] is counted over.
pub(crate) const FULL_MAILBOX_WINDOW: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What came back of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feedback {
    /// The address is not there.
    NoSuchAddress,
    /// The mailbox is full.
    MailboxFull,
    /// The reader called it spam.
    Complaint,
}

/// Why an address must not be mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "subscriptions.suppression_reason", rename_all = "snake_case")]
pub(crate) enum Reason {
    /// The address is not there.
    Bounced,
    /// Its reader called a mail spam.
    Complained,
    /// The mailbox was full too often.
    MailboxFull,
}

impl Feedback {
    /// Why the address must not be mailed from now on; nothing if it may. `full` is for how many broadcasts the mailbox
    /// was full in the last [`FULL_MAILBOX_WINDOW`], this one among them.
    pub(crate) fn verdict(self, full: i64) -> Option<Reason> {
        match self {
            Self::NoSuchAddress => Some(Reason::Bounced),
            Self::Complaint => Some(Reason::Complained),
            Self::MailboxFull => (full >= FULL_MAILBOXES).then_some(Reason::MailboxFull),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_not_there_and_one_that_complains_are_suppressed_at_once() {
        assert_eq!(Feedback::NoSuchAddress.verdict(0), Some(Reason::Bounced));
        assert_eq!(Feedback::Complaint.verdict(0), Some(Reason::Complained));
    }

    #[test]
    fn a_mailbox_may_be_full_four_times_and_not_five() {
        for (full, verdict) in
            [(1, None), (4, None), (5, Some(Reason::MailboxFull)), (6, Some(Reason::MailboxFull))]
        {
            assert_eq!(Feedback::MailboxFull.verdict(full), verdict, "{full}");
        }
    }
}
