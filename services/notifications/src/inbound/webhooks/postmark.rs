//! Postmark's webhooks for bounces and spam complaints
//! (<https://postmarkapp.com/developer/webhooks/bounce-webhook>,
//! <https://postmarkapp.com/developer/webhooks/spam-complaint-webhook>).
//!
//! They are not signed, so that whoever calls proves itself with HTTP's basic authentication (RFC 7617).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kit::secret::{same, sha256};
use proto::internal::v1::FeedbackKind as Strike;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::{CameBack, Refused, Told, json};
use crate::inbound::came_back::status_of;

const USER: &str = "pharos";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Call {
    record_type: String,
    #[serde(rename = "Type")]
    kind: String,
    description: String,
    details: String,
    email: String,
    from: String,
    /// The mail that came back, with the headers of ours; only if the webhook is set to include it.
    content: String,
}

/// Whether the header is that of the user `pharos` with this password.
pub(super) fn check(authorization: &str, password: &SecretString) -> Result<(), Refused> {
    let given = authorization
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, text)| STANDARD.decode(text.trim()).ok())
        .ok_or(Refused::NotGenuine("no basic authentication"))?;
    let wanted = format!("{USER}:{}", password.expose_secret());
    // Hashes, so that the length is not told either.
    if same(&sha256(&given), &sha256(wanted.as_bytes())) {
        Ok(())
    } else {
        Err(Refused::NotGenuine("another user or password"))
    }
}

/// What a call says.
pub(super) fn read(body: &str) -> Result<Vec<Told>, Refused> {
    let call: Call = json(body)?;
    let said = if call.details.is_empty() { &call.description } else { &call.details };
    // `smtp;550 5.1.1 no such user`
    let said =
        said.split_once(';').filter(|(kind, _)| *kind == "smtp").map_or(said.as_str(), |(_, words)| words);
    let status = status_of(said);
    let returned = || CameBack::returned(status, said);
    // <https://postmarkapp.com/developer/api/bounce-api#bounce-types>
    let back = match (call.record_type.as_str(), call.kind.as_str()) {
        ("SpamComplaint", _) | ("Bounce", "SpamComplaint") => CameBack::complained(&call.description),
        ("Bounce", "HardBounce" | "BadEmailAddress") => unless_told(returned(), Strike::NoSuchAddress),
        ("Bounce", "SoftBounce" | "DnsError" | "VirusNotification") => returned(),
        ("Bounce", "Blocked" | "SpamNotification" | "DMARCPolicy") => {
            CameBack { strike: None, is_reputation: true, ..returned() }
        }
        ("Bounce", "Transient") => CameBack::delayed(status, said),
        _ => return Ok(Vec::new()),
    };
    Ok(vec![Told { back, names: vec![call.from, headers(&call.content)], email: call.email }])
}

/// A strike where what the server said tells no status.
fn unless_told(back: CameBack, strike: Strike) -> CameBack {
    if back.status.is_none() { back.or_strike(strike) } else { back }
}

/// The lines of a mail that came back in which headers of ours may stand.
fn headers(content: &str) -> String {
    let names = ["return-path:", "message-id:", "x-pm-message-id:"];
    let lines = content.lines().filter(|line| {
        let line = line.trim_start().to_ascii_lowercase();
        names.iter().any(|name| line.starts_with(name))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::feedback::FeedbackKind;

    fn call(record: &str, kind: &str, details: &str) -> Vec<Told> {
        let body = serde_json::json!({
            "RecordType": record, "MessageStream": "outbound", "ID": 4_323_372_036_854_775_807_i64, "Type": kind,
            "TypeCode": 1, "Name": "n", "Tag": "", "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
            "Metadata": {}, "ServerID": 23, "Description": "The server could not deliver it.",
            "Details": details, "Email": "ada@example.net", "From": "status@example.com",
            "BouncedAt": "2026-11-21T16:33:54.9070259Z", "DumpAvailable": true, "Inactive": true,
            "CanActivate": true, "Subject": "Slow",
            "Content": "Return-Path: <x>\r\nSubject: Slow\r\nMessage-ID: <upd_1.a@b>\r\n\r\nMessage",
        });
        read(&body.to_string()).unwrap()
    }

    #[test]
    fn each_type_says_what_it_means() {
        for (record, kind, details, expected) in [
            (
                "Bounce",
                "HardBounce",
                "smtp;550 5.1.1 no such user",
                Some((FeedbackKind::Returned, Some(Strike::NoSuchAddress), false)),
            ),
            ("Bounce", "HardBounce", "", Some((FeedbackKind::Returned, Some(Strike::NoSuchAddress), false))),
            ("Bounce", "HardBounce", "550 5.7.1 no", Some((FeedbackKind::Returned, None, true))),
            (
                "Bounce",
                "SoftBounce",
                "smtp;552 5.2.2 full",
                Some((FeedbackKind::Returned, Some(Strike::MailboxFull), false)),
            ),
            ("Bounce", "SoftBounce", "try later", Some((FeedbackKind::Returned, None, false))),
            ("Bounce", "Blocked", "550 5.1.1 blocked", Some((FeedbackKind::Returned, None, true))),
            ("Bounce", "Transient", "", Some((FeedbackKind::Delayed, None, false))),
            (
                "SpamComplaint",
                "SpamComplaint",
                "",
                Some((FeedbackKind::Complained, Some(Strike::Complaint), false)),
            ),
            ("Bounce", "AutoResponder", "", None),
            ("Bounce", "Unsubscribe", "", None),
            ("Delivery", "", "", None),
            ("Open", "", "", None),
        ] {
            let told = call(record, kind, details);
            let back = told.first().map(|told| (told.back.kind, told.back.strike, told.back.is_reputation));
            assert_eq!(back, expected, "{record} {kind} {details}");
        }
    }

    #[test]
    fn only_headers_of_the_returned_mail_name_it() {
        let told = call("Bounce", "HardBounce", "").remove(0);
        assert_eq!(told.names, ["status@example.com", "Return-Path: <x>\nMessage-ID: <upd_1.a@b>"]);
        assert_eq!(told.email, "ada@example.net");
        assert!(matches!(read("\"text\""), Err(Refused::Unreadable(_))));
        assert!(matches!(read("{\"Email\":7}"), Err(Refused::Unreadable(_))));
    }

    #[test]
    fn the_user_and_the_password_are_checked() {
        let password = SecretString::from("correct horse");
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        assert!(check(&basic("pharos:correct horse"), &password).is_ok());
        for bad in [
            String::new(),
            "Basic".to_owned(),
            "Basic !".to_owned(),
            basic("pharos:correct hors"),
            basic("pharos:correct horse "),
            basic("Pharos:correct horse"),
            basic("correct horse"),
            basic("pharos:correct horse").replace("Basic", "Bearer"),
        ] {
            assert!(matches!(check(&bad, &password), Err(Refused::NotGenuine(_))), "{bad}");
        }
    }
}
