//! Signatures over envelopes as SNS makes them, made once with a key that is gone; the certificate is good until 2126.

use super::*;

const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:bounces";
const PLACE: &str = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem";
const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIDCTCCAfGgAwIBAgIUMBd5uRFLRJNdbXA6So79/yH63PIwDQYJKoZIhvcNAQEL
BQAwEzERMA8GA1UEAwwIc25zLnRlc3QwIBcNMjYxMTIxMDgxNjI0WhgPMjEyNjEw
MjgwODE2MjRaMBMxETAPBgNVBAMMCHNucy50ZXN0MIIBIjANBgkqhkiG9w0BAQEF
AAOCAQ8AMIIBCgKCAQEAy4wGNIGDd7OiqSTGBtvDy6B+kJRcqwT5IG5m0fFknfJF
OU0FLkB1xCBjCs2QbGImFos+t4/AuMN1IRAnV1/kTEOGb9/JAidp1v2rx66uvfQ4
b93yxeNchz3+zzGtMHzNkVu/urq6g83ba/DKg56DemvUrR1toF79w0Wg750LsVk4
Wt3ezxuq90tgJBaoDvou1WA/ovjigXAua9yt1+MofGijOTJuKIj0nQTllWBe7Bii
eziOiMMymszSMt+EkrbntWDIMKu/8JL3wA7YU0wU03QTgCrNEmWdnuXf4g5hTtVg
lcRKpYVnK2rt/qY6OHtMiHU/6l+d2/tGptbaVb4pLwIDAQABo1MwUTAdBgNVHQ4E
FgQUDI55LqTPUmj7IvWQACSlTXCvesowHwYDVR0jBBgwFoAUDI55LqTPUmj7IvWQ
ACSlTXCvesowDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAxSDO
RfFK9ehH4VgzpJLmy58rGEXD94EtEDEdAlkLAxEbQnELu0ok88q4MBjvIw/b2bKm
WwqwURslA37Ne8tOFgfDGoYHN+U2aVeyHikcEO2ZBQcWhFatyDB1Uke3Hw9CqUpP
QwM3HOz25Nq9i8YzG4Yh7VlJSm+2asn8mSMYxkbTtBTGcKNXzO0zOzDAk1H3B0Jl
yJMIlR85d+y58DwEy/rKWWzUcra7/e20oT/WB4eoMRFUZ9mtDyypKDS4Oel0ZbYC
iuwAC8RiVMM+gue8qMemxwRzG8iW1zEkQZJTujsSeOmrIQodSXKrajobrgOygz1G
mCROw+mz3q0jzsphIQ==
-----END CERTIFICATE-----
";

const WITH_SUBJECT_1: &str = "ghctEnOzYIL0C2m+xY1h5eT0QethQB2xlIN8dQzqxzgaeAM544jXJ+WeTzQqIsl1Ns4Xa21lbFy4EwcIjg6kSSGGDy/mNhM3\
        yBNSt0AA18BoMRQ87rww6iNbRUMgrywwvYNxs9B/t2IZ2r2pHEwh4EAKiFO/jDYDmhOLg14J5PPVsyX7V86i91S8/DIZ0eBG\
        fT6nVafHuehgLb0uZGoe+UjYniw5Ylte3JugUetzm3Y+SLI5lZdPfRkPKZqwGfFwoZU3akC143GybXihDeeXa8ioEVVPz97H\
        XaaJIPzkcx4W1TrZZJNpOU9m8QJLd4iT/INmSs952fXbjsRiTLTuug==";
const WITH_SUBJECT_2: &str = "NFTYZQ2VnEN8jYg8DzHMVlMu/CYlJH25odNfGs3Zetplih4eD2lWqHT6uIOQ/iY79b8ygZoZ2yU4x9PCcEnEIeFFySWYZn3G\
        56NL5HYJ/HVDHRYy5D3p1t1wGpxoOGxnvDrrL97YWc3y4D/5g8hgGDUUjZzIrHtbSXUXyOt5VZyoWl1VBwvlEAhvNhwGYiat\
        PkbZpLyq5n6n6n8Y7i8tiON81tfJjVNXFJDGB16awPNujh/XlbV4yBzYlbL/ymvryY3mf72xx6FoHVuwIshrSd9+zSfPCkTN\
        xx2AghaFVpuQzHF/pGsTHqG707rWCm2/uHfJ5jB9ZaLj6IX5KdN0FA==";
const WITHOUT_SUBJECT_2: &str = "veCjbRkUu2OtUgTpnMvWx4r26dDCSGr9C/hM+RqWiFEvDpxXQevlJ/PX0f7BZcZ8o7BtpJvaPH49ESWnXf1HsW3dvJobGZOM\
        IkSVwPxW+PC4TU/IuPjmwYXGG+82cRjD264JD3B1jE3ajjQGcst/bv7sgz+r8kXSkZ6UlOGRKSEgUmv2klOsqNJJqsVRZoKD\
        TRtqCEkDhW6fnhvWr4dtZc2up8HQJdpjLrDtFKdaBdDjo+owZMueXSOFwfNbnZx0Jo82J+S3+ZOM55jAYEu4weh/vC+qlA3J\
        FP+1hBbTnwU8JEFE4wWe35mo5DOWM0io9V6jFA1GDN/oU5N50pbB+w==";
const CONFIRMATION_1: &str = "uDDkhA1xoEPBgyQOAyELR4LL4nzSyAb3ClFJMVr0QIdv5cqNIRhTCr88eekOjhsWiWSxZJSfL4bN6A79lVr4V5Tl2AtbPg4v\
        0aebWA17i4EUR1SSuKMjp6axJxBy5QytOyyv14PP73GuLKwSTVwNL1NBPEENZliAQUyjEmUEKYKmCrjGK9IIisBtWtFmCFlZ\
        BwUQ1sFY+TxaZk76RExKdQTtROcw7MwWQ0rVpZUe8NrTZ08TiKOHNr0IL7ytYdDWnHtaooUMHjW2cHR5awGesHMVuNY7i7C6\
        r6E2GOhu26ioYN8KGIXt9scdQsunCjXJwt+6WNHSo19nm8oM63earQ==";

fn envelope(version: &str, subject: Option<&str>, signature: &str) -> Envelope {
    Envelope {
        kind: "Notification".into(),
        message_id: "22b80b92".into(),
        topic_arn: TOPIC.into(),
        subject: subject.map(Into::into),
        message: "{\"notificationType\":\"Bounce\"}\n\u{fc}nd".into(),
        timestamp: "2026-11-21T12:00:00.000Z".into(),
        signature_version: version.into(),
        signature: signature.into(),
        signing_cert_url: PLACE.into(),
        ..Envelope::default()
    }
}

fn confirmation() -> Envelope {
    Envelope {
        kind: "SubscriptionConfirmation".into(),
        message_id: "22b80b93".into(),
        token: Some("2336412f37f".into()),
        message: "You have chosen".into(),
        subscribe_url: Some("https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription".into()),
        ..envelope("1", None, CONFIRMATION_1)
    }
}

fn is_signed(envelope: &Envelope) -> bool {
    envelope.verify(&public_key(CERTIFICATE.as_bytes()).unwrap()).is_ok()
}

#[test]
fn an_envelope_of_either_version_is_believed() {
    assert!(is_signed(&envelope("1", Some("My subject"), WITH_SUBJECT_1)));
    assert!(is_signed(&envelope("2", Some("My subject"), WITH_SUBJECT_2)));
    assert!(is_signed(&envelope("2", None, WITHOUT_SUBJECT_2)));
    assert!(is_signed(&confirmation()));
}

#[test]
fn an_envelope_with_anything_changed_is_not_believed() {
    let good = || envelope("2", Some("My subject"), WITH_SUBJECT_2);
    for bad in [
        Envelope { message: "{}".into(), ..good() },
        Envelope { message_id: "x".into(), ..good() },
        Envelope { subject: None, ..good() },
        Envelope { subject: Some(String::new()), ..good() },
        Envelope { timestamp: "2026-11-21T12:00:01.000Z".into(), ..good() },
        Envelope { topic_arn: "arn:x".into(), ..good() },
        Envelope { kind: "Other".into(), ..good() },
        Envelope { signature_version: "1".into(), ..good() },
        Envelope { signature_version: "3".into(), ..good() },
        Envelope { signature: WITHOUT_SUBJECT_2.into(), ..good() },
        Envelope { signature: "!".into(), ..good() },
        Envelope { signature: String::new(), ..good() },
        Envelope { token: None, ..confirmation() },
        Envelope { token: Some("x".into()), ..confirmation() },
        Envelope { subscribe_url: Some("https://sns.x.amazonaws.com/".into()), ..confirmation() },
    ] {
        assert!(!is_signed(&bad), "{bad:?}");
    }
    assert!(public_key(b"").is_err());
    assert!(public_key(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").is_err());
}

#[test]
fn an_envelope_is_of_the_topic_and_of_the_last_hour() {
    let checked = |topic: &str, now: &str| envelope("2", None, "").check(topic, now.parse().unwrap()).is_ok();
    for (now, expected) in [
        ("2026-11-21T12:00:00Z", true),
        ("2026-11-21T13:00:00Z", true),
        ("2026-11-21T13:00:01Z", false),
        ("2026-11-21T11:50:00Z", true),
        ("2026-11-21T11:49:59Z", false),
    ] {
        assert_eq!(checked(TOPIC, now), expected, "{now}");
        assert!(!checked("arn:aws:sns:eu-central-1:123456789012:other", now));
    }
}

#[tokio::test]
async fn an_envelope_is_opened_with_the_certificate_that_it_names() {
    let certificates = Certificates::new();
    let key = public_key(CERTIFICATE.as_bytes()).unwrap();
    certificates.kept().insert(PLACE.to_owned(), key.into());
    let body = |signature: &str, place: &str| {
        serde_json::json!({
            "Type": "Notification", "MessageId": "22b80b92", "TopicArn": TOPIC, "Subject": "My subject",
            "Message": "{\"notificationType\":\"Bounce\"}\n\u{fc}nd", "Timestamp": "2026-11-21T12:00:00.000Z",
            "SignatureVersion": "2", "Signature": signature, "SigningCertURL": place,
            "UnsubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe",
        })
        .to_string()
    };
    let now: Timestamp = "2026-11-21T12:30:00Z".parse().unwrap();
    let opened = certificates.open(&body(WITH_SUBJECT_2, PLACE), TOPIC, now).await.unwrap().unwrap();
    assert!(opened.starts_with("{\"notificationType\""));
    for bad in [
        body(WITHOUT_SUBJECT_2, PLACE),
        body(WITH_SUBJECT_2, "https://sns.example.com/SimpleNotificationService-1.pem"),
        body(WITH_SUBJECT_2, "https://sns.eu-central-1.amazonaws.com/x.txt"),
    ] {
        assert!(matches!(certificates.open(&bad, TOPIC, now).await, Err(Refused::NotGenuine(_))), "{bad}");
    }
    assert!(matches!(certificates.open("[1]", TOPIC, now).await, Err(Refused::Unreadable(_))));
}

#[test]
fn only_addresses_of_sns_are_asked() {
    assert!(address(PLACE).is_some());
    assert!(address("https://sns.us-gov-west-1.amazonaws.com/x.pem").is_some());
    for bad in [
        "",
        "http://sns.eu-central-1.amazonaws.com/x.pem",
        "https://sns.eu-central-1.amazonaws.com.example.com/x.pem",
        "https://sns.eu-central-1.amazonaws.com:8443/x.pem",
        "https://me@sns.eu-central-1.amazonaws.com/x.pem",
        "https://:x@sns.eu-central-1.amazonaws.com/x.pem",
        "https://sns.amazonaws.com/x.pem",
        "https://sns..amazonaws.com/x.pem",
        "https://sns.bucket.s3.amazonaws.com/x.pem",
        "https://evil-sns.eu-central-1.amazonaws.com/x.pem",
        "https://example.com/sns.eu-central-1.amazonaws.com/x.pem",
    ] {
        assert!(address(bad).is_none(), "{bad}");
    }
}

#[test]
fn only_certificates_are_fetched_as_certificates() {
    assert_eq!(certificate(PLACE).unwrap().as_str(), PLACE);
    let host = "https://sns.eu-central-1.amazonaws.com";
    for bad in [
        "/x.pem",
        "/SimpleNotificationService-1.txt",
        "/SimpleNotificationService-1.pem?x",
        "/SimpleNotificationService-1.pem?Action=Subscribe&x=.pem",
        "/SimpleNotificationService-1.pem#1",
        "/SimpleNotificationService-1/2.pem",
        "/SimpleNotificationService-1/../x.pem",
        "/x/SimpleNotificationService-1.pem",
        "/?/SimpleNotificationService-1.pem",
    ] {
        assert!(certificate(&format!("{host}{bad}")).is_none(), "{bad}");
    }
    assert!(certificate("https://example.com/SimpleNotificationService-1.pem").is_none());
}
