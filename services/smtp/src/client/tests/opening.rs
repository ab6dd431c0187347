//! Opening a connection: greeting, EHLO, encryption, signing in.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use super::*;

const START_TLS: &str = "250-relay.example\r\n250-PIPELINING\r\n250 STARTTLS\r\n";

/// The URL of a running server, with other words around its address.
fn with(url: &SmtpUrl, before: &str, after: &str) -> SmtpUrl {
    format!("{before}127.0.0.1:{}{after}", url.port()).parse().unwrap()
}

async fn attempt(url: &SmtpUrl) -> Result<Connection, OpenError> {
    Connection::open(url, &Timeouts::default(), "client.example").await
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_at_each_stage() {
    let timeouts = Timeouts {
        connect: Duration::from_millis(200),
        command: Duration::from_millis(200),
        ..Timeouts::default()
    };
    for (stage, scheme) in
        [(Stage::Greeting, "smtp://"), (Stage::Hello, "smtp://"), (Stage::Handshake, "smtps://")]
    {
        let (url, server) = serve(move |mut peer| async move {
            if stage == Stage::Hello {
                peer.say("220 relay.example\r\n").await;
            }
            tokio::io::copy(&mut peer.wire, &mut tokio::io::sink()).await.ok();
        })
        .await;
        let error = Connection::open(&with(&url, scheme, ""), &timeouts, "client.example").await.unwrap_err();
        let OpenError::Fault(Fault::Timeout { stage: found, .. }) = error else { panic!("{error}") };
        assert_eq!(found, stage);
        server.await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_or_refuses_says_so() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let nobody = attempt(&format!("smtp://127.0.0.1:{port}").parse().unwrap()).await.unwrap_err();
    assert!(matches!(nobody, OpenError::Fault(Fault::Io { stage: Stage::Connect, .. })), "{nobody}");

    for (greeting, hello, stage, code) in [
        ("554 5.7.1 not you\r\n", "", Stage::Greeting, 554),
        ("220 relay\r\n", "550-who\r\n550 are you\r\n", Stage::Hello, 550),
    ] {
        let (url, server) = serve(move |mut peer| async move {
            peer.say(greeting).await;
            peer.line().await;
            peer.say(hello).await;
            peer.expect_end().await;
        })
        .await;
        let OpenError::Refused { stage: found, reply } = attempt(&url).await.unwrap_err() else { panic!() };
        assert_eq!((found, reply.code()), (stage, code));
        server.abort();
    }

    let (url, _server) = serve(|mut peer| async move { peer.say("421 too busy\r\n").await }).await;
    assert!(matches!(attempt(&url).await.unwrap_err(), OpenError::Fault(Fault::Leaving { .. })));
    let (url, _server) = serve(|_peer| async {}).await;
    let error = attempt(&url).await.unwrap_err();
    assert!(matches!(error, OpenError::Fault(Fault::Closed { .. } | Fault::Io { .. })), "{error}");
}

#[tokio::test]
async fn our_own_name_is_checked_before_anything_is_sent() {
    let url: SmtpUrl = "smtp://127.0.0.1:1".parse().unwrap();
    for name in ["", "two words", "x\r\nMAIL FROM:<a@example.com>"] {
        let error = Connection::open(&url, &Timeouts::default(), name).await.unwrap_err();
        assert!(matches!(error, OpenError::ClientName));
    }
}

#[tokio::test]
async fn a_greeting_and_an_offer_of_many_lines_are_understood() {
    let (url, server) = serve(|mut peer| async move {
        peer.say("220-relay.example\r\n220-no spam\r\n220 ready\r\n").await;
        peer.expect("EHLO client.example").await;
        peer.say(
            "250-relay.example at your service\r\n250-SIZE 10240000\r\n250-pipelining\r\n250 8BitMIME\r\n",
        )
        .await;
        peer.expect("QUIT").await;
    })
    .await;
    let connection = attempt(&url).await.unwrap();
    assert!(connection.extensions.pipelining && connection.extensions.eight_bit);
    assert_eq!(connection.extensions.size, Some(10_240_000));
    assert!(!connection.is_encrypted());
    connection.quit().await;
    server.await.unwrap();
}

#[tokio::test]
async fn required_encryption_is_not_negotiable() {
    for (offer, answer) in [(PIPELINING, None), (START_TLS, Some("454 4.7.0 not now\r\n"))] {
        let (url, server) = serve(move |mut peer| async move {
            peer.greet(offer).await;
            if let Some(answer) = answer {
                peer.expect("STARTTLS").await;
                peer.say(answer).await;
            }
            peer.expect_end().await;
        })
        .await;
        match (attempt(&with(&url, "smtp://ann:secret@", "?tls=required")).await.unwrap_err(), answer) {
            (OpenError::NoStartTls, None) => {}
            (OpenError::Refused { stage: Stage::StartTls, .. }, Some(_)) => {}
            (error, _) => panic!("{error}"),
        }
        server.await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_cannot_encrypt_is_used_in_the_clear_unless_there_is_a_password() {
    for offer in [PIPELINING, START_TLS] {
        for (before, is_fine) in [("smtp://", true), ("smtp://ann:secret@", false)] {
            let (url, server) = serve(move |mut peer| async move {
                peer.greet(offer).await;
                while let Some(line) = peer.line().await {
                    assert!(!line.starts_with("AUTH"));
                    peer.say("454 4.7.0 not now\r\n").await;
                }
            })
            .await;
            match attempt(&with(&url, before, "")).await {
                Ok(connection) => assert!(is_fine && !connection.is_encrypted()),
                Err(error) => assert!(!is_fine && matches!(error, OpenError::PasswordInTheClear), "{error}"),
            }
            server.await.unwrap();
        }
    }
}

#[tokio::test]
async fn never_means_that_starttls_is_not_asked_for_and_a_password_goes_in_the_clear() {
    let (url, server) = serve(|mut peer| async move {
        peer.greet("250-relay.example\r\n250-STARTTLS\r\n250 AUTH LOGIN PLAIN\r\n").await;
        peer.expect(&format!("AUTH PLAIN {}", BASE64.encode("\0ann\0secret"))).await;
        peer.say("235 2.7.0 welcome\r\n").await;
        peer.expect("QUIT").await;
    })
    .await;
    attempt(&with(&url, "smtp://ann:secret@", "?tls=never")).await.unwrap().quit().await;
    server.await.unwrap();
}

#[tokio::test]
async fn login_is_spoken_where_plain_is_not_and_a_refusal_shows_no_password() {
    for answer in ["235 2.7.0 welcome\r\n", "535 5.7.8 wrong\r\n", "250 what\r\n"] {
        let (url, server) = serve(move |mut peer| async move {
            peer.greet("250-relay.example\r\n250 AUTH=LOGIN\r\n").await;
            peer.expect("AUTH LOGIN").await;
            peer.say("334 VXNlcm5hbWU6\r\n").await;
            peer.expect(&BASE64.encode("ann")).await;
            peer.say("334 UGFzc3dvcmQ6\r\n").await;
            peer.expect(&BASE64.encode("secret")).await;
            peer.say(answer).await;
            peer.line().await
        })
        .await;
        match attempt(&with(&url, "smtp://ann:secret@", "?tls=never")).await {
            Ok(connection) => {
                assert!(answer.starts_with("235"));
                connection.quit().await;
            }
            Err(error) => {
                assert!(!answer.starts_with("235"));
                assert!(!format!("{error} {error:?}").contains("secret"));
            }
        }
        server.await.unwrap();
    }
}

#[tokio::test]
async fn a_server_without_a_mechanism_of_ours_is_refused() {
    let (url, _server) = serve(|mut peer| async move {
        peer.greet("250-relay.example\r\n250 AUTH CRAM-MD5\r\n").await;
        peer.expect_end().await;
    })
    .await;
    let error = attempt(&with(&url, "smtp://ann:secret@", "?tls=never")).await.unwrap_err();
    assert!(matches!(error, OpenError::NoMechanism));
}

#[tokio::test]
async fn mail_goes_out_under_tls_by_either_way_with_the_password_inside() {
    for (before, after) in
        [("smtps://ann:secret@", "?"), ("smtp://ann:secret@", "?"), ("smtp://ann:secret@", "?tls=required&")]
    {
        let (server_config, ca) = certificate::pair();
        let implicit = before.starts_with("smtps");
        let (url, server) = serve(move |mut peer| async move {
            if !implicit {
                peer.greet("250-relay.example\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n").await;
                peer.expect("STARTTLS").await;
                peer.say("220 go\r\n").await;
            }
            let mut peer = peer.encrypted(server_config).await;
            if implicit {
                peer.say("220 relay.example\r\n").await;
            }
            peer.expect("EHLO client.example").await;
            peer.say("250-relay.example\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n").await;
            peer.expect(&format!("AUTH PLAIN {}", BASE64.encode("\0ann\0secret"))).await;
            peer.say("235 welcome\r\n").await;
            for i in 0..50 {
                peer.expect_commands(&recipient(i)).await;
                peer.say("250 ok\r\n250 ok\r\n354 go on\r\n").await;
                peer.message().await;
                peer.say("250 queued\r\n").await;
            }
            peer.expect("QUIT").await;
            peer.say("221 bye\r\n").await;
        })
        .await;
        let url = with(&url, before, &format!("{after}ca={}", ca.path().display()));
        let mut connection = attempt(&url).await.unwrap();
        assert!(connection.is_encrypted());
        let (reports, outcome) = deliver(&mut connection, 50).await;
        outcome.unwrap();
        assert_eq!(reports.verdicts(), [Verdict::Sent; 50]);
        connection.quit().await;
        server.await.unwrap();
    }
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_an_error_and_no_reason_to_go_on_in_the_clear() {
    let (server_config, _) = certificate::pair();
    let (url, server) = serve(move |mut peer| async move {
        peer.greet(START_TLS).await;
        peer.expect("STARTTLS").await;
        peer.say("220 go\r\n").await;
        let Either::Left(tcp) = peer.wire.into_inner() else { panic!() };
        TlsAcceptor::from(Arc::new(server_config)).accept(tcp).await.map(|_| ()).unwrap_err()
    })
    .await;
    let error = attempt(&url).await.unwrap_err();
    assert!(matches!(error, OpenError::Fault(Fault::Io { stage: Stage::Handshake, .. })), "{error}");
    server.await.unwrap();
}

#[tokio::test]
async fn a_company_that_is_its_own_authority_trusts_no_other() {
    let (server_config, _) = certificate::pair();
    let (_, anothers) = certificate::pair();
    let (url, server) = serve(move |peer| async move {
        let Either::Left(tcp) = peer.wire.into_inner() else { panic!() };
        TlsAcceptor::from(Arc::new(server_config)).accept(tcp).await.map(|_| ()).unwrap_err()
    })
    .await;
    let url = with(&url, "smtps://", &format!("?ca={}", anothers.path().display()));
    let error = attempt(&url).await.unwrap_err();
    assert!(matches!(error, OpenError::Fault(Fault::Io { stage: Stage::Handshake, .. })), "{error}");
    server.await.unwrap();
}

#[tokio::test]
async fn words_slipped_in_before_the_handshake_are_not_taken_for_the_servers() {
    let (url, server) = serve(|mut peer| async move {
        peer.greet(START_TLS).await;
        peer.expect("STARTTLS").await;
        peer.say("220 go\r\n250-evil.example\r\n250 AUTH PLAIN\r\n").await;
        let mut rest = Vec::new();
        peer.wire.read_to_end(&mut rest).await.ok();
        rest
    })
    .await;
    let error = attempt(&url).await.unwrap_err();
    assert!(matches!(error, OpenError::Fault(Fault::OutOfStep { stage: Stage::Handshake, .. })), "{error}");
    assert!(server.await.unwrap().is_empty(), "no handshake is begun");
}
