//! Secrets of tenants, sealed for the database.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    error::Unspecified,
};
use kit::{Secret, ids::TenantId};
use secrecy::SecretSlice;

/// The nonce's octets (NIST SP 800-38D, section 8.2).
const NONCE: usize = 12;

/// Seals with AES-256-GCM and a random nonce: the nonce, the ciphertext, the tag. What was sealed for one tenant or one
/// purpose opens for no other.
#[derive(Debug)]
pub(crate) struct Seal(RandomizedNonceKey);

impl Seal {
    /// With a secret of its own.
    ///
    /// # Errors
    /// If the cryptographic library fails.
    pub(crate) fn new(secret: &Secret) -> Result<Self, Unspecified> {
        Ok(Self(RandomizedNonceKey::new(&AES_256_GCM, secret.expose())?))
    }

    /// Seals what a tenant's `plain` is.
    ///
    /// # Errors
    /// If the cryptographic library fails.
    pub(crate) fn seal(&self, tenant: TenantId, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let mut text = plain.to_vec();
        let nonce = self.0.seal_in_place_append_tag(Aad::from(bound_to(tenant, purpose)), &mut text)?;
        Ok([nonce.as_ref().as_slice(), &text].concat())
    }

    /// Opens what was sealed for the tenant and the purpose.
    ///
    /// # Errors
    /// If it was not, or with another secret, or was altered.
    pub(crate) fn open(
        &self,
        tenant: TenantId,
        purpose: &str,
        sealed: &[u8],
    ) -> Result<SecretSlice<u8>, Unspecified> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE>().ok_or(Unspecified)?;
        let mut text = text.to_vec();
        let aad = Aad::from(bound_to(tenant, purpose));
        let plain = self.0.open_in_place(Nonce::from(nonce), aad, &mut text)?;
        Ok(plain.to_vec().into())
    }
}

fn bound_to(tenant: TenantId, purpose: &str) -> Vec<u8> {
    [tenant.uuid().as_bytes().as_slice(), purpose.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_tenant_and_purpose_alone() {
        let seal = Seal::new(&Secret::new([7; 32])).unwrap();
        let (tenant, other) = (TenantId::from_uuid(Uuid::nil()), TenantId::from_uuid(Uuid::max()));
        let sealed = seal.seal(tenant, "rsa", b"a key").unwrap();
        assert_ne!(sealed, seal.seal(tenant, "rsa", b"a key").unwrap(), "no nonce twice");
        assert_eq!(seal.open(tenant, "rsa", &sealed).unwrap().expose_secret(), b"a key");
        assert!(seal.open(other, "rsa", &sealed).is_err());
        assert!(seal.open(tenant, "ed25519", &sealed).is_err());
        assert!(Seal::new(&Secret::new([8; 32])).unwrap().open(tenant, "rsa", &sealed).is_err());
        for place in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            assert!(seal.open(tenant, "rsa", &altered).is_err(), "at {place}");
        }
        assert!(seal.open(tenant, "rsa", &sealed[..11]).is_err());
    }
}
