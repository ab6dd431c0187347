//! DKIM signatures over finished messages (RFC 6376; RFC 8463 for Ed25519).

mod canonical;
mod key;
mod pool;
#[cfg(test)]
mod tests;

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use jiff::Timestamp;
use secrecy::SecretString;

use canonical::{headers, put_name, put_relaxed_header, relaxed_body};
pub use key::{Algorithm, DkimKey};
pub(crate) use pool::SigningPool;

/// The headers that are signed if they are there. RFC 8058, section 4, wants both List-Unsubscribe headers
/// covered; receivers of Feedback-ID want it, too.
const SIGNED: [&[u8]; 22] = [
    b"from",
    b"reply-to",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"in-reply-to",
    b"references",
    b"mime-version",
    b"content-type",
    b"content-transfer-encoding",
    b"content-language",
    b"auto-submitted",
    b"x-auto-response-suppress",
    b"feedback-id",
    b"list-id",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"list-help",
    b"list-archive",
    b"list-owner",
    b"list-post",
];

/// Signed once more than they are there: a second one, or a first one where there was none, added on the way breaks
/// the signature. Readers may be shown the first of two, where a verifier looks at the last.
const OVERSIGNED: [&[u8]; 8] = [
    b"from",
    b"reply-to",
    b"to",
    b"subject",
    b"date",
    b"content-type",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
];

/// Signs messages for one domain, relaxed/relaxed, once with each of its keys.
pub struct DkimSigner {
    domain: String,
    keys: Vec<(String, DkimKey)>,
}

impl std::fmt::Debug for DkimSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DkimSigner").field("domain", &self.domain).finish_non_exhaustive()
    }
}

/// Why a key cannot sign. Never repeats the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDkimKey {
    /// Not letters, digits, `-`, `_` and dots.
    #[error("the domain and the selector of a DKIM key are names such as example.com and s1")]
    Name,
    /// No `PRIVATE KEY` block.
    #[error("a DKIM key must be in PEM, in PKCS#8: BEGIN PRIVATE KEY")]
    Pem,
    /// Neither Ed25519 nor RSA with 2048 to 8192 bits.
    #[error("a DKIM key must be Ed25519 or RSA of at least 2048 bits")]
    Algorithm,
    /// Not one key for each selector, or more than one of an algorithm.
    #[error("there must be one selector and key, or two: one of RSA and one of Ed25519")]
    Count,
}

/// Why a message cannot be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsignable {
    /// No empty line behind the headers, a header without a colon, or no From.
    #[error("the message has no well-formed headers with a From among them")]
    Headers,
    /// A lone CR or LF: it would be changed on the wire, after the signature.
    #[error("a line of the message does not end in CRLF")]
    LineEnd,
    /// The cryptographic library refused.
    #[error("the signature could not be made")]
    Crypto,
}

impl DkimSigner {
    /// Signs with one key, or with one of each algorithm. The public half of a key is published at
    /// `{selector}._domainkey.{domain}`.
    ///
    /// # Errors
    /// [`InvalidDkimKey`] says what is wrong with the names or the keys.
    pub fn new(domain: &str, keys: Vec<(String, DkimKey)>) -> Result<Self, InvalidDkimKey> {
        let is_name = |name: &str| {
            let of_a_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
            name.split('.').all(|label| !label.is_empty() && label.bytes().all(of_a_name))
        };
        if !is_name(domain) || !keys.iter().all(|(selector, _)| is_name(selector)) {
            return Err(InvalidDkimKey::Name);
        }
        match keys.as_slice() {
            [_] => {}
            [(one, first), (other, second)] if one != other && first.algorithm() != second.algorithm() => {}
            _ => return Err(InvalidDkimKey::Count),
        }
        Ok(Self { domain: domain.to_owned(), keys })
    }

    /// Signs with the keys of these PEM blocks; their selectors, in the same order, are separated by white space.
    ///
    /// # Errors
    /// [`InvalidDkimKey`] says what is wrong with the names or the keys.
    pub fn from_pem(domain: &str, selectors: &str, pem: &SecretString) -> Result<Self, InvalidDkimKey> {
        let selectors = selectors.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        if selectors.is_empty() {
            return Err(InvalidDkimKey::Name);
        }
        let keys = DkimKey::from_pem(pem)?;
        if keys.len() != selectors.len() {
            return Err(InvalidDkimKey::Count);
        }
        Self::new(domain, selectors.into_iter().zip(keys).collect())
    }

    /// Puts a `DKIM-Signature` header for each key in front of a finished message, dated `at`.
    ///
    /// # Errors
    /// [`Unsignable`], and the message is as it was.
    pub fn sign(&self, message: &mut Vec<u8>, at: Timestamp) -> Result<(), Unsignable> {
        let headers = self.headers(message, at)?;
        message.splice(..0, headers.into_bytes());
        Ok(())
    }

    /// The signatures do not cover each other: each is made over the message as it came.
    fn headers(&self, message: &[u8], at: Timestamp) -> Result<String, Unsignable> {
        let is_torn = |pair: &[u8]| (pair[0] == b'\r') != (pair[1] == b'\n');
        if message.windows(2).any(is_torn)
            || message.first() == Some(&b'\n')
            || message.last() == Some(&b'\r')
        {
            return Err(Unsignable::LineEnd);
        }
        let end = message.windows(4).position(|four| four == b"\r\n\r\n").ok_or(Unsignable::Headers)?;
        let headers = headers(&message[..end])?;
        let body_hash = BASE64.encode(digest::digest(&digest::SHA256, &relaxed_body(&message[end + 4..])));

        let mut names = String::new();
        let mut signed = Vec::new();
        for name in SIGNED {
            // of several headers of one name the last is signed first (RFC 6376, section 5.4.2)
            for header in headers.iter().rev().filter(|header| header.name == name) {
                put_name(&mut names, name);
                put_relaxed_header(&mut signed, name, &header.value);
                signed.extend_from_slice(b"\r\n");
            }
        }
        if !headers.iter().any(|header| header.name == b"from") {
            return Err(Unsignable::Headers);
        }
        for name in OVERSIGNED {
            put_name(&mut names, name);
        }

        let mut out = String::new();
        let covered = signed.len();
        for (selector, key) in &self.keys {
            let value = format!(
                "v=1; a={}; c=relaxed/relaxed; d={}; s={selector};\r\n t={};\r\n h={names};\r\n bh={body_hash};\r\n b=",
                key.tag(),
                self.domain,
                at.as_second(),
            );
            signed.truncate(covered);
            put_relaxed_header(&mut signed, b"dkim-signature", value.as_bytes());
            let signature = BASE64.encode(key.sign(&signed)?);
            out.push_str("DKIM-Signature: ");
            out.push_str(&value);
            for (i, character) in signature.chars().enumerate() {
                if i > 0 && i % 72 == 0 {
                    out.push_str("\r\n  ");
                }
                out.push(character);
            }
            out.push_str("\r\n");
        }
        Ok(out)
    }
}
