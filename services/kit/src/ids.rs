//! Typed, sortable, prefixed ids: `page_01jd…` on the wire, a UUID in the database.
//!
//! The text is a prefix and 26 characters of Crockford's base 32 in small letters over a UUIDv7, as in
//! the `TypeID` format (<https://github.com/jetify-com/typeid/tree/main/spec>): it sorts as the UUID does.

use std::{fmt, str::FromStr};

use uuid::Uuid;

use crate::Clock;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;

/// The text is not an id of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be `{prefix}_` and {LENGTH} small letters and digits, as it was given out")]
pub struct InvalidId {
    prefix: &'static str,
}

/// The 26 characters of a UUID.
#[must_use]
pub fn encode(uuid: Uuid) -> String {
    let value = uuid.as_u128();
    (0..LENGTH)
        .rev()
        .map(|place| char::from(ALPHABET[usize::try_from((value >> (5 * place)) & 31).unwrap_or(0)]))
        .collect()
}

fn decode(text: &str) -> Option<Uuid> {
    // 26 characters hold 130 bits; the first may use only 3 of its 5.
    if text.len() != LENGTH || text.as_bytes()[0] > b'7' {
        return None;
    }
    let value = text.bytes().try_fold(0_u128, |value, byte| {
        let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
        Some(value << 5 | u128::try_from(digit).ok()?)
    })?;
    Some(Uuid::from_u128(value))
}

macro_rules! id {
    ($name:ident, $prefix:literal, $what:literal) => {
        #[doc = concat!("The id of ", $what, ": `", $prefix, "_` and 26 characters.")]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
        #[sqlx(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, larger than those made before it.
            #[must_use]
            pub fn new(clock: &Clock) -> Self {
                Self(clock.uuid())
            }

            /// The id with this UUID.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID, as the database keeps it.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(decode)
                    .map(Self)
                    .ok_or(InvalidId { prefix: $prefix })
            }
        }
    };
}

id!(TenantId, "ten", "a tenant");
id!(MemberId, "mem", "a member");
id!(SessionId, "ses", "a session");
id!(PageId, "page", "a page");
id!(ComponentGroupId, "grp", "a component group");
id!(ComponentId, "cmp", "a component");
id!(StatusIntervalId, "itv", "a time in which something gave a component a status");
id!(IncidentId, "inc", "an incident");
id!(MaintenanceId, "mnt", "a maintenance");
id!(UpdateId, "upd", "an update of an incident or a maintenance");
id!(TemplateId, "tpl", "a template");
id!(VendorId, "ven", "a vendor whose page is read");
id!(AuditEntryId, "aud", "an entry of an audit log");
id!(EventId, "evt", "an event");
id!(SubscriberId, "sub", "a subscriber");
id!(BroadcastId, "brd", "a broadcast");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_from_its_text() {
        let id = PageId::new(&Clock::system());
        let text = id.to_string();
        assert_eq!(text.len(), 31);
        assert_eq!(text.parse(), Ok(id));
    }

    #[test]
    fn texts_sort_as_the_ids_do() {
        let clock = Clock::system();
        let texts = (0..1000).map(|_| PageId::new(&clock).to_string()).collect::<Vec<_>>();
        assert!(texts.is_sorted());
    }

    #[test]
    fn the_smallest_and_the_largest_id_have_a_text() {
        assert_eq!(encode(Uuid::nil()), "0".repeat(26));
        assert_eq!(encode(Uuid::max()), format!("7{}", "z".repeat(25)));
        assert_eq!(decode(&encode(Uuid::max())), Some(Uuid::max()));
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        let good = PageId::new(&Clock::system()).to_string();
        let larger = format!("page_8{}", &good[6..]);
        for bad in [
            "",
            "page_",
            &good[5..],
            &good[..30],
            &good.to_uppercase(),
            &larger,
            "ten_01arz3ndektsv4rrffq69g5fav",
        ] {
            assert!(bad.parse::<PageId>().is_err(), "{bad}");
        }
    }
}
