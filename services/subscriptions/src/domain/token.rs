//! Tokens of links in mails: what is needed to find the row, and a MAC that only we can make.
//!
//! A byte for version and purpose, the tenant, the subscriber, for a confirmation its round, and the first 12
//! bytes of HMAC-SHA-256 over all that; in base 64 for URLs (RFC 4648, section 5) without padding. So
//! `u+{token}` fits the 64 octets of an address's local part (RFC 5321, section 4.5.3.1.1).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kit::{
    Secret,
    ids::{SubscriberId, TenantId},
    secret::same,
};
use uuid::Uuid;

/// Version 1, to confirm.
const CONFIRM: u8 = 0x11;
/// Version 1, to unsubscribe.
const UNSUBSCRIBE: u8 = 0x12;
/// 96 bits: a guess can only be tried by asking us.
const MAC_BYTES: usize = 12;
const ID_BYTES: usize = 16;
const ROUND_BYTES: usize = 4;

/// What a token to confirm says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Confirmation {
    pub tenant: TenantId,
    pub subscriber: SubscriberId,
    /// The confirmation round that the mail was sent in.
    pub round: i32,
}

/// What a token to unsubscribe says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsubscription {
    pub tenant: TenantId,
    pub subscriber: SubscriberId,
}

/// Makes tokens and reads them.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    confirm: Secret,
    unsubscribe: Secret,
}

impl Tokens {
    pub(crate) fn new(secret: &Secret) -> Self {
        Self {
            confirm: secret.derive("subscriptions: confirm token"),
            unsubscribe: secret.derive("subscriptions: unsubscribe token"),
        }
    }

    /// The token of a link to confirm, 66 characters.
    pub(crate) fn confirm(&self, told: Confirmation) -> String {
        let mut payload = payload(CONFIRM, told.tenant, told.subscriber);
        payload.extend_from_slice(&told.round.to_be_bytes());
        seal(&self.confirm, payload)
    }

    /// The token of a link to unsubscribe, 60 characters.
    pub(crate) fn unsubscribe(&self, told: Unsubscription) -> String {
        seal(&self.unsubscribe, payload(UNSUBSCRIBE, told.tenant, told.subscriber))
    }

    /// What a token to confirm says; `None` if it is not one of ours.
    pub(crate) fn read_confirm(&self, token: &str) -> Option<Confirmation> {
        let (tenant, subscriber, round) = open(&self.confirm, CONFIRM, token)?;
        let round = i32::from_be_bytes(<[u8; ROUND_BYTES]>::try_from(round).ok()?);
        Some(Confirmation { tenant, subscriber, round })
    }

    /// What a token to unsubscribe says; `None` if it is not one of ours.
    pub(crate) fn read_unsubscribe(&self, token: &str) -> Option<Unsubscription> {
        let (tenant, subscriber, rest) = open(&self.unsubscribe, UNSUBSCRIBE, token)?;
        rest.is_empty().then_some(Unsubscription { tenant, subscriber })
    }
}

fn payload(purpose: u8, tenant: TenantId, subscriber: SubscriberId) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + 2 * ID_BYTES + ROUND_BYTES + MAC_BYTES);
    bytes.extend_from_slice(&[purpose]);
    bytes.extend_from_slice(tenant.uuid().as_bytes());
    bytes.extend_from_slice(subscriber.uuid().as_bytes());
    bytes
}

fn seal(key: &Secret, mut payload: Vec<u8>) -> String {
    let mac = key.mac(&[&payload]);
    payload.extend_from_slice(&mac[..MAC_BYTES]);
    URL_SAFE_NO_PAD.encode(payload)
}

/// The ids in a token and what follows them.
fn open(key: &Secret, purpose: u8, token: &str) -> Option<(TenantId, SubscriberId, Vec<u8>)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (payload, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC_BYTES)?)?;
    if !same(mac, &key.mac(&[payload])[..MAC_BYTES]) {
        return None;
    }
    let payload = payload.strip_prefix(&[purpose])?;
    let (tenant, payload) = payload.split_at_checked(ID_BYTES)?;
    let (subscriber, rest) = payload.split_at_checked(ID_BYTES)?;
    Some((
        TenantId::from_uuid(Uuid::from_slice(tenant).ok()?),
        SubscriberId::from_uuid(Uuid::from_slice(subscriber).ok()?),
        rest.to_vec(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId::from_uuid(Uuid::from_u128(1));
    const SUBSCRIBER: SubscriberId = SubscriberId::from_uuid(Uuid::from_u128(2));
    const CONFIRMATION: Confirmation = Confirmation { tenant: TENANT, subscriber: SUBSCRIBER, round: 3 };
    const UNSUBSCRIPTION: Unsubscription = Unsubscription { tenant: TENANT, subscriber: SUBSCRIBER };

    fn tokens() -> Tokens {
        Tokens::new(&Secret::new([7; 32]))
    }

    #[test]
    fn a_token_says_what_was_put_into_it() {
        let tokens = tokens();
        assert_eq!(tokens.read_confirm(&tokens.confirm(CONFIRMATION)), Some(CONFIRMATION));
        assert_eq!(tokens.read_unsubscribe(&tokens.unsubscribe(UNSUBSCRIPTION)), Some(UNSUBSCRIPTION));
    }

    #[test]
    fn tokens_are_as_short_as_promised() {
        assert_eq!(tokens().confirm(CONFIRMATION).len(), 66);
        assert_eq!(tokens().unsubscribe(UNSUBSCRIPTION).len(), 60);
    }

    #[test]
    fn a_token_is_good_for_its_own_purpose_only() {
        let tokens = tokens();
        assert_eq!(tokens.read_unsubscribe(&tokens.confirm(CONFIRMATION)), None);
        assert_eq!(tokens.read_confirm(&tokens.unsubscribe(UNSUBSCRIPTION)), None);
    }

    #[test]
    fn a_token_of_another_installation_is_not_good() {
        let theirs = Tokens::new(&Secret::new([8; 32]));
        assert_eq!(tokens().read_confirm(&theirs.confirm(CONFIRMATION)), None);
    }

    #[test]
    fn a_token_with_any_character_changed_is_not_good() {
        let tokens = tokens();
        let good = tokens.unsubscribe(UNSUBSCRIPTION);
        for place in 0..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let bad = String::from_utf8(bytes).unwrap();
            assert_eq!(tokens.read_unsubscribe(&bad), None, "character {place}");
        }
    }

    #[test]
    fn what_is_no_token_at_all_is_not_good() {
        for bad in ["", "A", "AQ", "no base 64!", &"A".repeat(22), &"A".repeat(60), &"A".repeat(200)] {
            assert_eq!(tokens().read_confirm(bad), None, "{bad}");
            assert_eq!(tokens().read_unsubscribe(bad), None, "{bad}");
        }
    }
}
