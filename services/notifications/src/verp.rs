//! The envelope sender that says whose mail it was when it comes back (VERP), with a MAC so that nobody can
//! make an address bounce by writing to us.

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use uuid::Uuid;

/// Octets of the MAC that are kept: 40 bits.
const MAC: usize = 5;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Makes and reads envelope senders: `b+{delivery}.{mac}@{bounce domain}`.
///
/// The delivery is the broadcast's UUID and the recipient's, 52 characters of base32 in lower case without
/// padding (RFC 4648); the MAC is the first 40 bits of HMAC-SHA256 over those 32 bytes, 8 characters. So the
/// local part is 63 octets long, within the 64 of RFC 5321, section 4.5.3.1.1, and survives a server that
/// changes its case.
pub struct Verp {
    key: hmac::Key,
    domain: String,
}

/// Whose mail came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounce {
    /// The broadcast.
    pub broadcast: Uuid,
    /// The recipient.
    pub recipient: Uuid,
}

impl Verp {
    /// With a key of its own and the domain whose mail comes to us.
    pub fn new(key: &[u8; 32], bounce_domain: &str) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key), domain: bounce_domain.to_owned() }
    }

    /// The envelope sender of one mail.
    pub fn sender(&self, of: Bounce) -> String {
        let delivery = of.bytes();
        let mut address = String::with_capacity(64 + self.domain.len());
        address.push_str("b+");
        put_base32(&mut address, &delivery);
        address.push('.');
        put_base32(&mut address, &hmac::sign(&self.key, &delivery).as_ref()[..MAC]);
        address.push('@');
        address.push_str(&self.domain);
        address
    }

    /// The inverse of [`Verp::sender`], in any case of letters. None for an address that is not ours, was not
    /// made with this key or was altered: a bounce to it says nothing.
    pub fn verify(&self, address: &str) -> Option<Bounce> {
        let (local, domain) = address.rsplit_once('@')?;
        if !domain.eq_ignore_ascii_case(&self.domain) {
            return None;
        }
        let local = local.to_ascii_lowercase();
        let (delivery, mac) = local.strip_prefix("b+")?.split_once('.')?;
        let delivery: [u8; 32] = from_base32(delivery)?;
        let mac: [u8; MAC] = from_base32(mac)?;
        verify_slices_are_equal(&mac, &hmac::sign(&self.key, &delivery).as_ref()[..MAC]).ok()?;
        let (broadcast, recipient) = delivery.split_first_chunk()?;
        Some(Bounce { broadcast: Uuid::from_bytes(*broadcast), recipient: Uuid::from_slice(recipient).ok()? })
    }
}

impl Bounce {
    fn bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(self.broadcast.as_bytes());
        bytes[16..].copy_from_slice(self.recipient.as_bytes());
        bytes
    }
}

/// Five bits a character, the last one filled up with zeros.
fn put_base32(out: &mut String, bytes: &[u8]) {
    for group in bytes.chunks(5) {
        let bits = group.iter().enumerate().fold(0_u64, |bits, (i, &b)| bits | u64::from(b) << (32 - 8 * i));
        for place in 0..(group.len() * 8).div_ceil(5) {
            out.push(char::from(ALPHABET[(bits >> (35 - 5 * place) & 31) as usize]));
        }
    }
}

/// Exactly `N` bytes, with zeros where the last character is filled up.
fn from_base32<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != (N * 8).div_ceil(5) {
        return None;
    }
    let mut bytes = [0; N];
    let (mut bits, mut held, mut filled) = (0_u16, 0, 0);
    for character in text.bytes() {
        let value = ALPHABET.iter().position(|&letter| letter == character)?;
        bits = bits << 5 | u16::try_from(value).ok()?;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes[filled] = u8::try_from(bits >> held).ok()?;
            bits &= (1 << held) - 1;
            filled += 1;
        }
    }
    (bits == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounce() -> Bounce {
        Bounce {
            broadcast: Uuid::from_u128(0x0192_aaaa << 96 | 7),
            recipient: Uuid::from_u128(u128::MAX - 1),
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (text, encoded) in [
            ("f", "my"),
            ("fo", "mzxq"),
            ("foo", "mzxw6"),
            ("foob", "mzxw6yq"),
            ("fooba", "mzxw6ytb"),
            ("foobar", "mzxw6ytboi"),
        ] {
            let mut out = String::new();
            put_base32(&mut out, text.as_bytes());
            assert_eq!(out, encoded);
        }
        assert_eq!(
            from_base32(b"mzxw6ytboi".map(char::from).iter().collect::<String>().as_str()),
            Some(*b"foobar")
        );
        assert_eq!(from_base32::<1>("mz"), None, "bits that belong to no byte");
    }

    #[test]
    fn an_envelope_sender_says_whose_mail_it_was() {
        let verp = Verp::new(&[7; 32], "bounces.example.com");
        let sender = verp.sender(bounce());
        assert_eq!(sender.split('@').next().unwrap().len(), 63);
        assert_eq!(verp.verify(&sender), Some(bounce()));
        assert_eq!(verp.verify(&sender.to_uppercase()), Some(bounce()));
    }

    #[test]
    fn an_altered_or_foreign_envelope_sender_says_nothing() {
        let verp = Verp::new(&[7; 32], "bounces.example.com");
        let sender = verp.sender(bounce());
        assert_eq!(Verp::new(&[8; 32], "bounces.example.com").verify(&sender), None);
        assert_eq!(Verp::new(&[7; 32], "bounces.example.org").verify(&sender), None);
        for place in 2..63 {
            let mut altered = sender.clone().into_bytes();
            altered[place] = if altered[place] == b'q' { b'r' } else { b'q' };
            assert_eq!(verp.verify(&String::from_utf8(altered).unwrap()), None, "at {place}");
        }
        for other in [
            "",
            "@bounces.example.com",
            "b+@bounces.example.com",
            "b+.@bounces.example.com",
            "b+é.é@bounces.example.com",
        ] {
            assert_eq!(verp.verify(other), None, "{other}");
        }
    }
}
