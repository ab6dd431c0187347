//! What came back of a mail, and what it says of the address.

use proto::internal::v1::FeedbackKind as Strike;
use smtp::client::EnhancedStatus;

use crate::store::feedback::FeedbackKind;

/// Characters of what a server said that are kept.
const MAX_DIAGNOSTIC: usize = 500;

/// What came back of one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CameBack {
    pub(super) kind: FeedbackKind,
    pub(super) status: Option<EnhancedStatus>,
    /// Printable ASCII, at most 500 characters.
    pub(super) diagnostic: String,
    /// What subscriptions is told of the address.
    pub(super) strike: Option<Strike>,
    /// It says nothing of the address, but that our mails are not wanted (5.7.x, 5.1.7, 5.1.8).
    pub(super) is_reputation: bool,
}

impl CameBack {
    /// It could not be delivered. The status says whose fault that is: 5.1.x but for the two that are about the
    /// sender, that the address is not there; X.2.2, that its mailbox is full.
    pub(super) fn returned(status: Option<EnhancedStatus>, diagnostic: &str) -> Self {
        let status = specific(status, diagnostic);
        let is_reputation = status.is_some_and(|status| {
            status.class == 5 && matches!((status.subject, status.detail), (7, _) | (1, 7 | 8))
        });
        let strike = match status.map(|status| (status.class, status.subject, status.detail)) {
            Some((5, 1, _)) if !is_reputation => Some(Strike::NoSuchAddress),
            Some((_, 2, 2)) => Some(Strike::MailboxFull),
            _ => None,
        };
        let diagnostic = printable(diagnostic);
        Self { kind: FeedbackKind::Returned, status, diagnostic, strike, is_reputation }
    }

    /// It is late, and tried further by others.
    pub(super) fn delayed(status: Option<EnhancedStatus>, diagnostic: &str) -> Self {
        Self {
            kind: FeedbackKind::Delayed,
            status: specific(status, diagnostic),
            diagnostic: printable(diagnostic),
            strike: None,
            is_reputation: false,
        }
    }

    /// Its reader called it spam.
    pub(super) fn complained(diagnostic: &str) -> Self {
        Self {
            kind: FeedbackKind::Complained,
            status: None,
            diagnostic: printable(diagnostic),
            strike: Some(Strike::Complaint),
            is_reputation: false,
        }
    }

    /// The same, striking the address if it does not yet.
    pub(super) fn or_strike(mut self, strike: Strike) -> Self {
        self.strike = self.strike.or(Some(strike));
        self
    }
}

/// The status code of RFC 3463 that a text begins with.
pub(super) fn status_of(text: &str) -> Option<EnhancedStatus> {
    let word = text.trim_start().split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
    let mut numbers = word.splitn(3, '.').map(|number| {
        let digits = (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        number.parse::<u16>().ok().filter(|_| digits)
    });
    let mut next = || numbers.next().flatten();
    let (class, subject, detail) = (next()?, next()?, next()?);
    let class = u8::try_from(class).ok().filter(|class| matches!(class, 2 | 4 | 5))?;
    Some(EnhancedStatus { class, subject, detail })
}

/// The status, or, where it says nothing but its class (5.0.0), the one that the server itself said: `550 5.1.1 …`,
/// in many lines `550-5.1.1 …`.
fn specific(status: Option<EnhancedStatus>, diagnostic: &str) -> Option<EnhancedStatus> {
    if status.is_some_and(|status| (status.subject, status.detail) != (0, 0)) {
        return status;
    }
    let words = diagnostic.split(|c: char| !c.is_ascii_digit() && c != '.');
    let said = words.filter_map(status_of).find(|said| said.class != 2);
    said.filter(|said| status.is_none_or(|status| status.class == said.class)).or(status)
}

/// One line of printable ASCII.
fn printable(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let ascii = words.chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' });
    ascii.take(MAX_DIAGNOSTIC).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn returned(status: &str, diagnostic: &str) -> (String, Option<Strike>, bool) {
        let back = CameBack::returned(status_of(status), diagnostic);
        let status = back.status.map(|status| status.to_string()).unwrap_or_default();
        (status, back.strike, back.is_reputation)
    }

    #[test]
    fn the_status_says_whose_fault_it_is() {
        for (status, strike, is_reputation) in [
            ("5.1.1", Some(Strike::NoSuchAddress), false),
            ("5.1.10", Some(Strike::NoSuchAddress), false),
            ("5.1.7", None, true),
            ("5.1.8", None, true),
            ("5.2.2", Some(Strike::MailboxFull), false),
            ("4.2.2", Some(Strike::MailboxFull), false),
            ("5.2.1", None, false),
            ("5.7.1", None, true),
            ("5.7.26", None, true),
            ("4.7.0", None, false),
            ("4.4.7", None, false),
            ("5.0.0", None, false),
        ] {
            assert_eq!(returned(status, ""), (status.to_owned(), strike, is_reputation), "{status}");
        }
        assert_eq!(returned("", ""), (String::new(), None, false));
    }

    #[test]
    fn a_status_that_says_nothing_is_looked_for_in_what_the_server_said() {
        for (status, diagnostic, found) in [
            ("5.0.0", "550 5.1.1 no such user", "5.1.1"),
            ("", "550-5.1.1 The email account that you tried to reach does not exist.", "5.1.1"),
            ("5.0.0", "554 mail from 192.0.2.1 refused", "5.0.0"),
            ("5.0.0", "450 4.2.2 full", "5.0.0"),
            ("5.4.4", "550 5.1.1 no such user", "5.4.4"),
            ("", "552 5.2.2 over quota", "5.2.2"),
            ("", "250 2.1.5 ok, but 554 5.7.1 no", "5.7.1"),
        ] {
            assert_eq!(returned(status, diagnostic).0, found, "{status} {diagnostic}");
        }
    }

    #[test]
    fn only_three_numbers_are_a_status() {
        for bad in ["", "5", "5.1", "5.1.", "3.1.1", "5.1.1111", "5.-1.1", "x5.1.1", "55.1.1"] {
            assert_eq!(status_of(bad), None, "{bad}");
        }
        assert_eq!(status_of(" 5.1.1 (bad destination)").unwrap().to_string(), "5.1.1");
        assert_eq!(status_of("5.999.999").unwrap().to_string().len(), 9);
    }

    #[test]
    fn what_a_server_said_is_one_short_line() {
        assert_eq!(printable("550 \r\n\t caf\u{e9}\u{7} x"), "550 caf?? x");
        assert_eq!(printable(&"a".repeat(501)).len(), 500);
        assert_eq!(printable(&"a".repeat(500)).len(), 500);
    }
}
