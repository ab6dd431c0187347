//! Keys: 32 bytes that print as `[redacted]`, and what is derived from them.

use std::fmt;

use aws_lc_rs::{constant_time, digest, hmac};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, SecretBox};
use serde::{Deserialize, Deserializer, de};

/// A secret of 32 bytes, written in settings as base 64 (`openssl rand -base64 32`).
pub struct Secret(SecretBox<[u8; 32]>);

/// The text is not the base 64 of 32 bytes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 32 bytes in base 64; make one with: openssl rand -base64 32")]
pub struct InvalidSecret;

impl Secret {
    /// Reads a secret from its base 64 form.
    ///
    /// # Errors
    /// If the text is anything but 32 bytes in standard base 64.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| InvalidSecret)?;
        Ok(Self::new(bytes.try_into().map_err(|_| InvalidSecret)?))
    }

    /// The secret with these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// Another secret, good for one purpose: nobody can go back from it, or over to another purpose's.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Self {
        Self::new(self.mac(&[b"derive", purpose.as_bytes()]))
    }

    /// HMAC-SHA-256 (RFC 2104) over the parts, each with its length before it, so that parts cannot run
    /// into each other.
    #[must_use]
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.0.expose_secret()));
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut mac = [0; 32];
        mac.copy_from_slice(context.sign().as_ref());
        mac
    }

    /// The bytes themselves, for an algorithm that asks for them.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }
}

impl Clone for Secret {
    fn clone(&self) -> Self {
        Self::new(*self.0.expose_secret())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// Whether two values are the same, in a time that does not tell where they differ.
#[must_use]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(one, other).is_ok()
}

/// SHA-256 of the bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_itself() {
        assert_eq!(format!("{:?}", Secret::new([7; 32])), "[redacted]");
    }

    #[test]
    fn only_32_bytes_of_base_64_are_a_secret() {
        assert!(Secret::parse(&STANDARD.encode([1; 32])).is_ok());
        for bad in
            [STANDARD.encode([1; 31]), STANDARD.encode([1; 33]), "no base 64 at all".into(), String::new()]
        {
            assert!(Secret::parse(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn parts_of_a_mac_do_not_run_into_each_other() {
        let secret = Secret::new([7; 32]);
        assert_ne!(secret.mac(&[b"ab", b"c"]), secret.mac(&[b"a", b"bc"]));
        assert_ne!(secret.derive("one").mac(&[b"x"]), secret.derive("two").mac(&[b"x"]));
    }
}
