//! What subscribers received, read from the inbox of `pharos up`.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use http::Uri;
use tokio::time::Instant;

use crate::{
    http_client,
    mail_catcher::{CaughtMail, JSON_PAGE_MAILS},
};

/// A mail that does not arrive within this time will not.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// The inbox of a running system, seen from a moment on.
#[derive(Debug)]
pub(super) struct Inbox {
    base: String,
    /// Mails up to here were there before.
    since: u64,
}

impl Inbox {
    /// The inbox as it is now: what is in it already is not looked at.
    pub(super) async fn open(system: &Uri) -> anyhow::Result<Self> {
        let base = system.to_string().trim_end_matches('/').to_owned();
        let mut inbox = Self { base, since: 0 };
        loop {
            let mails = inbox.read(None, inbox.since).await.context(
                "the inbox cannot be read: a replay reads mails from it, so the system must be a `pharos up` that \
                 catches its mails",
            )?;
            match mails.last() {
                Some(last) => inbox.since = last.id,
                None => return Ok(inbox),
            }
        }
    }

    /// Every mail to the address since, oldest first.
    pub(super) async fn mails_to(&self, address: &str) -> anyhow::Result<Vec<CaughtMail>> {
        let mut all = Vec::new();
        let mut after = self.since;
        loop {
            let mut mails = self.read(Some(address), after).await?;
            let is_last = mails.len() < JSON_PAGE_MAILS;
            if let Some(last) = mails.last() {
                after = last.id;
            }
            all.append(&mut mails);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// The token of the link to confirm that was mailed to the address.
    pub(super) async fn confirmation_token(&self, address: &str) -> anyhow::Result<String> {
        let deadline = Instant::now() + PATIENCE;
        let link = format!("{}/c/", self.base);
        while Instant::now() < deadline {
            for mail in self.mails_to(address).await? {
                let text = mail.text.unwrap_or_default();
                // The system may call itself by another name than we do: the path is what counts.
                if let Some((_, rest)) = text.split_once("/c/") {
                    let end = rest.find(|letter: char| letter.is_whitespace()).unwrap_or(rest.len());
                    return Ok(rest[..end].to_owned());
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("no mail with a link such as {link}… came to {address} within {} s", PATIENCE.as_secs())
    }

    async fn read(&self, address: Option<&str>, after: u64) -> anyhow::Result<Vec<CaughtMail>> {
        let mut query = format!("after_id={after}");
        if let Some(address) = address {
            query.push_str("&to=");
            query.push_str(&escape(address));
        }
        let uri = format!("{}/inbox.json?{query}", self.base).parse()?;
        let (status, body) = http_client::get(&uri).await?;
        ensure!(status.is_success(), "{uri} answers {status}");
        Ok(serde_json::from_slice(&body)?)
    }
}

/// An address as the value of a query (RFC 3986, section 2.1).
fn escape(address: &str) -> String {
    address
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_escaped_in_a_query() {
        assert_eq!(escape("a+b&c@example.com"), "a%2Bb%26c%40example.com");
    }
}
