//! Mails as a program sees them that is not ours: Python's parser of mail, and dkimpy.

use std::{path::Path, process::Stdio};

use pharos_tests::{Cluster, Shape};
use proto::incidents::v1::ComponentStatus;
use tokio::io::AsyncWriteExt as _;

/// The key of RFC 8463, appendix A.2, as a setting and as a record.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
    -----END PRIVATE KEY-----\n";
const RECORD: &str = "s1._domainkey.mail.example.com=\
    v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

/// What the checker finds wrong with a mail, a line a fault.
async fn faults(mail: &str, of_a_list: bool) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let python = root.join(".tools/python/bin/python");
    assert!(python.is_file(), "the Python of the tests is missing; run: make python");
    let mut checker = tokio::process::Command::new(python);
    checker.arg(root.join("tests/python/check_mail.py")).args(["--key", RECORD]);
    if !of_a_list {
        checker.arg("--no-list");
    }
    let mut checker =
        checker.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    checker.stdin.take().unwrap().write_all(mail.as_bytes()).await.unwrap();
    let said = checker.wait_with_output().await.unwrap();
    let faults = String::from_utf8(said.stdout).unwrap();
    assert_eq!(said.status.code(), Some(i32::from(!faults.is_empty())), "the checker failed: {faults}");
    faults
}

#[tokio::test]
async fn a_strict_reader_that_is_not_ours_finds_nothing_wrong_with_our_mails() {
    let settings = [
        ("PHAROS__NOTIFICATIONS__MAIL_DOMAIN", "mail.example.com"),
        ("PHAROS__NOTIFICATIONS__BOUNCE_DOMAIN", "bounce.example.com"),
        ("PHAROS__NOTIFICATIONS__DKIM_SELECTOR", "s1"),
        ("PHAROS__NOTIFICATIONS__DKIM_KEY", KEY),
    ];
    let cluster = Cluster::start_with(Shape::AllInOne, &settings).await;
    let company = cluster.company("Açúcar, Inc.").await;
    for (locale, title) in [
        ("en", "API is slow"),
        ("pt-BR", "Lentidão na API"),
        ("es", "La API está lenta"),
        ("de", "Die API ist langsam, und zwar für alle, die sie von außerhalb des Rechenzentrums aufrufen"),
        ("fr", "L’API est lente"),
        ("ja", "APIの応答が遅くなっています"),
    ] {
        let slug = format!("demo-{}", locale.to_lowercase());
        let page = company.page_in(&slug, locale, "Asia/Tokyo").await;
        let api = page.component("API <v2>").await;
        let reader = format!("ada-{slug}@example.net");
        page.confirmed(&cluster, &reader).await;
        let incident = page.incident(title, &[(&api, ComponentStatus::MajorOutage)]).await;
        page.completed_broadcast(&incident.first.update_id).await;

        let confirmation = cluster.smtp.mail_to(&reader, 0).await;
        assert_eq!(faults(&confirmation.raw, false).await, "", "{}", confirmation.raw);
        let told = cluster.smtp.mail_to(&reader, 1).await;
        assert_eq!(faults(&told.raw, true).await, "", "{}", told.raw);
        assert_eq!(told.header("Content-Language").as_deref(), Some(locale));
        if locale == "en" {
            the_checker_finds_what_is_wrong(&told.raw).await;
        }
    }
}

/// A checker that finds nothing proves nothing unless it finds what is there.
async fn the_checker_finds_what_is_wrong(mail: &str) {
    for (from, to, found) in [
        ("We look into it", "We looked into it", "DKIM-Signature: does not verify"),
        ("\r\nSubject: ", "\r\nSubject: x\r\nSubject: ", "Subject: is there 2 times"),
        ("\r\nAuto-Submitted: auto-generated", "", "Auto-Submitted: is there 0 times"),
        ("One-Click", "Two-Clicks", "List-Unsubscribe-Post: should be"),
        ("\r\nTo: <", "\r\nBcc: <eve@example.com>\r\nTo: <", "Bcc: should not be there"),
        ("</body>", "<img></body>", "text/html: has <img>"),
        ("\r\nContent-Language: en", "\r\nContent-Language: tlh", "Content-Language: is none of ours"),
    ] {
        assert!(mail.contains(from), "{from:?} is not in {mail}");
        let faults = faults(&mail.replacen(from, to, 1), true).await;
        assert!(faults.contains(found), "{found:?} was not found: {faults}");
    }
}
