//! Addresses.

use std::fmt;

/// A mail address: two dot-atoms in ASCII (RFC 5322, section 3.4.1: no quotes, no address literal, which the headers
/// and envelopes of our mails do not carry), in small letters, at most 64 characters before the @ and 254 in all (RFC 5321,
/// section 4.5.3.1). Whatever capitals it is typed with, it is the same address. It never prints itself.
#[derive(Clone, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub(crate) struct Email(String);

/// Why a text is not an address that we write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidEmail {
    #[error("must have at most {} characters", Email::MAX)]
    TooLong,
    #[error("must have at most {} characters before the @", Email::LOCAL_MAX)]
    LocalTooLong,
    #[error("must be an e-mail address in ASCII, without quotes or square brackets")]
    NoAddress,
}

impl Email {
    /// The most characters of an address. A path holds 256, its angle brackets among them.
    const MAX: usize = 254;
    /// The most characters before the @.
    const LOCAL_MAX: usize = 64;

    /// Reads an address.
    ///
    /// # Errors
    /// [`InvalidEmail`]
    pub(crate) fn parse(raw: &str) -> Result<Self, InvalidEmail> {
        if !raw.is_ascii() {
            return Err(InvalidEmail::NoAddress);
        }
        if raw.len() > Self::MAX {
            return Err(InvalidEmail::TooLong);
        }
        let (local, domain) = raw.rsplit_once('@').ok_or(InvalidEmail::NoAddress)?;
        if local.len() > Self::LOCAL_MAX {
            return Err(InvalidEmail::LocalTooLong);
        }
        let email = raw.to_ascii_lowercase();
        if !local.bytes().chain(domain.bytes()).all(is_of_dot_atom) {
            return Err(InvalidEmail::NoAddress);
        }
        // Where a dot may stand and what a domain looks like, lettre knows.
        email.parse::<lettre::Address>().map_err(|_| InvalidEmail::NoAddress)?;
        Ok(Self(email))
    }

    /// The address.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The address.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// `atext` of RFC 5322, section 3.2.3, or a dot.
fn is_of_dot_atom(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&octet)
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[address]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capital_and_small_letters_are_the_same_address() {
        assert_eq!(Email::parse("Ada.Lovelace@Example.COM").unwrap().as_str(), "ada.lovelace@example.com");
    }

    #[test]
    fn an_address_never_prints_itself() {
        assert_eq!(format!("{:?}", Email::parse("ada@example.com").unwrap()), "[address]");
    }

    #[test]
    fn an_address_is_refused_beyond_its_lengths_and_taken_at_them() {
        let local = |length: usize| format!("{}@example.com", "a".repeat(length));
        assert!(Email::parse(&local(64)).is_ok());
        assert_eq!(Email::parse(&local(65)), Err(InvalidEmail::LocalTooLong));

        let label = "d".repeat(63);
        let whole = |last: usize| format!("{}@{label}.{label}.{}", "a".repeat(64), "d".repeat(last));
        assert_eq!(whole(61).len(), 254);
        assert!(Email::parse(&whole(61)).is_ok());
        assert_eq!(Email::parse(&whole(62)), Err(InvalidEmail::TooLong));
    }

    #[test]
    fn what_is_no_address_in_ascii_is_refused() {
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@b c",
            "ada@ex..com",
            "ädä@example.com",
            "a@ü.example",
            "a\r\n@b.c",
            "\"ada\"@example.com",
            "\"ada lovelace\"@example.com",
            "\"a@b\"@example.com",
            "a@b@example.com",
            "ada@[127.0.0.1]",
            "ada@[IPv6:::1]",
            "ada..l@example.com",
        ] {
            assert_eq!(Email::parse(bad), Err(InvalidEmail::NoAddress), "{bad:?}");
        }
    }
}
