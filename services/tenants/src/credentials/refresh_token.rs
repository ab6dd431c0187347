//! Refresh tokens: opaque to whoever holds them, self-sealed to us.
//!
//! A token is, in base 64 without padding, a tenant (16 bytes), a session (16), a link (16) and a seal (16).
//! The first link is random; each further one follows from the token before it by a key, so that a token
//! that comes twice gets the same successor without any token being kept in clear, and who reads the
//! database cannot go on from what is kept. The seal, a MAC over the rest, tells a token that was given out
//! from a made-up one: a good seal on a token that is not the last one means that it was used before,
//! however long ago, and a bad one never reaches the database.

use aws_lc_rs::rand;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kit::{
    Secret,
    ids::{SessionId, TenantId},
    secret::{same, sha256},
};
use uuid::Uuid;

const LENGTH: usize = 64;
const SEALED: usize = 48;

/// A refresh token that was given out here.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RefreshToken([u8; LENGTH]);

impl RefreshToken {
    /// The tenant that it finds its row with.
    pub(crate) fn tenant(&self) -> TenantId {
        self.uuid(0).into()
    }

    /// Its session.
    pub(crate) fn session(&self) -> SessionId {
        self.uuid(16).into()
    }

    /// What is kept of it.
    pub(crate) fn hash(&self) -> [u8; 32] {
        sha256(&self.0)
    }

    /// What its holder sends: 86 characters.
    pub(crate) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    fn uuid(&self, at: usize) -> Uuid {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.0[at..at + 16]);
        Uuid::from_bytes(bytes)
    }
}

/// Gives refresh tokens out and knows them again.
#[derive(Debug)]
pub(crate) struct RefreshTokens {
    links: Secret,
    seals: Secret,
}

impl RefreshTokens {
    pub(crate) fn new(secret: &Secret) -> Self {
        let secret = secret.derive("refresh");
        Self { links: secret.derive("link"), seals: secret.derive("seal") }
    }

    /// The first token of a session.
    ///
    /// # Errors
    /// If the crypto library gives no random bytes.
    pub(crate) fn first(
        &self,
        tenant: TenantId,
        session: SessionId,
    ) -> Result<RefreshToken, aws_lc_rs::error::Unspecified> {
        let mut link = [0; 32];
        rand::fill(&mut link)?;
        Ok(self.seal(tenant, session, link))
    }

    /// The one token that follows this one.
    pub(crate) fn successor(&self, token: &RefreshToken) -> RefreshToken {
        self.seal(token.tenant(), token.session(), self.links.mac(&[&token.0]))
    }

    /// Reads a token; `None` for anything that was not given out here.
    pub(crate) fn open(&self, text: &str) -> Option<RefreshToken> {
        let bytes: [u8; LENGTH] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (sealed, seal) = bytes.split_at(SEALED);
        same(seal, &self.seals.mac(&[sealed])[..LENGTH - SEALED]).then_some(RefreshToken(bytes))
    }

    /// 128 bits of the link stay (RFC 6749, section 10.10), and the seal adds as many.
    fn seal(&self, tenant: TenantId, session: SessionId, link: [u8; 32]) -> RefreshToken {
        let mut bytes = [0; LENGTH];
        bytes[..16].copy_from_slice(tenant.uuid().as_bytes());
        bytes[16..32].copy_from_slice(session.uuid().as_bytes());
        bytes[32..SEALED].copy_from_slice(&link[..16]);
        let seal = self.seals.mac(&[&bytes[..SEALED]]);
        bytes[SEALED..].copy_from_slice(&seal[..LENGTH - SEALED]);
        RefreshToken(bytes)
    }
}

#[cfg(test)]
mod tests {
    use kit::Clock;

    use super::*;

    fn first(tokens: &RefreshTokens) -> RefreshToken {
        let clock = Clock::system();
        tokens.first(TenantId::new(&clock), SessionId::new(&clock)).unwrap()
    }

    fn tokens(byte: u8) -> RefreshTokens {
        RefreshTokens::new(&Secret::new([byte; 32]))
    }

    #[test]
    fn a_token_comes_back_from_its_text_with_its_tenant_and_session() {
        let clock = Clock::system();
        let (tenant, session) = (TenantId::new(&clock), SessionId::new(&clock));
        let token = tokens(7).first(tenant, session).unwrap();
        let opened = tokens(7).open(&token.text()).unwrap();
        assert_eq!((opened.tenant(), opened.session(), opened.hash()), (tenant, session, token.hash()));
        assert_eq!(token.text().len(), 86);
    }

    #[test]
    fn a_token_has_one_successor_of_the_same_session_and_two_tokens_never_share_it() {
        let tokens = tokens(7);
        let (one, other) = (first(&tokens), first(&tokens));
        let next = tokens.successor(&one);
        assert!(next == tokens.successor(&one) && next != one && next != tokens.successor(&other));
        assert_eq!((next.tenant(), next.session()), (one.tenant(), one.session()));
        assert!(tokens.open(&next.text()).is_some());
    }

    #[test]
    fn a_token_with_any_bit_changed_or_of_another_secret_is_refused() {
        let tokens = tokens(7);
        let token = first(&tokens);
        for at in 0..LENGTH {
            let mut forged = token.0;
            forged[at] ^= 1;
            assert!(tokens.open(&URL_SAFE_NO_PAD.encode(forged)).is_none(), "byte {at}");
        }
        assert!(super::tests::tokens(8).open(&token.text()).is_none());
        for bad in ["", "x", &token.text()[1..], &format!("{}A", token.text()), &format!("{}=", token.text())]
        {
            assert!(tokens.open(bad).is_none(), "{bad}");
        }
    }
}
