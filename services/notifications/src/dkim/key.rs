//! Private keys for DKIM, and what is published of them.

use aws_lc_rs::{
    digest,
    encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der},
    error::Unspecified,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use tokio_rustls::rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};

use super::{InvalidDkimKey, Unsignable};

/// A private key.
///
/// An Ed25519 signature takes some 50 µs of CPU, which not every receiver verifies yet; one with RSA of 2048 bits some
/// 700 µs, thirty times all else that is done for a mail. A mail with both suits every receiver (RFC 8463, section 6).
pub struct DkimKey(Kind);

enum Kind {
    Ed25519(Box<Ed25519KeyPair>),
    Rsa(Box<RsaKeyPair>),
}

/// Which algorithm a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA with SHA-256 (RFC 6376), new keys of 2048 bits.
    Rsa,
    /// Ed25519 with SHA-256 (RFC 8463).
    Ed25519,
}

impl std::fmt::Debug for DkimKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("DkimKey").field(&self.algorithm()).finish()
    }
}

impl DkimKey {
    /// A new key. One for RSA takes some 100 ms of CPU and more: off the runtime's threads.
    ///
    /// # Errors
    /// If the cryptographic library fails.
    pub fn generate(algorithm: Algorithm) -> Result<Self, Unspecified> {
        Ok(Self(match algorithm {
            Algorithm::Ed25519 => Kind::Ed25519(Box::new(Ed25519KeyPair::generate()?)),
            Algorithm::Rsa => Kind::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048)?)),
        }))
    }

    /// The keys in PEM blocks, in PKCS#8, in their order.
    ///
    /// # Errors
    /// [`InvalidDkimKey`], if there is none, or one of them cannot sign.
    pub fn from_pem(pem: &SecretString) -> Result<Vec<Self>, InvalidDkimKey> {
        let blocks = PrivatePkcs8KeyDer::pem_slice_iter(pem.expose_secret().as_bytes());
        let keys = blocks
            .map(|block| Self::from_pkcs8(block.map_err(|_| InvalidDkimKey::Pem)?.secret_pkcs8_der()))
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(InvalidDkimKey::Pem) } else { Ok(keys) }
    }

    /// The key in this PKCS#8 document.
    ///
    /// # Errors
    /// [`InvalidDkimKey::Algorithm`], if it is neither Ed25519 nor RSA with 2048 to 8192 bits.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, InvalidDkimKey> {
        if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            Ok(Self(Kind::Ed25519(Box::new(key))))
        } else if let Ok(key) = RsaKeyPair::from_pkcs8(der) {
            Ok(Self(Kind::Rsa(Box::new(key))))
        } else {
            Err(InvalidDkimKey::Algorithm)
        }
    }

    /// The key as a PKCS#8 document.
    ///
    /// # Errors
    /// If the cryptographic library fails.
    pub fn to_pkcs8(&self) -> Result<SecretSlice<u8>, Unspecified> {
        let der: Pkcs8V1Der<'_> = match &self.0 {
            Kind::Ed25519(key) => key.as_der()?,
            Kind::Rsa(key) => key.as_der()?,
        };
        Ok(der.as_ref().to_vec().into())
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Kind::Ed25519(_) => Algorithm::Ed25519,
            Kind::Rsa(_) => Algorithm::Rsa,
        }
    }

    /// What stands in the DNS for it, at `{selector}._domainkey.{domain}`, as one text. It is longer than the 255
    /// octets that one string of a record holds (RFC 6376, section 3.6.2.2): it is published in several, in order.
    ///
    /// # Errors
    /// If the cryptographic library fails.
    pub fn record(&self) -> Result<String, Unspecified> {
        match &self.0 {
            Kind::Ed25519(key) => {
                Ok(format!("v=DKIM1; k=ed25519; p={}", BASE64.encode(key.public_key().as_ref())))
            }
            Kind::Rsa(key) => {
                let public: PublicKeyX509Der<'_> = key.public_key().as_der()?;
                Ok(format!("v=DKIM1; k=rsa; p={}", BASE64.encode(public.as_ref())))
            }
        }
    }

    /// The value of the tag `a`.
    pub(super) fn tag(&self) -> &'static str {
        match &self.0 {
            Kind::Ed25519(_) => "ed25519-sha256",
            Kind::Rsa(_) => "rsa-sha256",
        }
    }

    pub(super) fn sign(&self, data: &[u8]) -> Result<Vec<u8>, Unsignable> {
        match &self.0 {
            // RFC 8463, section 3: PureEdDSA over the SHA-256 hash
            Kind::Ed25519(key) => {
                Ok(key.sign(digest::digest(&digest::SHA256, data).as_ref()).as_ref().to_vec())
            }
            Kind::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), data, &mut signature)
                    .map_err(|_| Unsignable::Crypto)?;
                Ok(signature)
            }
        }
    }
}
