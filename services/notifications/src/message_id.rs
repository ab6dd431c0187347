//! The Message-ID: `<{what is told}.{recipient's hash}@{mail domain}>`. It is read back for providers that write an
//! envelope sender of their own: it names the mail, and the hash, which nobody else can make, its recipient.

use std::fmt::Write as _;

use kit::{
    Secret,
    ids::{EventId, UpdateId},
};
use uuid::Uuid;

use crate::domain::RecipientId;

/// Characters of a recipient's hash: 96 bits in hexadecimal.
const HASH: usize = 24;

/// Makes the recipients' hashes.
#[derive(Debug, Clone)]
pub(crate) struct RecipientHashes(Secret);

impl RecipientHashes {
    /// With the service's secret.
    pub(crate) fn new(secret: &Secret) -> Self {
        Self(secret.derive("subscriber hashes"))
    }

    /// The recipient's hash.
    pub(crate) fn of(&self, recipient: RecipientId) -> String {
        let mac = self.0.mac(&[recipient.uuid().as_bytes()]);
        let mut hash = String::with_capacity(HASH);
        for byte in &mac[..HASH / 2] {
            write!(hash, "{byte:02x}").ok();
        }
        hash
    }
}

/// What a Message-ID of ours says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MessageId {
    /// The update that is told, or the event.
    pub(crate) told: Uuid,
    /// The recipient's hash.
    pub(crate) hash: String,
}

impl MessageId {
    /// Reads one, with or without its angle brackets.
    pub(crate) fn parse(text: &str, mail_domain: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches('<').trim_end_matches('>');
        let (local, domain) = text.rsplit_once('@')?;
        if !domain.eq_ignore_ascii_case(mail_domain) {
            return None;
        }
        let (id, hash) = local.split_once('.')?;
        let told = id.parse().map(UpdateId::uuid).or_else(|_| id.parse().map(EventId::uuid)).ok()?;
        let is_hash = hash.len() == HASH && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_hash.then(|| Self { told, hash: hash.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_names_what_is_told_and_to_whom() {
        let hash = RecipientHashes::new(&Secret::new([7; 32])).of(Uuid::from_u128(9).into());
        let told = Uuid::from_u128(5);
        for id in [UpdateId::from_uuid(told).to_string(), EventId::from_uuid(told).to_string()] {
            let expected = Some(MessageId { told, hash: hash.clone() });
            assert_eq!(MessageId::parse(&format!("<{id}.{hash}@mail.example>"), "mail.example"), expected);
            assert_eq!(MessageId::parse(&format!("{id}.{hash}@MAIL.example"), "mail.example"), expected);
            assert_eq!(MessageId::parse(&format!("{id}.{hash}@other.example"), "mail.example"), None);
            assert_eq!(MessageId::parse(&format!("{id}.{}@mail.example", &hash[1..]), "mail.example"), None);
            assert_eq!(MessageId::parse(&format!("{id}@mail.example"), "mail.example"), None);
        }
        let incident = format!("inc_{}.{hash}@mail.example", kit::ids::encode(told));
        assert_eq!(MessageId::parse(&incident, "mail.example"), None, "a thread is no mail");
    }
}
