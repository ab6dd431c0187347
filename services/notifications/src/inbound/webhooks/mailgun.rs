//! Mailgun's webhooks (<https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads>), signed with
//! HMAC-SHA256 over the time and a token that is good once
//! (<https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks>).

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::hmac;
use jiff::Timestamp;
use proto::internal::v1::FeedbackKind as Strike;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::{CameBack, Refused, Told, json};
use crate::inbound::came_back::status_of;

/// How far a call's time may be from ours, in seconds.
const MAX_APART: i64 = 600;
/// Tokens that are remembered. What is forgotten is too old to be believed unless more came within 20 minutes; and what
/// comes twice is written down once all the same.
const MAX_REMEMBERED: usize = 10_000;
/// The longest token that is looked at; Mailgun's have 50 characters.
const MAX_TOKEN: usize = 100;

#[derive(Debug, Deserialize)]
struct Call {
    signature: Signature,
    #[serde(rename = "event-data")]
    event: Event,
}

#[derive(Debug, Deserialize)]
struct Signature {
    timestamp: String,
    token: String,
    signature: String,
}

/// What happened.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct Event {
    event: String,
    severity: String,
    reason: String,
    recipient: String,
    delivery_status: DeliveryStatus,
    envelope: Envelope,
    message: Message,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct DeliveryStatus {
    message: Option<String>,
    description: Option<String>,
    enhanced_code: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Envelope {
    sender: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message {
    headers: Headers,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Headers {
    message_id: String,
}

/// The tokens of the last calls.
#[derive(Debug, Default)]
pub(super) struct Replays(Mutex<(HashSet<String>, VecDeque<String>)>);

/// A token that is in use. Dropped, it is good again: what could not be worked off comes again.
#[derive(Debug)]
pub(super) struct Reservation<'a> {
    replays: &'a Replays,
    token: String,
    is_used: bool,
}

impl Replays {
    /// Takes a token; `None` if it was taken before.
    fn reserve(&self, token: String) -> Option<Reservation<'_>> {
        let mut held = self.held();
        let (tokens, order) = &mut *held;
        if !tokens.insert(token.clone()) {
            return None;
        }
        order.push_back(token.clone());
        if order.len() > MAX_REMEMBERED
            && let Some(oldest) = order.pop_front()
        {
            tokens.remove(&oldest);
        }
        Some(Reservation { replays: self, token, is_used: false })
    }

    fn held(&self) -> MutexGuard<'_, (HashSet<String>, VecDeque<String>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation<'_> {
    /// Takes the token for used.
    pub(super) fn keep(mut self) {
        self.is_used = true;
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        if !self.is_used {
            let mut held = self.replays.held();
            held.0.remove(&self.token);
            held.1.retain(|token| *token != self.token);
        }
    }
}

/// The event of a call, and its token, reserved.
pub(super) fn open<'a>(
    body: &str,
    key: &SecretString,
    now: Timestamp,
    replays: &'a Replays,
) -> Result<(Event, Reservation<'a>), Refused> {
    let Call { signature, event } = json(body)?;
    let Signature { timestamp, token, signature } = signature;
    if token.len() > MAX_TOKEN {
        return Err(Refused::NotGenuine("a token that is too long"));
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret().as_bytes());
    let signature = from_hex(&signature).ok_or(Refused::NotGenuine("no signature"))?;
    hmac::verify(&key, format!("{timestamp}{token}").as_bytes(), &signature)
        .map_err(|_| Refused::NotGenuine("another signature"))?;
    let seconds: i64 = timestamp.parse().map_err(|_| Refused::NotGenuine("no time"))?;
    if seconds.abs_diff(now.as_second()) > MAX_APART.unsigned_abs() {
        return Err(Refused::NotGenuine("another time"));
    }
    let token = replays.reserve(token).ok_or(Refused::NotGenuine("a token that was used"))?;
    Ok((event, token))
}

/// What an event says.
pub(super) fn read(event: Event) -> Vec<Told> {
    let DeliveryStatus { message, description, enhanced_code } = event.delivery_status;
    let said = [message, description].into_iter().flatten().find(|text| !text.is_empty()).unwrap_or_default();
    let status = enhanced_code.as_deref().and_then(status_of).or_else(|| status_of(&said));
    let back = match (event.event.as_str(), event.severity.as_str()) {
        ("complained", _) => CameBack::complained("Mailgun"),
        ("failed", "temporary") => CameBack::delayed(status, &said),
        ("failed", _) => {
            let back = CameBack::returned(status, &said);
            // It keeps a list of its own of addresses that are not there.
            if event.reason == "suppress-bounce" { back.or_strike(Strike::NoSuchAddress) } else { back }
        }
        _ => return Vec::new(),
    };
    let names = vec![event.envelope.sender, event.message.headers.message_id];
    vec![Told { back, names, email: event.recipient }]
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::feedback::FeedbackKind;

    fn signed(key: &str, timestamp: &str, token: &str, event: &serde_json::Value) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let mac = hmac::sign(&key, format!("{timestamp}{token}").as_bytes());
        let signature = mac.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let signature = serde_json::json!({"timestamp": timestamp, "token": token, "signature": signature});
        serde_json::json!({"signature": signature, "event-data": event}).to_string()
    }

    fn failed(severity: &str, reason: &str, status: &serde_json::Value) -> serde_json::Value {
        serde_json::json!({
            "event": "failed", "id": "G9Bn5sl1TC6nu79C8C0bwg", "timestamp": 1_521_233_195.375_624,
            "log-level": "error", "severity": severity, "reason": reason, "delivery-status": status,
            "flags": {"is-routed": false}, "tags": [], "user-variables": {},
            "envelope": {"sender": "b+x@bounces.example", "transport": "smtp", "targets": "ada@example.net"},
            "message": {
                "headers": {"to": "ada@example.net", "message-id": "upd_1.a@mail.example", "from": "f", "subject": "s"},
                "attachments": [], "size": 111,
            },
            "recipient": "ada@example.net", "recipient-domain": "example.net",
        })
    }

    #[test]
    fn each_event_says_what_it_means() {
        let gone = serde_json::json!({
            "attempt-no": 1, "message": "", "code": 550, "description": "5.1.1 no such user", "session-seconds": 0.0,
        });
        let listed = serde_json::json!({
            "attempt-no": 1, "message": null, "code": 605, "description": "Not delivering to previously bounced address",
        });
        let full = serde_json::json!({"message": "mailbox full", "enhanced-code": "4.2.2", "code": 452});
        for (event, expected) in [
            (
                failed("permanent", "bounce", &gone),
                Some((FeedbackKind::Returned, Some(Strike::NoSuchAddress))),
            ),
            (
                failed("permanent", "suppress-bounce", &listed),
                Some((FeedbackKind::Returned, Some(Strike::NoSuchAddress))),
            ),
            (failed("permanent", "generic", &listed), Some((FeedbackKind::Returned, None))),
            (failed("temporary", "generic", &full), Some((FeedbackKind::Delayed, None))),
            (
                serde_json::json!({"event": "complained", "recipient": "ada@example.net",
                    "message": {"headers": {"message-id": "upd_1.a@mail.example"}}}),
                Some((FeedbackKind::Complained, Some(Strike::Complaint))),
            ),
            (serde_json::json!({"event": "delivered"}), None),
            (serde_json::json!({"event": "opened"}), None),
        ] {
            let told = read(serde_json::from_value(event.clone()).unwrap());
            assert_eq!(told.first().map(|told| (told.back.kind, told.back.strike)), expected, "{event}");
            if let Some(told) = told.first() {
                assert_eq!(
                    (told.names[1].as_str(), told.email.as_str()),
                    ("upd_1.a@mail.example", "ada@example.net")
                );
            }
        }
    }

    #[test]
    fn a_call_is_believed_once_and_within_ten_minutes() {
        let (key, replays) = (SecretString::from("key"), Replays::default());
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let event = serde_json::json!({"event": "opened"});
        let read = |body: &str| open(body, &key, now, &replays).map(|(_, token)| token);
        for time in ["1800000000", "1800000600", "1799999400"] {
            assert_eq!(read(&signed("key", time, "t", &event)).unwrap().token, "t");
        }
        for bad in [
            signed("key", "1800000601", "t", &event),
            signed("key", "1799999399", "t", &event),
            signed("key", "-1", "t", &event),
            signed("key", "soon", "t", &event),
            signed("other", "1800000000", "t", &event),
            signed("key", "1800000000", "t", &event).replace("\"t\"", "\"u\""),
            signed("key", "1800000000", &"t".repeat(101), &event),
        ] {
            assert!(matches!(read(&bad), Err(Refused::NotGenuine(_))), "{bad}");
        }
        assert!(matches!(read("{}"), Err(Refused::Unreadable(_))));
        // While it is worked off it is not worked off again; and if that fails, it is.
        let call = signed("key", "1800000000", "t", &event);
        let failing = read(&call).unwrap();
        assert!(matches!(read(&call), Err(Refused::NotGenuine(_))));
        drop(failing);
        read(&call).unwrap().keep();
        assert!(matches!(read(&call), Err(Refused::NotGenuine(_))));
        assert!(read(&signed("key", "1800000000", "u", &event)).is_ok());
        assert_eq!(replays.held().1.len(), 1);
    }

    #[test]
    fn the_memory_of_tokens_is_bounded() {
        let replays = Replays::default();
        for number in 0..=MAX_REMEMBERED {
            replays.reserve(number.to_string()).unwrap().keep();
        }
        assert!(replays.reserve("0".to_owned()).is_some(), "forgotten, and again when it is dropped");
        for number in [2, MAX_REMEMBERED] {
            assert!(replays.reserve(number.to_string()).is_none());
        }
        replays.reserve("last".to_owned()).unwrap().keep();
        let held = replays.held();
        assert_eq!((held.0.len(), held.1.len()), (MAX_REMEMBERED, MAX_REMEMBERED));
    }

    #[test]
    fn hexadecimal_is_read_and_nothing_else() {
        assert_eq!(from_hex("00fF"), Some(vec![0, 255]));
        for bad in ["0", "0g", "\u{e9}", "+1"] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }
}
