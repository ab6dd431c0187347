//! DKIM signatures over finished messages (RFC 6376; RFC 8463 for Ed25519).

use aws_lc_rs::{
    digest,
    rand::SystemRandom,
    signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio_rustls::rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};

/// The headers that are signed if they are there. RFC 8058, section 4, wants both List-Unsubscribe headers
/// covered; receivers of Feedback-ID want it, too.
const SIGNED: [&[u8]; 19] = [
    b"from",
    b"reply-to",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"references",
    b"mime-version",
    b"content-type",
    b"content-transfer-encoding",
    b"content-language",
    b"auto-submitted",
    b"feedback-id",
    b"list-id",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"list-help",
    b"list-archive",
    b"list-owner",
];

/// Signs messages for one domain, relaxed/relaxed.
///
/// An Ed25519 signature takes some 50 µs of CPU, which not every receiver verifies yet; one with RSA of 2048
/// bits some 700 µs, thirty times all else that is done for a mail: where that is too much, let the relay
/// sign.
pub struct DkimSigner {
    domain: String,
    selector: String,
    key: Key,
}

enum Key {
    Ed25519(Box<Ed25519KeyPair>),
    Rsa(Box<RsaKeyPair>),
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
    /// The public half of the key is published at `{selector}._domainkey.{domain}`.
    ///
    /// # Errors
    /// [`InvalidDkimKey`] says what is wrong with the names or the key.
    pub fn from_pem(domain: &str, selector: &str, pem: &SecretString) -> Result<Self, InvalidDkimKey> {
        let is_name = |name: &str| {
            let of_a_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
            name.split('.').all(|label| !label.is_empty() && label.bytes().all(of_a_name))
        };
        if !is_name(domain) || !is_name(selector) {
            return Err(InvalidDkimKey::Name);
        }
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.expose_secret().as_bytes())
            .map_err(|_| InvalidDkimKey::Pem)?;
        let der = der.secret_pkcs8_der();
        let key = if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            Key::Ed25519(Box::new(key))
        } else if let Ok(key) = RsaKeyPair::from_pkcs8(der) {
            Key::Rsa(Box::new(key))
        } else {
            return Err(InvalidDkimKey::Algorithm);
        };
        Ok(Self { domain: domain.to_owned(), selector: selector.to_owned(), key })
    }

    /// Puts a `DKIM-Signature` header in front of a finished message, dated `at`.
    ///
    /// # Errors
    /// [`Unsignable`], and the message is as it was.
    pub fn sign(&self, message: &mut Vec<u8>, at: Timestamp) -> Result<(), Unsignable> {
        let header = self.header(message, at)?;
        message.splice(..0, header.into_bytes());
        Ok(())
    }

    fn header(&self, message: &[u8], at: Timestamp) -> Result<String, Unsignable> {
        let is_torn = |pair: &[u8]| (pair[0] == b'\r') != (pair[1] == b'\n');
        if message.windows(2).any(is_torn)
            || message.first() == Some(&b'\n')
            || message.last() == Some(&b'\r')
        {
            return Err(Unsignable::LineEnd);
        }
        let end = message.windows(4).position(|four| four == b"\r\n\r\n").ok_or(Unsignable::Headers)?;
        let headers = headers(&message[..end])?;
        let body_hash = digest::digest(&digest::SHA256, &relaxed_body(&message[end + 4..]));

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
        // signed once more than it is there: a second From, added on the way, breaks the signature
        put_name(&mut names, b"from");

        let value = format!(
            "v=1; a={}; c=relaxed/relaxed; d={}; s={};\r\n t={};\r\n h={names};\r\n bh={};\r\n b=",
            self.key.algorithm(),
            self.domain,
            self.selector,
            at.as_second(),
            BASE64.encode(body_hash),
        );
        put_relaxed_header(&mut signed, b"dkim-signature", value.as_bytes());
        let signature = BASE64.encode(self.key.sign(&signed)?);

        let mut header = format!("DKIM-Signature: {value}");
        for (i, character) in signature.chars().enumerate() {
            if i > 0 && i % 72 == 0 {
                header.push_str("\r\n  ");
            }
            header.push(character);
        }
        header.push_str("\r\n");
        Ok(header)
    }
}

impl Key {
    fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "ed25519-sha256",
            Self::Rsa(_) => "rsa-sha256",
        }
    }

    fn sign(&self, data: &[u8]) -> Result<Vec<u8>, Unsignable> {
        match self {
            // RFC 8463, section 3: PureEdDSA over the SHA-256 hash
            Self::Ed25519(key) => {
                Ok(key.sign(digest::digest(&digest::SHA256, data).as_ref()).as_ref().to_vec())
            }
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), data, &mut signature)
                    .map_err(|_| Unsignable::Crypto)?;
                Ok(signature)
            }
        }
    }
}

struct Header {
    /// In lower case.
    name: Vec<u8>,
    /// As it stands, folds included.
    value: Vec<u8>,
}

fn headers(head: &[u8]) -> Result<Vec<Header>, Unsignable> {
    let mut headers: Vec<Header> = Vec::new();
    for line in head.split_inclusive(|&b| b == b'\n') {
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            headers.last_mut().ok_or(Unsignable::Headers)?.value.extend_from_slice(line);
        } else {
            let colon = line.iter().position(|&b| b == b':').ok_or(Unsignable::Headers)?;
            let name = line[..colon].trim_ascii_end().to_ascii_lowercase();
            headers.push(Header { name, value: line[colon + 1..].to_vec() });
        }
    }
    Ok(headers)
}

/// RFC 6376, section 3.4.2: unfolded, each run of white space one space, none at either end.
fn put_relaxed_header(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.push(b':');
    let is_space = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    for (i, word) in value.split(is_space).filter(|word| !word.is_empty()).enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

/// RFC 6376, section 3.4.4: each run of white space one space, none at the end of a line, no empty lines at
/// the end of the body, and a body that is not empty ends in CRLF.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 2);
    let mut end = 0;
    let mut space = false;
    for &byte in body {
        match byte {
            b' ' | b'\t' => space = true,
            b'\r' => {}
            b'\n' => {
                space = false;
                out.extend_from_slice(b"\r\n");
            }
            byte => {
                if std::mem::take(&mut space) {
                    out.push(b' ');
                }
                out.push(byte);
                end = out.len();
            }
        }
    }
    out.truncate(end);
    if end > 0 {
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Folded, so that no line of the list of names grows long.
fn put_name(names: &mut String, name: &[u8]) {
    if !names.is_empty() {
        names.push(':');
        if names.len() - names.rfind('\n').unwrap_or(0) > 50 {
            names.push_str("\r\n ");
        }
    }
    names.extend(name.iter().map(|&b| char::from(b)));
}
