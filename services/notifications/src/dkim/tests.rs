//! Signatures, verified with public keys over a canonicalisation written apart from the signer's.

use aws_lc_rs::{
    digest,
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ED25519, Ed25519KeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey,
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use jiff::Timestamp;

use super::*;

const MESSAGE: &str = "From: \"Acme  status\"\t<status@mail.example.com>\r\n\
    To: ann@example.org\r\n\
    Subject: [Acme] =?utf-8?q?Manuten=C3=A7=C3=A3o?=\r\n =?utf-8?q?_programada?=: \r\n\tidentified \r\n\
    Date: Sat, 21 Nov 2026 02:00:00 +0000\r\n\
    Message-ID: <1.2@mail.example.com>\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/alternative;\r\n boundary=b1\r\n\
    List-Unsubscribe: <https://status.example.com/u/token>,\r\n <mailto:u+token@bounces.example.com>\r\n\
    List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
    X-Unsigned: yes\r\n\
    \r\n\
    --b1\r\n\r\n  two  spaces \t and a tab\t\r\n\r\n caf\u{e9}\r\n--b1--\r\n \r\n\r\n\r\n";

fn pem(der: &[u8]) -> secrecy::SecretString {
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64.encode(der)).into()
}

/// An Ed25519 signer and an RSA signer, each with its public key as the verifier wants it.
fn signers() -> [(DkimSigner, Vec<u8>); 2] {
    let ed25519 = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
    let public = Ed25519KeyPair::from_pkcs8(ed25519.as_ref()).unwrap().public_key().as_ref().to_vec();
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let private: Pkcs8V1Der<'_> = rsa.as_der().unwrap();
    let rsa_public: PublicKeyX509Der<'_> = rsa.public_key().as_der().unwrap();
    [
        (DkimSigner::from_pem("mail.example.com", "ed", &pem(ed25519.as_ref())).unwrap(), public),
        (
            DkimSigner::from_pem("mail.example.com", "rsa", &pem(private.as_ref())).unwrap(),
            rsa_public.as_ref().to_vec(),
        ),
    ]
}

fn signed(signer: &DkimSigner, message: &str) -> String {
    let mut bytes = message.as_bytes().to_vec();
    signer.sign(&mut bytes, Timestamp::from_second(1_795_219_844).unwrap()).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Verifies the first header of `message` by working through RFC 6376, section 6.1.3, with strings.
fn verifies(message: &str, public_key: &[u8]) -> bool {
    let spaced = |text: &str| text.replace("\r\n", "").replace('\t', " ");
    let relaxed =
        |text: &str| spaced(text).split(' ').filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
    let (head, body) = message.split_once("\r\n\r\n").unwrap();
    let unfolded = head.replace("\r\n ", "\r\n\t").replace("\r\n\t", " ");
    let mut fields: Vec<(String, String)> = unfolded
        .split("\r\n")
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_lowercase(), relaxed(value)))
        .collect();
    let (name, signature) = fields.remove(0);
    assert_eq!(name, "dkim-signature");
    let tag = |wanted: &str| {
        let tags = signature.split(';').map(|tag| tag.trim().split_once('=').unwrap());
        tags.into_iter().find(|(name, _)| *name == wanted).unwrap().1.replace(' ', "")
    };
    assert_eq!(
        (tag("v"), tag("c"), tag("d")),
        ("1".into(), "relaxed/relaxed".into(), "mail.example.com".into())
    );
    assert_eq!(tag("t"), "1795219844");

    let mut lines: Vec<String> = body
        .split("\r\n")
        .map(|line| {
            let indent = if line.starts_with([' ', '\t']) && !relaxed(line).is_empty() { " " } else { "" };
            format!("{indent}{}", relaxed(line))
        })
        .collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    let body: String = lines.into_iter().map(|line| line + "\r\n").collect();
    if tag("bh") != BASE64.encode(digest::digest(&digest::SHA256, body.as_bytes())) {
        return false;
    }
    let mut hashed = String::new();
    for name in tag("h").split(':') {
        if let Some(at) = fields.iter().rposition(|(found, _)| found == name) {
            let (name, value) = fields.remove(at);
            hashed += &format!("{name}:{value}\r\n");
        }
    }
    let bare = &signature[..signature.find(" b=").unwrap() + 3];
    hashed += &format!("dkim-signature:{bare}");
    let bytes = BASE64.decode(tag("b")).unwrap();
    match tag("a").as_str() {
        "ed25519-sha256" => {
            let hash = digest::digest(&digest::SHA256, hashed.as_bytes());
            UnparsedPublicKey::new(&ED25519, public_key).verify(hash.as_ref(), &bytes).is_ok()
        }
        "rsa-sha256" => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key)
            .verify(hashed.as_bytes(), &bytes)
            .is_ok(),
        other => panic!("{other}"),
    }
}

#[test]
fn signatures_of_both_kinds_verify_and_cover_what_matters() {
    for (signer, public_key) in signers() {
        let message = signed(&signer, MESSAGE);
        assert!(verifies(&message, &public_key), "{message}");
        assert!(message.ends_with(MESSAGE));
        assert!(
            message.split("\r\n").take_while(|line| !line.is_empty()).all(|line| line.len() <= 90),
            "{message}"
        );
        for (from, to) in [
            ("Acme  status", "Acme Status"),
            ("/u/token", "/u/tokem"),
            ("One-Click", "Two-Click"),
            ("identified", "resolved"),
            ("café", "cafe"),
            ("two  spaces", "twospaces"),
            ("MIME-Version", "From: <evil@example.net>\r\nMIME-Version"),
        ] {
            assert!(!verifies(&message.replacen(from, to, 1), &public_key), "{from} -> {to}");
        }
        // what relays do on the way
        for (from, to) in [
            ("X-Unsigned: yes", "X-Unsigned: no"),
            ("Acme  status", "Acme \r\n\tstatus"),
            ("tab\t\r\n", "tab\r\n"),
        ] {
            assert!(verifies(&message.replacen(from, to, 1), &public_key), "{from} -> {to}");
        }
    }
}

#[test]
fn bodies_with_odd_ends_verify() {
    let [(signer, public_key), _] = signers();
    for body in ["", "\r\n", "\r\n\r\n", " \r\n", "a", "a\r\n\r\n", "a \t", "\r\na", " a\r\n"] {
        let message = signed(&signer, &format!("From: a@example.com\r\n\r\n{body}"));
        assert!(verifies(&message, &public_key), "{body:?}");
    }
}

#[test]
fn a_message_that_would_change_on_the_wire_or_has_no_headers_is_not_signed() {
    let [(signer, _), _] = signers();
    for (message, error) in [
        ("From: a@example.com\r\n\r\na\nb\r\n", Unsignable::LineEnd),
        ("From: a@example.com\r\n\r\na\rb\r\n", Unsignable::LineEnd),
        ("From: a@example.com\r\n\r\na\r", Unsignable::LineEnd),
        ("\nFrom: a@example.com\r\n\r\na\r\n", Unsignable::LineEnd),
        ("From: a@example.com\r\n", Unsignable::Headers),
        ("To: a@example.com\r\n\r\n", Unsignable::Headers),
        ("From\r\n\r\n", Unsignable::Headers),
        (" From: a@example.com\r\n\r\n", Unsignable::Headers),
        ("", Unsignable::Headers),
    ] {
        let mut bytes = message.as_bytes().to_vec();
        assert_eq!(signer.sign(&mut bytes, Timestamp::UNIX_EPOCH).unwrap_err(), error, "{message:?}");
        assert_eq!(bytes, message.as_bytes());
    }
}

#[test]
fn a_key_that_cannot_sign_is_refused_with_its_reason() {
    let key = pem(Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap().as_ref());
    let refusal = |domain: &str, selector: &str, pem: &secrecy::SecretString| {
        DkimSigner::from_pem(domain, selector, pem).err()
    };
    assert_eq!(refusal("mail.example.com", "s1", &key), None);
    for (domain, selector) in
        [("", "s1"), ("example.com", ""), ("example.com;", "s1"), ("example.com", "s;1"), ("a..b", "s1")]
    {
        assert_eq!(refusal(domain, selector, &key), Some(InvalidDkimKey::Name));
    }
    assert_eq!(refusal("example.com", "s1", &"secret".to_owned().into()), Some(InvalidDkimKey::Pem));
    assert_eq!(refusal("example.com", "s1", &pem(b"no key")), Some(InvalidDkimKey::Algorithm));
}

#[test]
fn two_keys_sign_apart_and_each_verifies_without_the_other() {
    let rsa = DkimKey::generate(Algorithm::Rsa).unwrap();
    let ed25519 = DkimKey::generate(Algorithm::Ed25519).unwrap();
    let public = [&rsa, &ed25519].map(|key| {
        let record = key.record().unwrap();
        BASE64.decode(record.split_once("p=").unwrap().1).unwrap()
    });
    assert!(rsa.record().unwrap().starts_with("v=DKIM1; k=rsa; p=MII"));
    let document = rsa.to_pkcs8().unwrap();
    let again = DkimKey::from_pkcs8(secrecy::ExposeSecret::expose_secret(&document)).unwrap();
    assert_eq!(again.record(), rsa.record());

    let keys = vec![("one".to_owned(), rsa), ("two".to_owned(), ed25519)];
    let signer = DkimSigner::new("mail.example.com", keys).unwrap();
    let message = signed(&signer, MESSAGE);
    let second = message[1..].find("DKIM-Signature: ").unwrap() + 1;
    let first = format!("{}{MESSAGE}", &message[..second]);
    assert!(first.contains("s=one;") && verifies(&first, &public[0]), "{message}");
    assert!(message[second..].contains("s=two;") && verifies(&message[second..], &public[1]), "{message}");
    let tampered = message[second..].replace("MIME-Version", "Reply-To: <evil@example.net>\r\nMIME-Version");
    assert!(!verifies(&tampered, &public[1]), "an answer's way was put in");
}

#[test]
fn two_keys_in_one_setting_need_two_selectors_and_two_algorithms() {
    let ed25519 = pem(Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap().as_ref());
    let rsa: Pkcs8V1Der<'_> = RsaKeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap();
    let rsa = pem(rsa.as_ref());
    let text = |pem: &secrecy::SecretString| secrecy::ExposeSecret::expose_secret(pem).to_owned();
    let both: secrecy::SecretString = (text(&rsa) + &text(&ed25519)).into();
    let twice: secrecy::SecretString = (text(&ed25519) + &text(&ed25519)).into();
    let refusal = |selectors: &str, pem| DkimSigner::from_pem("example.com", selectors, pem).err();
    assert_eq!(refusal("r e", &both), None);
    for (selectors, pem) in [("r", &both), ("r e", &rsa), ("r r", &both), ("r e", &twice), ("a b c", &both)] {
        assert_eq!(refusal(selectors, pem), Some(InvalidDkimKey::Count), "{selectors}");
    }
}

#[tokio::test]
async fn the_pool_signs_a_lot_in_its_order_and_empties_what_it_cannot_sign() {
    let [(signer, public_key), _] = signers();
    let pool = SigningPool::start(Some(2)).unwrap();
    let lot =
        vec![MESSAGE.as_bytes().to_vec(), b"no headers".to_vec(), b"From: b@example.com\r\n\r\n".to_vec()];
    let at = Timestamp::from_second(1_795_219_844).unwrap();
    let signed = pool.sign(lot, std::sync::Arc::new(signer), at).await;
    assert!(verifies(std::str::from_utf8(&signed[0]).unwrap(), &public_key));
    assert!(signed[1].is_empty());
    assert!(signed[2].ends_with(b"From: b@example.com\r\n\r\n"));
}
