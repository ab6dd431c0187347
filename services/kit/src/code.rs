//! Codes of 12 small letters and digits: what an id looks like to programs that read status pages of other makers.
//!
//! A code is computed from a UUIDv7: its time, to the millisecond, and its last 20 bits, which are random, stirred so
//! that codes do not look alike. The time can be computed back, so that whatever a code stands for is found by its id,
//! among those made in that millisecond; no table of codes is needed, and no code ever changes. Of two ids made in one
//! millisecond one pair in a million has the same code.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// The characters of a code. 36 to the power of 12 is a little more than 2 to the power of 62.
const LENGTH: usize = 12;
const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const BITS: u32 = 62;
const MASK: u64 = (1 << BITS) - 1;
/// Of them the last ones are the last ones of the id; before them stands the time.
const TAIL_BITS: u32 = 20;
const TAIL: u64 = (1 << TAIL_BITS) - 1;
/// Times are counted from 2020-01-01T00:00:00Z, in milliseconds since 1970: until 2089 they leave the first bit free,
/// which is for twins.
const BEGINNING: u64 = 1_577_836_800_000;
const TWIN: u64 = 1 << (BITS - 1);
/// Odd, so that multiplying by it loses nothing: the fraction of the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15 & MASK;
const INVERSE: u64 = inverse(FACTOR);

/// A code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code(u64);

/// The text is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 12 small letters and digits, as it was given out")]
pub struct InvalidCode;

impl Code {
    /// The code of an id made from 2020 to 2089.
    #[must_use]
    pub fn of(id: Uuid) -> Self {
        let bits = id.as_u128();
        let time = u64::try_from(bits >> 80).unwrap_or(0).wrapping_sub(BEGINNING);
        let tail = u64::try_from(bits & u128::from(TAIL)).unwrap_or(0);
        Self::stirred((time << TAIL_BITS | tail) & MASK)
    }

    /// A second code for what has no id of its own and belongs to this one's; no id has it.
    #[must_use]
    pub const fn twin(self) -> Self {
        Self::stirred(self.settled() ^ TWIN)
    }

    /// The first and the last id that can have this code; between them are those of one millisecond, of which few have
    /// it.
    #[must_use]
    pub fn ids(self) -> (Uuid, Uuid) {
        let time = (self.settled() >> TAIL_BITS) + BEGINNING;
        let first = u128::from(time) << 80;
        (Uuid::from_u128(first), Uuid::from_u128(first | ((1 << 80) - 1)))
    }

    const fn stirred(bits: u64) -> Self {
        Self(fold(fold(bits).wrapping_mul(FACTOR) & MASK))
    }

    const fn settled(self) -> u64 {
        fold(fold(self.0).wrapping_mul(INVERSE) & MASK)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b'0'; LENGTH];
        let mut rest = self.0;
        for place in text.iter_mut().rev() {
            *place = ALPHABET[usize::try_from(rest % 36).unwrap_or(0)];
            rest /= 36;
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl FromStr for Code {
    type Err = InvalidCode;

    fn from_str(text: &str) -> Result<Self, InvalidCode> {
        if text.len() != LENGTH {
            return Err(InvalidCode);
        }
        let value = text.bytes().try_fold(0_u64, |value, byte| {
            let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
            Some(value * 36 + u64::try_from(digit).ok()?)
        });
        value.filter(|value| *value <= MASK).map(Self).ok_or(InvalidCode)
    }
}

/// Stirs the upper half into the lower one; done twice, it is undone.
const fn fold(bits: u64) -> u64 {
    bits ^ (bits >> (BITS / 2))
}

/// What a product with an odd number is multiplied by to have the other factor back (by Newton's method: each round
/// doubles the bits that are right).
const fn inverse(odd: u64) -> u64 {
    let mut found = odd;
    let mut round = 0;
    while round < 5 {
        found = found.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(found)));
        round += 1;
    }
    found & MASK
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::Clock;

    /// An id of the millisecond `time` with these last bits.
    fn id(time: u64, tail: u64) -> Uuid {
        Uuid::from_u128(u128::from(time) << 80 | 0x7000_8000_0000_0000_0000 | u128::from(tail))
    }

    #[test]
    fn a_code_leads_back_to_the_millisecond_of_its_id() {
        let clock = Clock::system();
        let last = BEGINNING + (1 << (BITS - TAIL_BITS)) - 1;
        let ids = [id(BEGINNING, 0), id(BEGINNING, TAIL), id(last, 0), id(last, TAIL)];
        for id in (0..1000).map(|_| clock.uuid()).chain(ids) {
            let code = Code::of(id);
            assert_eq!(code.to_string().parse(), Ok(code));
            let (from, to) = code.ids();
            assert!(from <= id && id <= to, "{id} {from} {to}");
            assert_eq!(from.as_u128() >> 80, to.as_u128() >> 80);
        }
    }

    #[test]
    fn ids_made_in_one_moment_have_different_codes_that_do_not_look_alike() {
        let codes = (0..1000).map(|tail| Code::of(id(1_790_000_000_000, tail)).to_string());
        let codes = codes.collect::<HashSet<_>>();
        assert_eq!(codes.len(), 1000);
        let starts = codes.iter().map(|code| code[..4].to_owned()).collect::<HashSet<_>>();
        assert!(starts.len() > 900, "{}", starts.len());
    }

    #[test]
    fn a_twin_is_the_code_of_no_id_before_2089() {
        let of_2089 = 3_755_000_000_000;
        for made in [id(BEGINNING, 0), id(1_790_000_000_000, TAIL), id(of_2089, 1)] {
            let twin = Code::of(made).twin();
            assert_eq!(twin.twin(), Code::of(made));
            assert!(twin.ids().0 > id(of_2089, TAIL), "{made}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let largest = Code(MASK).to_string();
        assert!(largest.parse::<Code>().is_ok());
        assert_eq!(Code(0).to_string(), "000000000000");
        for bad in ["", "abc", "abcdefghijk", "abcdefghijklm", "ABCDEFGHIJKL", "abcdefghijk-", "zzzzzzzzzzzz"]
        {
            assert_eq!(bad.parse::<Code>(), Err(InvalidCode), "{bad}");
        }
    }
}
