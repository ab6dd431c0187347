//! The relays of one setting, in the order in which they are tried.

use std::str::FromStr;

use super::url::{InvalidSmtpUrl, SmtpUrl};

/// The most relays that a list may have.
const MAX_RELAYS: usize = 8;

/// Where mails go.
#[derive(Debug, Clone)]
pub enum Relay {
    /// To a mail server.
    Smtp(SmtpUrl),
    /// Nowhere, written `discard:`: each mail counts as sent. For trials; whoever owns the way out answers
    /// "250 2.0.0 discarded".
    Discard,
}

/// One to eight relays separated by white space, the preferred one first; or `discard:` alone, since behind it nobody
/// would be asked, and behind others it would lose the mails that they cannot take.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct RelayList(Vec<Relay>);

/// Why a text is no [`RelayList`]. Never repeats what may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRelayList {
    /// None, or more than eight.
    #[error("there must be 1 to {MAX_RELAYS} mail servers, separated by white space")]
    Count,
    /// `discard:` beside others.
    #[error("discard: must stand alone, without other mail servers")]
    DiscardAmongOthers,
    /// One of them.
    #[error("mail server {number}: {source}")]
    Relay {
        /// Its place, from 1.
        number: usize,
        /// What is wrong with it.
        source: InvalidSmtpUrl,
    },
}

impl RelayList {
    /// The relays, at least one, the preferred one first.
    pub fn as_slice(&self) -> &[Relay] {
        &self.0
    }
}

impl From<SmtpUrl> for RelayList {
    fn from(url: SmtpUrl) -> Self {
        Self(vec![Relay::Smtp(url)])
    }
}

impl FromStr for RelayList {
    type Err = InvalidRelayList;

    fn from_str(text: &str) -> Result<Self, InvalidRelayList> {
        let words: Vec<&str> = text.split_whitespace().take(MAX_RELAYS + 1).collect();
        if words.is_empty() || words.len() > MAX_RELAYS {
            return Err(InvalidRelayList::Count);
        }
        let is_discard = |word: &&str| word.eq_ignore_ascii_case("discard:");
        if words.iter().any(is_discard) {
            let alone = words.len() == 1;
            return if alone {
                Ok(Self(vec![Relay::Discard]))
            } else {
                Err(InvalidRelayList::DiscardAmongOthers)
            };
        }
        let relays = words.into_iter().zip(1..).map(|(word, number)| match word.parse() {
            Ok(url) => Ok(Relay::Smtp(url)),
            Err(source) => Err(InvalidRelayList::Relay { number, source }),
        });
        relays.collect::<Result<_, _>>().map(Self)
    }
}

impl TryFrom<String> for RelayList {
    type Error = InvalidRelayList;

    fn try_from(text: String) -> Result<Self, InvalidRelayList> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Result<Vec<String>, InvalidRelayList> {
        let list: RelayList = text.parse()?;
        let host = |relay: &Relay| match relay {
            Relay::Smtp(url) => url.host(),
            Relay::Discard => "nowhere".to_owned(),
        };
        Ok(list.as_slice().iter().map(host).collect())
    }

    #[test]
    fn relays_keep_their_order_and_white_space_separates_them() {
        assert_eq!(hosts("smtp://one.example").unwrap(), ["one.example"]);
        let two = hosts("\n  smtp://two.example:25?tls=never\n\tsmtps://one.example ").unwrap();
        assert_eq!(two, ["two.example", "one.example"]);
        assert_eq!(hosts(" DISCARD: ").unwrap(), ["nowhere"]);
    }

    #[test]
    fn one_to_eight_relays_make_a_list() {
        let many = |count: usize| hosts(&"smtp://one.example ".repeat(count));
        assert_eq!(many(8).unwrap().len(), 8);
        assert_eq!(many(9), Err(InvalidRelayList::Count));
        assert_eq!(many(0), Err(InvalidRelayList::Count));
    }

    #[test]
    fn a_mistake_is_told_with_its_place_and_without_the_password() {
        let error = hosts("smtp://one.example smtp://ann:secret@two.example?speed=3").unwrap_err();
        let InvalidRelayList::Relay { number: 2, source: InvalidSmtpUrl::UnknownParameter(key) } = &error
        else {
            panic!("{error}")
        };
        assert_eq!(key, "speed");
        assert!(!error.to_string().contains("secret"));
        assert_eq!(hosts("discard: smtp://one.example"), Err(InvalidRelayList::DiscardAmongOthers));
        assert_eq!(hosts("smtp://one.example discard:"), Err(InvalidRelayList::DiscardAmongOthers));
    }
}
