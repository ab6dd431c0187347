//! Reports as mail systems write them, and mails that nobody means well with.

use super::*;
use crate::{inbound::came_back::CameBack, store::feedback::FeedbackKind};
use proto::internal::v1::FeedbackKind as Strike;

fn read_text(mail: &str) -> Read {
    read(mail.replace('\n', "\r\n").as_bytes())
}

fn back(mail: &str) -> CameBack {
    let read = read_text(mail);
    let Read::Delivery(back) = read else { panic!("{read:?}") };
    back
}

const POSTFIX: &str = "Return-Path: <>
Received: by mail.example.net (Postfix)
	id 4Q2c5R0XzZ; Sat, 21 Nov 2026 12:00:00 +0000 (UTC)
Date: Sat, 21 Nov 2026 12:00:00 +0000 (UTC)
From: MAILER-DAEMON@mail.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: b+x@bounces.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary=\"4Q2c5Q6Wc1z.1700000000/mail.example.net\"
Message-Id: <20261121120000.4Q2c5R0XzZ@mail.example.net>

This is a MIME-encapsulated message.

--4Q2c5Q6Wc1z.1700000000/mail.example.net
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mail.example.net.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<ada@example.net>: host mx.example.net[192.0.2.1] said: 550 5.1.1
    <ada@example.net>: Recipient address rejected: User unknown
    (in reply to RCPT TO command)

--4Q2c5Q6Wc1z.1700000000/mail.example.net
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.net
X-Postfix-Queue-ID: 4Q2c5Q6Wc1z
X-Postfix-Sender: rfc822; b+x@bounces.example
Arrival-Date: Sat, 21 Nov 2026 11:59:59 +0000 (UTC)

Final-Recipient: rfc822; ada@example.net
Original-Recipient: rfc822;ada@example.net
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; 550 5.1.1 <ada@example.net>: Recipient address rejected:
    User unknown

--4Q2c5Q6Wc1z.1700000000/mail.example.net
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <b+x@bounces.example>
Subject: [Acme] Slow: Investigating

--4Q2c5Q6Wc1z.1700000000/mail.example.net--
";

#[test]
fn postfix_returns_a_mail() {
    let back = back(POSTFIX);
    assert_eq!((back.kind, back.strike), (FeedbackKind::Returned, Some(Strike::NoSuchAddress)));
    assert_eq!(back.status.unwrap().to_string(), "5.1.1");
    assert_eq!(back.diagnostic, "550 5.1.1 <ada@example.net>: Recipient address rejected: User unknown");
}

#[test]
fn postfix_says_that_a_mail_is_late_and_then_that_it_expired() {
    let mail = |action: &str, status: &str| {
        POSTFIX
            .replace("Action: failed", &format!("Action: {action}"))
            .replace("Status: 5.1.1", status)
            .replace(
                "smtp; 550 5.1.1 <ada@example.net>: Recipient address rejected:\n    User unknown",
                "X-Postfix; connect to mx.example.net[192.0.2.1]:25:\n    Connection timed out",
            )
    };
    let late = back(&mail("delayed", "Status: 4.4.1\nWill-Retry-Until: Thu, 26 Nov 2026 12:00:00 +0000"));
    assert_eq!((late.kind, late.strike), (FeedbackKind::Delayed, None));
    assert_eq!(late.diagnostic, "connect to mx.example.net[192.0.2.1]:25: Connection timed out");
    let expired = back(&mail("failed", "Status: 4.4.1"));
    assert_eq!((expired.kind, expired.strike), (FeedbackKind::Returned, None));
    assert_eq!(read_text(&mail("relayed", "Status: 2.0.0")), Read::Nothing);
    assert_eq!(read_text(&mail("delivered", "Status: 2.1.5")), Read::Nothing);
}

#[test]
fn exchange_returns_a_mail() {
    let back = back(
        "From: <postmaster@contoso.example>
To: <b+x@bounces.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary=\"8a7b-1\"
X-MS-Exchange-Message-Is-Ndr:
Content-Language: en-US
Subject: Undeliverable: Slow
In-Reply-To: <upd_1.a@mail.example>

--8a7b-1
Content-Type: multipart/alternative; differences=Content-Type;
	boundary=\"8a7b-2\"

--8a7b-2
Content-Type: text/plain; charset=\"us-ascii\"
Content-Transfer-Encoding: quoted-printable

Your message to ada@contoso.example couldn't be delivered.=20

--8a7b-2
Content-Type: text/html; charset=\"us-ascii\"

<html><body>Your message</body></html>

--8a7b-2--

--8a7b-1
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR01MB0001.eurprd01.prod.exchangelabs.com
Received-From-MTA: dns;mail.example
Arrival-Date: Sat, 21 Nov 2026 12:00:00 +0000

Final-Recipient: rfc822;ada@contoso.example
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ada@contoso.example not found by SMTP address lookup
X-Display-Name: ada@contoso.example

--8a7b-1
Content-Type: message/rfc822

Received: from mail.example by AM0PR01MB0001
Message-ID: <upd_1.a@mail.example>

Text

--8a7b-1--
",
    );
    assert_eq!((back.kind, back.strike), (FeedbackKind::Returned, Some(Strike::NoSuchAddress)));
    assert!(back.diagnostic.starts_with("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ada@"));
}

#[test]
fn gmail_returns_a_mail_in_base64_and_of_several_recipients_the_failed_one_counts() {
    let status = "Reporting-MTA: dns; googlemail.com\r\nArrival-Date: Sat, 21 Nov 2026 04:00:00 -0800 (PST)\r\n\
        X-Original-Message-ID: <upd_1.a@mail.example>\r\n\r\nFinal-Recipient: rfc822; ada@corp.example\r\n\
        Action: delayed\r\nStatus: 4.2.0\r\n\r\nFinal-Recipient: rfc822; ada@gmail.example\r\nAction: Failed (for good)\r\n\
        Status: 5.2.2 (full)\r\nRemote-MTA: dns; gmail-smtp-in.l.google.com.\r\n\
        Diagnostic-Code: smtp; 552-5.2.2 The email account that you tried to reach is over quota. Please direct\r\n \
        552-5.2.2 the recipient to\r\n 552 5.2.2  https://support.google.com/mail/?p=OverQuotaPerm x-20020 - gsmtp\r\n\
        Last-Attempt-Date: Sat, 21 Nov 2026 04:00:01 -0800 (PST)\r\n";
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, status);
    let back = back(&format!(
        "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
Auto-Submitted: auto-replied
Content-Type: multipart/report; boundary=\"000000000000f1\"; report-type=delivery-status

--000000000000f1
Content-Type: multipart/related; boundary=\"000000000000f2\"

--000000000000f2
Content-Type: text/html; charset=\"UTF-8\"

<html>Nicht zugestellt</html>

--000000000000f2--
--000000000000f1
Content-Type: message/delivery-status
Content-Transfer-Encoding: base64

{encoded}

--000000000000f1--
"
    ));
    assert_eq!((back.kind, back.strike), (FeedbackKind::Returned, Some(Strike::MailboxFull)));
    assert_eq!(back.status.unwrap().to_string(), "5.2.2");
    assert!(back.diagnostic.starts_with("552-5.2.2 The email account"), "{}", back.diagnostic);
}

#[test]
fn a_refusal_of_ours_is_no_strike() {
    let mail = POSTFIX.replace("Status: 5.1.1", "Status: 5.7.1").replace("550 5.1.1", "550 5.7.1");
    let back = back(&mail);
    assert_eq!((back.strike, back.is_reputation), (None, true));
}

#[test]
fn a_mail_without_a_report_says_nothing() {
    let qmail = "Received: (qmail 1234 invoked for bounce); 21 Nov 2026 12:00:00 -0000
From: MAILER-DAEMON@qmail.example
To: b+x@bounces.example
Subject: failure notice

Hi. This is the qmail-send program at qmail.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ada@example.net>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <b+x@bounces.example>
";
    let vacation = "From: Ada <ada@example.net>
To: b+x@bounces.example
Subject: Out of office
Auto-Submitted: auto-replied (vacation)

I am away. Status: 5.1.1
Action: failed
";
    let receipt = POSTFIX.replace("delivery-status", "disposition-notification");
    for mail in
        [qmail, vacation, &receipt.replace("rfc822-headers", "plain"), "", "\n", "\n\n", "x", ":", "\0"]
    {
        assert_eq!(read_text(mail), Read::Nothing, "{mail}");
    }
}

fn complaint(kind: &str, more: &str, part: &str) -> String {
    format!(
        "From: <feedback@arf.mail.yahoo.example>
To: complaints@bounces.example
Subject: FW: Slow
MIME-Version: 1.0
Content-Type: multipart/report; boundary=\"b1\"; report-type=feedback-report

--b1
Content-Type: text/plain; charset=us-ascii

This is an email abuse report.

--b1
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Yahoo!-Mail-Feedback/2.0
Version: 0.1
{more}Original-Rcpt-To: <ada@yahoo.example>
Reported-Domain: mail.example

--b1
Content-Type: {part}

Received: from mail.example (envelope-from <b+y@bounces.example>)
Return-Path: <b+z@bounces.example>
Subject: Slow

Return-Path: <b+body@bounces.example>
--b1--
"
    )
}

#[test]
fn a_complaint_names_the_mail_in_its_fields_or_in_the_headers_that_it_holds() {
    let mail_from = "Original-Mail-From: <b+x@bounces.example>\n";
    for part in ["message/rfc822", "text/rfc822-headers", "message/rfc822; charset=us-ascii"] {
        let Read::Complaint(Complaint { names, by }) = read_text(&complaint("abuse", mail_from, part)) else {
            panic!("{part}")
        };
        assert_eq!(by, "Yahoo!-Mail-Feedback/2.0");
        let all = names.join("\n");
        for name in ["b+x@", "b+y@", "b+z@"] {
            assert!(all.contains(name), "{part}: {name} in {all}");
        }
        assert!(!all.contains("b+body@"), "{part}: what a body says is anybody's word: {all}");
    }
    assert!(matches!(read_text(&complaint("Abuse", "", "message/rfc822")), Read::Complaint(_)));
    for other in ["not-spam", "auth-failure", "virus", ""] {
        assert_eq!(read_text(&complaint(other, mail_from, "message/rfc822")), Read::Nothing, "{other}");
    }
}

#[test]
fn a_complaint_may_be_nothing_but_the_mail_itself() {
    let mail = "From: staff@hotmail.example
To: complaints@bounces.example
Subject: complaint about message from 192.0.2.1
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=\"b1\"

--b1
Content-Type: message/rfc822
Content-Disposition: inline

X-HmXmrOriginalRecipient: ada@hotmail.example
Return-Path: b+x@bounces.example
Subject: Slow

Text
--b1--
";
    let Read::Holding(Complaint { names, by }) = read_text(mail) else { panic!() };
    assert!(names[0].contains("b+x@bounces.example") && by.is_empty());
}

#[test]
fn hostile_mails_are_read_without_a_panic() {
    let octets = 1024 * 1024;
    let nested = |header: &str, count: usize| {
        let mut mail = String::new();
        for level in 0..count {
            mail.push_str(&header.replace('#', &level.to_string()));
        }
        mail
    };
    let multipart = "Content-Type: multipart/mixed; boundary=b#\n\n--b#\n";
    let same = "Content-Type: multipart/mixed; boundary=b\n\n--b\n";
    let message = "Content-Type: message/rfc822\n\n";
    let digest = "Content-Type: multipart/digest; boundary=b#\n\n--b#\n\n";
    for mail in [
        nested(multipart, 1000),
        nested(multipart, octets / 60),
        nested(same, octets / 50),
        format!("{}{}", nested(multipart, 60), "--x\n".repeat(octets / 4)),
        format!("{}{}", nested(multipart, 60), "--b59\n\n".repeat(octets / 7)),
        format!("{}{}", nested(same, 60), "--b\n\n".repeat(octets / 5)),
        nested(message, 200),
        nested(message, octets / 32),
        nested("content-type:\n MESSAGE/RFC822\n\n", octets / 35),
        nested(digest, octets / 60),
        nested("Content-Type: message/global\nContent-Transfer-Encoding: base64\n\n", octets / 70),
        format!("Subject: {}\n\n", "a".repeat(octets)),
        format!("{}\n", "X: y\n".repeat(octets / 5)),
        format!("Content-Type: multipart/report; boundary={}\n\n--x\n", "b".repeat(octets)),
        format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\n".repeat(octets / 5)),
        format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n".repeat(octets / 4)),
        format!("To: {}\n\n", "a,".repeat(octets / 2)),
        format!("To: {}\n\n", "(".repeat(octets)),
        format!("Subject: {}\n\n", "=?utf-8?b?".repeat(octets / 10)),
        POSTFIX.replace("User unknown\n", &format!("{}\n", "x\n ".repeat(octets / 3))),
        POSTFIX.replace("Action: failed\n", &"Action: failed\n\n".repeat(octets / 20)),
    ] {
        // The ones with a report in them report.
        let is_report = mail.contains("Action: failed\n");
        assert_eq!(matches!(read_text(&mail), Read::Delivery(_)), is_report, "{}", &mail[..40]);
    }
}

#[test]
fn a_report_within_too_many_parts_is_not_looked_for() {
    let within = |parts: usize| {
        let outer =
            (0..parts).map(|at| format!("Content-Type: Multipart/mixed; boundary=b{at}\n\n--b{at}\n"));
        format!("{}{POSTFIX}", outer.collect::<String>())
    };
    let own = POSTFIX.matches("multipart").count();
    assert!(matches!(read_text(&within(64 - own)), Read::Delivery(_)));
    assert_eq!(read_text(&within(65 - own)), Read::Nothing);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_report_with_any_bytes_in_it_is_read_without_a_panic(
        at in 0..POSTFIX.len(), cut in 0..80_usize, bytes: Vec<u8>,
    ) {
        let mut mail = POSTFIX.replace('\n', "\r\n").into_bytes();
        let end = (at + cut).min(mail.len());
        mail.splice(at..end, bytes);
        let _ = read(&mail);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
        let _ = read(&bytes);
    }
}
