//! The place of a page in addresses.

use std::fmt;

use serde::Deserialize;

/// The place of a page in addresses. What breaks the contract's rule for it (`CreatePageRequest.slug`) is
/// the address of nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Slug(String);

impl TryFrom<String> for Slug {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let good = (3..=63).contains(&text.len())
            && text.bytes().all(is_inner)
            && !text.starts_with('-')
            && !text.ends_with('-');
        if good { Ok(Self(text)) } else { Err("not the place of a page") }
    }
}

impl Slug {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_follows_the_contracts_rule() {
        let longest = "a".repeat(63);
        for good in ["abc", "a-b", "9-9", "a--b", &longest] {
            assert!(Slug::try_from(good.to_owned()).is_ok(), "{good}");
        }
        let too_long = "a".repeat(64);
        for bad in ["", "ab", "-ab", "ab-", "a\0b", "Abc", "a_b", "a.b", "abç", "abc\n", &too_long] {
            assert!(Slug::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }
}
