//! A tenant's own domain: what it may be, what must stand in its DNS, and when it counts as verified.

use jiff::{SignedDuration, Timestamp};

/// The record names that we put in front of a domain take their part of the 253 characters of a name.
const MAX_DOMAIN: usize = 220;
const MAX_LOCAL_PART: usize = 64;
const MAX_ADDRESS: usize = 254;
/// A domain whose records are wrong or gone is given up after so long …
const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(72);
/// … and so many look-ups in a row that saw it: one at either end of three days, and two between them.
const GIVEN_UP_CHECKS: i32 = 3;

/// A tenant's domain, without the private halves of its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendingDomain {
    /// The domain, in small letters.
    pub domain: String,
    /// What stands before the @ of the sender's address.
    pub from_local_part: String,
    /// Where answers go; empty if nowhere.
    pub reply_to: String,
    /// The RSA key.
    pub rsa: PublishedKey,
    /// The Ed25519 key.
    pub ed25519: PublishedKey,
    /// What its last look-up found, in the order of [`SendingDomain::records`].
    pub found: [bool; 3],
    /// Since when it counts as verified.
    pub verified_at: Option<Timestamp>,
    /// When it was last looked up.
    pub checked_at: Option<Timestamp>,
    /// Since when look-ups see a record wrong or gone.
    pub failing_since: Option<Timestamp>,
    /// How many in a row did.
    pub failing_checks: i32,
    /// When it was named.
    pub created_at: Timestamp,
    /// One more with each change of what is sent by it.
    pub revision: i64,
}

/// What the world sees of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKey {
    /// Its selector.
    pub selector: String,
    /// What its record says.
    pub record: String,
}

/// A TXT record that must stand in the DNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its full name.
    pub name: String,
    /// What it says.
    pub value: String,
    /// Whether others may stand at the same name: not beside a key (RFC 6376, section 3.6.2.2).
    pub alone: bool,
}

/// What a look-up saw of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is there, and right.
    Right,
    /// The DNS answered, and it is not there, or says something else.
    Wrong,
    /// The DNS did not answer, or with a failure: that says nothing.
    Unknown,
}

impl SendingDomain {
    /// The sender's address.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}@{}", self.from_local_part, self.domain)
    }

    /// What must stand in the DNS: both keys, and the proof that the domain is the tenant's, by a `token` that no
    /// other tenant has.
    #[must_use]
    pub fn records(&self, token: &str) -> [Record; 3] {
        let key = |key: &PublishedKey| Record {
            name: format!("{}._domainkey.{}", key.selector, self.domain),
            value: key.record.clone(),
            alone: true,
        };
        let ownership = Record {
            name: format!("_pharos.{}", self.domain),
            value: format!("pharos-verification={token}"),
            alone: false,
        };
        [key(&self.rsa), key(&self.ed25519), ownership]
    }

    /// The domain after a look-up that saw its records like this.
    ///
    /// It becomes verified when all of them are right. What is not known changes nothing: only records that were seen
    /// wrong for three days in a row end it.
    #[must_use]
    pub fn looked_up(&self, seen: [Seen; 3], now: Timestamp) -> Self {
        let mut after = self.clone();
        for (found, seen) in after.found.iter_mut().zip(seen) {
            match seen {
                Seen::Right => *found = true,
                Seen::Wrong => *found = false,
                Seen::Unknown => {}
            }
        }
        if seen.iter().any(|seen| *seen != Seen::Unknown) {
            after.checked_at = Some(now);
        }
        if seen == [Seen::Right; 3] {
            after.verified_at = Some(after.verified_at.unwrap_or(now));
            (after.failing_since, after.failing_checks) = (None, 0);
        } else if after.verified_at.is_some() && seen.contains(&Seen::Wrong) {
            let since = after.failing_since.unwrap_or(now);
            after.failing_since = Some(since);
            after.failing_checks += 1;
            if now.duration_since(since) >= GIVEN_UP_AFTER && after.failing_checks >= GIVEN_UP_CHECKS {
                (after.verified_at, after.failing_since, after.failing_checks) = (None, None, 0);
            }
        }
        if after.verified_at != self.verified_at {
            after.revision += 1;
        }
        after
    }
}

impl Record {
    /// Whether the TXT records at its name are what it asks for. White space says nothing in them, nor does a
    /// semicolon at the end: name servers' forms put both in.
    #[must_use]
    pub fn is_right(&self, texts: &[String]) -> bool {
        let bare = |text: &str| {
            let bare = text.chars().filter(|c| !c.is_ascii_whitespace()).collect::<String>();
            bare.trim_end_matches(';').to_owned()
        };
        let wanted = bare(&self.value);
        texts.iter().any(|text| bare(text) == wanted) && (!self.alone || texts.len() == 1)
    }
}

/// A domain as members write it, in small letters.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn parse_domain(text: &str) -> Result<String, String> {
    let domain = text.trim().to_ascii_lowercase();
    if domain.len() > MAX_DOMAIN {
        return Err(format!("must be at most {MAX_DOMAIN} characters long, so that its records' names fit"));
    }
    let labels = domain.split('.').collect::<Vec<_>>();
    let is_label = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // No top-level domain is a number, so this is no IP address either.
    let top_is_a_name =
        labels.last().is_some_and(|top| top.len() >= 2 && !top.bytes().all(|b| b.is_ascii_digit()));
    if labels.len() < 2 || !labels.iter().all(is_label) || !top_is_a_name {
        return Err(
            "must be a domain such as status.example.com, of letters, digits, hyphens and dots".to_owned()
        );
    }
    Ok(domain)
}

/// What stands before the @ of the sender's address; `status` if empty.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn parse_from_local_part(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok("status".to_owned());
    }
    let is_good = is_dot_atom(text, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_good {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "must be letters, digits, ., _ and -, at most {MAX_LOCAL_PART}, with no dot at an end or beside another"
        ))
    }
}

/// Where answers go, an address of the domain; nowhere if empty.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn parse_reply_to(text: &str, domain: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(String::new());
    }
    let wrong = || format!("must be an address of {domain}");
    let (local, of) = text.rsplit_once('@').ok_or_else(wrong)?;
    // RFC 5322, section 3.2.3: what needs no quotes.
    let of_an_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    if !of.eq_ignore_ascii_case(domain) || !is_dot_atom(local, of_an_atom) || text.len() > MAX_ADDRESS {
        return Err(wrong());
    }
    Ok(format!("{local}@{domain}"))
}

fn is_dot_atom(text: &str, of_an_atom: impl Fn(u8) -> bool) -> bool {
    text.len() <= MAX_LOCAL_PART
        && text.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(&of_an_atom))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        "2026-11-21T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours)
    }

    fn named() -> SendingDomain {
        let key =
            |selector: &str| PublishedKey { selector: selector.into(), record: "v=DKIM1; p=A B".into() };
        SendingDomain {
            domain: "example.com".into(),
            from_local_part: "status".into(),
            reply_to: String::new(),
            rsa: key("r"),
            ed25519: key("e"),
            found: [false; 3],
            verified_at: None,
            checked_at: None,
            failing_since: None,
            failing_checks: 0,
            created_at: at(0),
            revision: 1,
        }
    }

    const RIGHT: [Seen; 3] = [Seen::Right; 3];
    const ONE_WRONG: [Seen; 3] = [Seen::Right, Seen::Wrong, Seen::Right];
    const UNKNOWN: [Seen; 3] = [Seen::Unknown; 3];

    #[test]
    fn a_domain_is_verified_when_all_its_records_are_right_and_not_before() {
        for seen in [ONE_WRONG, UNKNOWN, [Seen::Right, Seen::Right, Seen::Unknown]] {
            let after = named().looked_up(seen, at(1));
            assert_eq!((after.verified_at, after.failing_since, after.revision), (None, None, 1));
        }
        assert_eq!(named().looked_up(ONE_WRONG, at(1)).found, [true, false, true]);
        assert_eq!(named().looked_up(UNKNOWN, at(1)).checked_at, None);
        let after = named().looked_up(RIGHT, at(1)).looked_up(RIGHT, at(25));
        assert_eq!((after.verified_at, after.checked_at, after.revision), (Some(at(1)), Some(at(25)), 2));
    }

    #[test]
    fn records_that_are_wrong_for_three_days_in_a_row_end_it() {
        let verified = named().looked_up(RIGHT, at(0));
        let mut domain = verified.clone();
        for hours in [24, 48, 72, 95] {
            domain = domain.looked_up(ONE_WRONG, at(hours));
            assert!(domain.verified_at.is_some(), "after {hours} hours");
        }
        assert_eq!(domain.looked_up(ONE_WRONG, at(96)).verified_at, None);
        let mended = domain.looked_up(RIGHT, at(96)).looked_up(ONE_WRONG, at(120));
        assert_eq!(mended.failing_since, Some(at(120)), "the days are counted anew");
        assert_eq!(mended.verified_at, Some(at(0)));
    }

    #[test]
    fn look_ups_that_fail_end_nothing() {
        let mut domain = named().looked_up(RIGHT, at(0)).looked_up(ONE_WRONG, at(24));
        for hours in 25..2_000 {
            domain = domain.looked_up(UNKNOWN, at(hours));
        }
        assert!(domain.verified_at.is_some());
        // Seen wrong twice, however far apart, is not three days in a row.
        domain = domain.looked_up(ONE_WRONG, at(2_000));
        assert!(domain.verified_at.is_some());
    }

    #[test]
    fn a_record_is_right_however_a_form_has_put_it_and_a_key_stands_alone() {
        let [key, _, proof] = named().records("t0ken");
        assert_eq!(
            (key.name.as_str(), proof.name.as_str()),
            ("r._domainkey.example.com", "_pharos.example.com")
        );
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert!(key.is_right(&texts(&["v=DKIM1;p=AB; "])));
        assert!(!key.is_right(&texts(&["v=DKIM1; p=AC"])));
        assert!(!key.is_right(&texts(&["v=DKIM1; p=AB", "v=DKIM1; p=AC"])));
        assert!(proof.is_right(&texts(&["pharos-verification=other", "pharos-verification=t0ken"])));
        assert!(!proof.is_right(&texts(&["pharos-verification=T0KEN"])));
        assert!(!proof.is_right(&[]));
    }

    #[test]
    fn a_domain_is_letters_digits_hyphens_and_dots() {
        assert_eq!(parse_domain(" Status.Example.COM ").unwrap(), "status.example.com");
        assert!(parse_domain(&format!("{}.{}.example", "a".repeat(63), "b".repeat(63))).is_ok());
        let long = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(30)].join(".");
        let label = format!("{}.example", "a".repeat(64));
        for bad in [
            "example",
            "127.0.0.1",
            "[::1]",
            "a..b",
            ".a.b",
            "a.b.",
            "-a.example",
            "a-.example",
            "a b.example",
            "a_b.example",
            "é.example",
            "a.example\r\nx",
            "a@b.example",
            "a.b",
            &long,
            &label,
            "",
        ] {
            assert!(parse_domain(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_addresses_are_of_the_domain() {
        assert_eq!(parse_from_local_part("").unwrap(), "status");
        assert_eq!(parse_from_local_part(" no-reply_1.x ").unwrap(), "no-reply_1.x");
        let long = "a".repeat(65);
        for bad in ["a@b", "a b", ".a", "a.", "a..b", "é", "a+b", "a\nb", "\"a\"", &long] {
            assert!(parse_from_local_part(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_reply_to("  ", "example.com").unwrap(), "");
        assert_eq!(parse_reply_to("Help+x@Example.com", "example.com").unwrap(), "Help+x@example.com");
        for bad in [
            "help",
            "help@example.org",
            "help@sub.example.com",
            "@example.com",
            "a b@example.com",
            "a@b@example.com",
            "<a>@example.com",
            "a,b@example.com",
        ] {
            assert!(parse_reply_to(bad, "example.com").is_err(), "{bad}");
        }
    }
}
