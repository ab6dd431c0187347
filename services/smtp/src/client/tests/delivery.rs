//! Delivery that goes on: successes, refusals, and what is on the wire.

use super::*;

const BOTH: [&str; 2] = [PIPELINING, NO_PIPELINING];

fn taken_of(i: usize) -> Taken {
    Taken {
        mail: "MAIL FROM:<b@bounces.example.com>".into(),
        recipient: format!("RCPT TO:<{}>", recipient(i)),
        message: format!("Subject: {i}\r\n\r\nHello {i}\r\n").into_bytes(),
    }
}

#[tokio::test]
async fn many_mails_arrive_in_order_with_and_without_pipelining() {
    for offer in BOTH {
        let (url, server) = serve(move |peer| relay(peer, offer, false, |_| Answers::default())).await;
        let mut connection = open(&url).await;
        let (reports, outcome) = deliver(&mut connection, 300).await;
        outcome.unwrap();
        assert_eq!(reports.verdicts(), [Verdict::Sent; 300]);
        assert_eq!(reports.0[7].reply, "250 2.0.0 queued");
        let (reports, outcome) = deliver(&mut connection, 2).await;
        outcome.unwrap();
        assert_eq!(reports.verdicts(), [Verdict::Sent; 2], "a connection serves many calls");
        deliver(&mut connection, 0).await.1.unwrap();
        connection.quit().await;
        assert_eq!(server.await.unwrap(), (0..300).chain(0..2).map(taken_of).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn the_next_mail_is_announced_with_the_body_of_the_former() {
    let (url, server) = serve(|mut peer| async move {
        peer.greet(PIPELINING).await;
        peer.expect_commands("user0@example.org").await;
        peer.say("250 ok\r\n250 ok\r\n354 go on\r\n").await;
        peer.message().await;
        // no reply to the body before the commands of the next are here
        peer.expect_commands("user1@example.org").await;
        peer.say("250 queued\r\n250 ok\r\n250 ok\r\n354 go on\r\n").await;
        peer.message().await;
        peer.say("250 queued\r\n").await;
    })
    .await;
    let (reports, outcome) = deliver(&mut open(&url).await, 2).await;
    outcome.unwrap();
    assert_eq!(reports.verdicts(), [Verdict::Sent; 2]);
    server.await.unwrap();
}

#[tokio::test]
async fn a_refused_mail_costs_neither_the_connection_nor_its_neighbours() {
    use Verdict::{Bounced, Deferred, Rejected};
    let cases = [
        (Answers { recipient: "550 5.1.1 no such user", ..Answers::default() }, Bounced, Some("5.1.1")),
        (Answers { recipient: "550-no such\r\n550 user", ..Answers::default() }, Bounced, None),
        (Answers { recipient: "450 4.2.1 greylisted", ..Answers::default() }, Deferred, Some("4.2.1")),
        (Answers { recipient: "552 5.2.2 full", ..Answers::default() }, Rejected, Some("5.2.2")),
        (Answers { mail: "451 4.3.0 later", ..Answers::default() }, Deferred, Some("4.3.0")),
        (Answers { mail: "550 5.1.8 no such domain", ..Answers::default() }, Rejected, Some("5.1.8")),
        (Answers { data: "451 later", ..Answers::default() }, Deferred, None),
        (Answers { data: "554 no", ..Answers::default() }, Rejected, None),
        (Answers { dot: "452 4.3.1 disk full", ..Answers::default() }, Deferred, Some("4.3.1")),
        (Answers { dot: "550 5.7.1 spam", ..Answers::default() }, Rejected, Some("5.7.1")),
        (Answers { dot: "550 5.1.1 no such user", ..Answers::default() }, Bounced, Some("5.1.1")),
    ];
    for ((answers, verdict, status), offer) in
        cases.into_iter().flat_map(|case| BOTH.map(|offer| (case, offer)))
    {
        let refused = |i| matches!(i, 1 | 2 | 5);
        let (url, server) = serve(move |peer| {
            relay(peer, offer, false, move |i| if refused(i) { answers } else { Answers::default() })
        })
        .await;
        let mut connection = open(&url).await;
        let (reports, outcome) = deliver(&mut connection, 6).await;
        outcome.unwrap();
        let expected = [0, 1, 2, 3, 4, 5].map(|i| if refused(i) { verdict } else { Verdict::Sent });
        assert_eq!(reports.verdicts(), expected, "{answers:?} {offer}");
        assert_eq!(reports.0[1].status.map(|status| status.to_string()).as_deref(), status);
        assert!(connection.is_usable());
        connection.quit().await;
        assert_eq!(server.await.unwrap(), [0, 3, 4].map(taken_of), "{answers:?} {offer}");
    }
}

#[tokio::test]
async fn a_server_that_wants_a_message_without_recipients_gets_an_empty_one() {
    let refused = |i: usize| !i.is_multiple_of(3);
    let (url, server) = serve(move |peer| {
        relay(peer, PIPELINING, true, move |i| Answers {
            recipient: if refused(i) { "550 5.1.1 no such user" } else { "" },
            ..Answers::default()
        })
    })
    .await;
    let mut connection = open(&url).await;
    let (reports, outcome) = deliver(&mut connection, 9).await;
    outcome.unwrap();
    connection.quit().await;
    for (i, (report, taken)) in reports.0.iter().zip(server.await.unwrap()).enumerate() {
        if refused(i) {
            assert_eq!(report.verdict, Verdict::Bounced);
            assert_eq!((taken.recipient.as_str(), taken.message.as_slice()), ("", &b""[..]));
        } else {
            assert_eq!(report.verdict, Verdict::Sent);
            assert_eq!(taken, taken_of(i));
        }
    }
}

#[tokio::test]
async fn no_empty_mail_goes_out_when_a_server_takes_a_recipient_without_a_sender() {
    let (url, server) = serve(|mut peer| async move {
        peer.greet(PIPELINING).await;
        peer.expect_commands("user0@example.org").await;
        peer.say("451 later\r\n250 ok\r\n354 go on\r\n").await;
        peer.expect_end().await;
    })
    .await;
    let mut connection = open(&url).await;
    let (reports, outcome) = deliver(&mut connection, 2).await;
    assert!(matches!(outcome, Err(Lost(Fault::OutOfStep { stage: Stage::Data, .. }))));
    assert_eq!(reports.verdicts(), [Verdict::Deferred, Verdict::NotTried]);
    connection.quit().await;
    server.await.unwrap();
}

#[tokio::test]
async fn messages_are_dotted_and_normalised_and_their_bytes_are_left_alone() {
    let messages: [&[u8]; 4] = [
        b"A: 1\r\n\r\n.\r\n.leading\r\n..two\r\nin . side\r\n",
        b"A: 2\r\n\r\nlone\rcr and\nlf\r\n.\nhidden\r.\rend",
        b"A: 3\r\n\r\ncaf\xc3\xa9 \xff\x00\x01\r\n",
        b"A: 4\r\n\r\nno end",
    ];
    let wire: [&[u8]; 4] = [
        b"A: 1\r\n\r\n..\r\n..leading\r\n...two\r\nin . side\r\n",
        b"A: 2\r\n\r\nlone\r\ncr and\r\nlf\r\n..\r\nhidden\r\n..\r\nend\r\n",
        b"A: 3\r\n\r\ncaf\xc3\xa9 \xff\x00\x01\r\n",
        b"A: 4\r\n\r\nno end\r\n",
    ];
    for offer in BOTH {
        let (url, server) = serve(move |peer| relay(peer, offer, false, |_| Answers::default())).await;
        let mut connection = open(&url).await;
        let mut reports = Reports::default();
        let write = |i: usize, body: &mut Vec<u8>| {
            body.extend_from_slice(messages[i]);
            Envelope { sender: String::new(), recipient: recipient(i) }
        };
        connection.deliver(4, write, |i, report| reports.take(i, report)).await.unwrap();
        connection.quit().await;
        let taken = server.await.unwrap();
        assert_eq!(taken.iter().map(|taken| taken.message.as_slice()).collect::<Vec<_>>(), wire);
        let mails: Vec<&str> = taken.iter().map(|taken| taken.mail.as_str()).collect();
        assert_eq!(mails, ["MAIL FROM:<>", "MAIL FROM:<>", "MAIL FROM:<> BODY=8BITMIME", "MAIL FROM:<>"]);
    }
}

#[tokio::test]
async fn an_unwritable_address_is_reported_in_its_place_and_never_written() {
    for offer in BOTH {
        let (url, server) = serve(move |peer| relay(peer, offer, false, |_| Answers::default())).await;
        let mut connection = open(&url).await;
        let mut reports = Reports::default();
        let write = |i: usize, body: &mut Vec<u8>| {
            let mut envelope = compose(i, body);
            match i {
                0 | 3 => envelope.recipient.push_str("\r\nRCPT TO:<victim@example.net>"),
                4 => envelope.sender.push('>'),
                _ => {}
            }
            envelope
        };
        connection.deliver(6, write, |i, report| reports.take(i, report)).await.unwrap();
        connection.quit().await;
        use Verdict::{Rejected, Sent};
        assert_eq!(reports.verdicts(), [Rejected, Sent, Sent, Rejected, Rejected, Sent]);
        assert_eq!(server.await.unwrap(), [1, 2, 5].map(taken_of));
    }
}

#[tokio::test]
async fn a_stop_between_mails_settles_what_was_announced_and_keeps_the_connection() {
    // with pipelining the mail behind the one at which we stop is under way
    for (offer, refuse_next, reported, sent) in [
        (PIPELINING, false, 4, vec![0, 1, 2, 3]),
        (PIPELINING, true, 4, vec![0, 1, 2]),
        (NO_PIPELINING, false, 3, vec![0, 1, 2]),
    ] {
        let (url, server) = serve(move |peer| {
            relay(peer, offer, false, move |i| Answers {
                recipient: if refuse_next && i == 3 { "550 5.1.1 no such user" } else { "" },
                ..Answers::default()
            })
        })
        .await;
        let mut connection = open(&url).await;
        let mut reports = Reports::default();
        let stop_at_two = |i: usize, report| {
            let _ = reports.take(i, report);
            if i == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        connection.deliver(10, compose, stop_at_two).await.unwrap();
        assert_eq!(reports.0.len(), reported);
        let (more, outcome) = deliver(&mut connection, 1).await;
        outcome.unwrap();
        assert_eq!(more.verdicts(), [Verdict::Sent]);
        connection.quit().await;
        let expected: Vec<Taken> = sent.into_iter().chain([0]).map(taken_of).collect();
        assert_eq!(server.await.unwrap(), expected);
    }
}

#[tokio::test]
async fn the_size_is_announced_where_it_is_understood_and_what_is_too_large_is_never_written() {
    for (offer, refused) in [
        ("250-relay.example\r\n250-SIZE 24\r\n250 PIPELINING\r\n", true),
        ("250-relay.example\r\n250-PIPELINING\r\n250 size=24\r\n", true),
        ("250-relay.example\r\n250 SIZE 24\r\n", true),
        ("250-relay.example\r\n250-SIZE\r\n250 PIPELINING\r\n", false),
        ("250-relay.example\r\n250-SIZE 0\r\n250 PIPELINING\r\n", false),
    ] {
        let (url, server) = serve(move |peer| relay(peer, offer, false, |_| Answers::default())).await;
        let mut connection = open(&url).await;
        let mut reports = Reports::default();
        // on the wire 24, 25 and 24 octets; a doubled dot and the final one are not counted
        let messages =
            ["A: 1\r\n\r\n.123456789012\r\n", "A: 1\r\n\r\n1234567890123\n45", "A: 1\n\n\n123456789\r\n"];
        let write = |i: usize, body: &mut Vec<u8>| {
            body.extend_from_slice(messages[i].as_bytes());
            Envelope { sender: "b@bounces.example.com".into(), recipient: recipient(i) }
        };
        connection.deliver(3, write, |i, report| reports.take(i, report)).await.unwrap();
        let second = if refused { Verdict::Rejected } else { Verdict::Sent };
        assert_eq!(reports.verdicts(), [Verdict::Sent, second, Verdict::Sent], "{offer}");
        assert_eq!(reports.0[1].reply.contains("takes at most 24"), refused, "{offer}");
        assert_eq!(connection.delivered(), if refused { 2 } else { 3 });
        connection.quit().await;
        let taken = server.await.unwrap();
        for (announced, message) in taken.iter().map(|taken| (&taken.mail, &taken.message)) {
            let dots = message.windows(3).filter(|three| three == b"\n..").count();
            let size = message.len() - dots;
            assert_eq!(announced, &format!("MAIL FROM:<b@bounces.example.com> SIZE={size}"), "{offer}");
        }
    }
}
