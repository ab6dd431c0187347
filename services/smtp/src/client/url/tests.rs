use secrecy::ExposeSecret;

use super::*;

fn parse(text: &str) -> Result<SmtpUrl, InvalidSmtpUrl> {
    text.parse()
}

#[test]
fn ports_and_encryption_follow_from_the_scheme() {
    for (text, port, tls) in [
        ("smtp://mail.example.com", 587, Tls::Opportunistic),
        ("SMTP://mail.example.com/", 587, Tls::Opportunistic),
        ("smtp://mail.example.com:25?tls=never", 25, Tls::Never),
        ("smtp://mail.example.com?tls=required", 587, Tls::Required),
        ("smtps://mail.example.com", 465, Tls::Implicit),
        ("smtps://mail.example.com:2465", 2465, Tls::Implicit),
    ] {
        let url = parse(text).unwrap();
        assert_eq!((url.host().as_str(), url.port(), url.tls()), ("mail.example.com", port, tls), "{text}");
        assert!(url.credentials.is_none());
    }
    assert_eq!(parse("smtp://[::1]:2525").unwrap().host(), "::1");
    assert_eq!(parse("smtp://127.0.0.1").unwrap().host(), "127.0.0.1");
}

#[test]
fn credentials_are_percent_decoded_and_never_shown() {
    let url = parse("smtp://ann%40example.com:s%C3%A9cr%3Aet@mail.example.com").unwrap();
    let credentials = url.credentials.as_ref().unwrap();
    assert_eq!(credentials.user, "ann@example.com");
    assert_eq!(credentials.password.expose_secret(), "sécr:et");
    assert!(!format!("{url:?}").contains("cr:et"));
}

#[test]
fn each_mistake_has_its_own_error() {
    for (text, error) in [
        ("mail.example.com", InvalidSmtpUrl::Scheme),
        ("http://mail.example.com", InvalidSmtpUrl::Scheme),
        ("smtp://mail.example.com/inbox", InvalidSmtpUrl::Form),
        ("smtp://mail.example.com\r\n", InvalidSmtpUrl::Form),
        ("smtp://[::1]25", InvalidSmtpUrl::Form),
        ("smtp://ann@mail.example.com", InvalidSmtpUrl::Credentials),
        ("smtp://:secret@mail.example.com", InvalidSmtpUrl::Credentials),
        ("smtp://ann:@mail.example.com", InvalidSmtpUrl::Credentials),
        ("smtp://ann:100%@mail.example.com", InvalidSmtpUrl::Encoding),
        ("smtp://ann:%ff@mail.example.com", InvalidSmtpUrl::Encoding),
        ("smtp://ann:a%00b@mail.example.com", InvalidSmtpUrl::Encoding),
        ("smtp://", InvalidSmtpUrl::Host),
        ("smtp://:25", InvalidSmtpUrl::Host),
        ("smtp://mail_$.example", InvalidSmtpUrl::Host),
        ("smtp://[mail.example.com]", InvalidSmtpUrl::Host),
        ("smtp://mail.example.com:0", InvalidSmtpUrl::Port),
        ("smtp://mail.example.com:", InvalidSmtpUrl::Port),
        ("smtp://mail.example.com:+25", InvalidSmtpUrl::Port),
        ("smtp://mail.example.com:65536", InvalidSmtpUrl::Port),
        ("smtp://mail.example.com?retries=3", InvalidSmtpUrl::UnknownParameter("retries".into())),
        ("smtp://mail.example.com?", InvalidSmtpUrl::UnknownParameter(String::new())),
        ("smtp://mail.example.com?rate=1&Rate=1", InvalidSmtpUrl::UnknownParameter("Rate".into())),
        ("smtp://mail.example.com?rate=1&tls=never&rate=1", InvalidSmtpUrl::Repeated("rate")),
        ("smtps://mail.example.com?tls=never", InvalidSmtpUrl::TlsTwice),
        ("smtp://mail.example.com?tls=never&ca=/etc/ca.pem", InvalidSmtpUrl::CaWithoutTls),
        ("smtp://ann:what?secret@mail.example.com", InvalidSmtpUrl::Encoding),
    ] {
        assert_eq!(parse(text).unwrap_err(), error, "{text}");
    }
}

#[test]
fn each_number_has_its_limits_on_both_sides() {
    let accepted = |parameter: &str, number: &str| {
        let url = parse(&format!("smtp://mail.example.com?tls=never&{parameter}={number}"));
        let read = |url: SmtpUrl| match parameter {
            "connections" => url.connections(),
            "mails_per_connection" => url.mails_per_connection(),
            _ => url.rate(),
        };
        url.map(read)
    };
    for (parameter, most) in [("connections", 1000), ("mails_per_connection", 100_000), ("rate", 100_000)] {
        assert_eq!(accepted(parameter, "1"), Ok(Some(1)));
        assert_eq!(accepted(parameter, &most.to_string()), Ok(Some(most)));
        let too_many = (most + 1).to_string();
        for bad in ["0", &too_many, "", "-1", "+1", "1e3", "99999999999999999999"] {
            let error = accepted(parameter, bad).unwrap_err();
            assert!(
                matches!(error, InvalidSmtpUrl::Value { key, .. } if key == parameter),
                "{parameter}={bad}"
            );
            assert!(error.to_string().contains(&format!("1 to {most}")), "{error}");
        }
    }
    let url = parse("smtp://mail.example.com").unwrap();
    assert_eq!((url.connections(), url.mails_per_connection(), url.rate()), (None, None, None));
}

#[test]
fn a_value_that_there_is_not_is_refused_by_its_parameter() {
    for (text, parameter) in [
        ("tls=maybe", "tls"),
        ("tls", "tls"),
        ("tls=Never", "tls"),
        ("ca=", "ca"),
        ("ca=certs/own.pem", "ca"),
        ("ca=/etc/%zz", "ca"),
    ] {
        let error = parse(&format!("smtp://mail.example.com?{text}")).unwrap_err();
        assert!(matches!(error, InvalidSmtpUrl::Value { key, .. } if key == parameter), "{text}: {error}");
    }
}

#[test]
fn a_file_of_certificates_that_cannot_be_used_is_named_with_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |content: Option<&str>| {
        let path = folder.path().join("own ca.pem");
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        let encoded = path.to_str().unwrap().replace(' ', "%20");
        let error = parse(&format!("smtps://mail.example.com?ca={encoded}")).unwrap_err();
        let InvalidSmtpUrl::Ca { path: named, problem } = error else { panic!("{error}") };
        assert_eq!(named, path.to_str().unwrap());
        problem
    };
    assert!(refusal(None).contains("No such file"));
    assert!(refusal(Some("")).contains("no certificate"));
    assert!(refusal(Some("-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n")).contains("not PEM"));
    assert!(refusal(Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")).contains("none"));
}

#[test]
fn a_setting_is_read_from_a_string_and_its_error_holds_no_password() {
    use serde::de::{Deserialize, IntoDeserializer, value::Error};
    let read =
        |text: &str| SmtpUrl::deserialize(IntoDeserializer::<Error>::into_deserializer(text.to_owned()));
    assert_eq!(read("smtps://mail.example.com").unwrap().port(), 465);
    let error = read("smtp://ann:secret@mail.example.com:x").unwrap_err().to_string();
    assert!(error.contains("port") && !error.contains("secret"), "{error}");
}
