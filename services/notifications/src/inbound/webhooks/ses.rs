//! What Amazon SES tells, as notifications of an identity or as events of a configuration set
//! (<https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html>,
//! <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>).

use proto::internal::v1::FeedbackKind as Strike;
use serde::Deserialize;

use super::{CameBack, Refused, Told, json};
use crate::inbound::came_back::status_of;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Message {
    notification_type: String,
    event_type: String,
    mail: Mail,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
    delivery_delay: Option<Delay>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Mail {
    /// The envelope sender that SES was given.
    source: String,
    headers: Vec<Header>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Header {
    name: String,
    value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Bounce {
    bounce_type: String,
    bounce_sub_type: String,
    bounced_recipients: Vec<Recipient>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Delay {
    delayed_recipients: Vec<Recipient>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Complaint {
    complained_recipients: Vec<Recipient>,
    complaint_feedback_type: Option<String>,
    complaint_sub_type: Option<String>,
    user_agent: Option<String>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Recipient {
    email_address: String,
    status: Option<String>,
    diagnostic_code: Option<String>,
}

/// What a message says; a mail of ours has one recipient.
pub(super) fn read(message: &str) -> Result<Vec<Told>, Refused> {
    let Message { notification_type, event_type, mail, bounce, complaint, delivery_delay } = json(message)?;
    let kind = if notification_type.is_empty() { event_type } else { notification_type };
    let told = match kind.as_str() {
        "Bounce" => bounce.map(bounced),
        "Complaint" => complaint.and_then(complained),
        "DeliveryDelay" => delivery_delay.map(|delay| {
            let recipient = first(delay.delayed_recipients);
            let (status, said) = told(&recipient);
            (CameBack::delayed(status, &said), recipient)
        }),
        _ => None,
    };
    let Some((back, recipient)) = told else { return Ok(Vec::new()) };
    let is_name = |name: &str| ["return-path", "message-id"].iter().any(|one| name.eq_ignore_ascii_case(one));
    let headers = mail.headers.into_iter().filter(|header| is_name(&header.name)).map(|header| header.value);
    let names = std::iter::once(mail.source).chain(headers).collect();
    Ok(vec![Told { back, names, email: recipient.email_address }])
}

fn bounced(bounce: Bounce) -> (CameBack, Recipient) {
    let recipient = first(bounce.bounced_recipients);
    let (status, said) = told(&recipient);
    let back = CameBack::returned(status, &said);
    let back = match (bounce.bounce_type.as_str(), bounce.bounce_sub_type.as_str()) {
        // SES keeps lists of its own of addresses that are not there.
        ("Permanent", "NoEmail" | "Suppressed" | "OnAccountSuppressionList") => {
            back.or_strike(Strike::NoSuchAddress)
        }
        ("Transient", "MailboxFull") => back.or_strike(Strike::MailboxFull),
        _ => back,
    };
    (back, recipient)
}

fn complained(complaint: Complaint) -> Option<(CameBack, Recipient)> {
    let recipient = first(complaint.complained_recipients);
    if complaint.complaint_feedback_type.as_deref() == Some("not-spam") {
        return None;
    }
    // Nobody complained of this mail: SES did not send it, for an earlier complaint.
    if complaint.complaint_sub_type.as_deref() == Some("OnAccountSuppressionList") {
        return Some((CameBack::returned(None, "on the account's suppression list"), recipient));
    }
    Some((CameBack::complained(&complaint.user_agent.unwrap_or_default()), recipient))
}

fn first(recipients: Vec<Recipient>) -> Recipient {
    recipients.into_iter().next().unwrap_or_default()
}

/// The status, and what the server said without the type of its words (`smtp; `).
fn told(recipient: &Recipient) -> (Option<smtp::client::EnhancedStatus>, String) {
    let said = recipient.diagnostic_code.as_deref().unwrap_or_default();
    let said = said.split_once(';').filter(|(kind, _)| *kind == "smtp").map_or(said, |(_, words)| words);
    (recipient.status.as_deref().and_then(status_of), said.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::store::feedback::FeedbackKind;

    fn read_one(kind: (&str, &str), part: (&str, Value)) -> Option<Told> {
        let mail = json!({
            "timestamp": "2026-11-21T12:00:00.000Z", "source": "b+x@bounces.example",
            "sourceArn": "arn:aws:ses:eu-central-1:123456789012:identity/example.com",
            "messageId": "00000138111222aa-33322211-cccc-cccc-cccc-ddddaaaa0680-000000",
            "destination": ["ada@example.net"], "headersTruncated": false,
            "headers": [{"name": "From", "value": "status@example.com"}, {"name": "Message-ID", "value": "<upd_1.a@b>"}],
            "commonHeaders": {"subject": "Slow"},
        });
        let mut message = json!({kind.0: kind.1, "mail": mail});
        message[part.0] = part.1;
        read(&message.to_string()).unwrap().pop()
    }

    fn bounce(
        kind: &str,
        sub: &str,
        status: Option<&str>,
        code: Option<&str>,
    ) -> Option<(FeedbackKind, Option<Strike>)> {
        let mut recipient = json!({"emailAddress": "ada@example.net", "action": "failed"});
        if let Some(status) = status {
            recipient["status"] = status.into();
        }
        if let Some(code) = code {
            recipient["diagnosticCode"] = code.into();
        }
        let bounce = json!({"bounceType": kind, "bounceSubType": sub, "bouncedRecipients": [recipient],
            "timestamp": "2026-11-21T12:00:00.000Z", "feedbackId": "x", "reportingMTA": "dsn; a8-50.smtp-out.amazonses.com"});
        read_one(("notificationType", "Bounce"), ("bounce", bounce))
            .map(|told| (told.back.kind, told.back.strike))
    }

    #[test]
    fn each_bounce_says_what_it_means() {
        let returned = |strike| Some((FeedbackKind::Returned, strike));
        let code = Some("smtp; 550 5.1.1 user unknown");
        assert_eq!(
            bounce("Permanent", "General", Some("5.1.1"), code),
            returned(Some(Strike::NoSuchAddress))
        );
        assert_eq!(bounce("Permanent", "General", None, None), returned(None));
        assert_eq!(bounce("Permanent", "NoEmail", None, None), returned(Some(Strike::NoSuchAddress)));
        assert_eq!(
            bounce("Permanent", "Suppressed", Some("5.1.1"), None),
            returned(Some(Strike::NoSuchAddress))
        );
        assert_eq!(bounce("Permanent", "General", Some("5.7.1"), None), returned(None));
        assert_eq!(bounce("Transient", "General", Some("4.4.7"), None), returned(None));
        assert_eq!(bounce("Transient", "MailboxFull", None, None), returned(Some(Strike::MailboxFull)));
        assert_eq!(bounce("Undetermined", "Undetermined", None, None), returned(None));
    }

    #[test]
    fn complaints_and_delays_are_told_apart_from_the_rest() {
        let complaint = |more: Value| {
            let mut complaint = json!({"complainedRecipients": [{"emailAddress": "ada@example.net"}],
                "userAgent": "AnyCompany Feedback Loop (V0.01)", "feedbackId": "x"});
            for (name, value) in more.as_object().unwrap() {
                complaint[name] = value.clone();
            }
            read_one(("eventType", "Complaint"), ("complaint", complaint))
                .map(|told| (told.back.kind, told.back.strike))
        };
        let complained = Some((FeedbackKind::Complained, Some(Strike::Complaint)));
        assert_eq!(
            complaint(json!({"complaintFeedbackType": "abuse", "complaintSubType": null})),
            complained
        );
        assert_eq!(complaint(json!({})), complained);
        assert_eq!(complaint(json!({"complaintFeedbackType": "not-spam"})), None);
        assert_eq!(
            complaint(json!({"complaintSubType": "OnAccountSuppressionList"})),
            Some((FeedbackKind::Returned, None))
        );
        let delay = json!({"delayType": "MailboxFull",
            "delayedRecipients": [{"emailAddress": "ada@example.net", "status": "4.2.2", "diagnosticCode": "smtp; 452 4.2.2 full"}]});
        let told = read_one(("eventType", "DeliveryDelay"), ("deliveryDelay", delay)).unwrap();
        assert_eq!((told.back.kind, told.back.strike), (FeedbackKind::Delayed, None));
        assert_eq!(told.back.diagnostic, "452 4.2.2 full");
        assert_eq!(told.names, ["b+x@bounces.example", "<upd_1.a@b>"]);
        assert_eq!(read_one(("eventType", "Delivery"), ("delivery", json!({}))), None);
        assert_eq!(read_one(("notificationType", "AmazonSnsSubscriptionSucceeded"), ("x", json!(1))), None);
        assert!(matches!(read("Successfully validated SNS topic"), Err(Refused::Unreadable(_))));
    }
}
