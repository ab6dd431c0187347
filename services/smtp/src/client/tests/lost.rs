//! Delivery that ends before its time: no mail without a report, none reported as more than is known.

use std::time::Duration;

use super::*;
use Verdict::{Bounced, Deferred, NotTried, Sent, Unknown};

const SHORT: Duration = Duration::from_millis(50);
const ACCEPT: [&str; 3] = ["250 ok\r\n", "250 ok\r\n", "354 go on\r\n"];
const LEAVING: &str = "421 4.3.2 shutting down\r\n";

/// How a server leaves.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// Closes.
    Drop,
    /// Says nothing and stays until the client goes.
    Silence,
    /// Says this and stays until the client goes.
    Say(&'static str),
}

const WAYS: [Way; 5] =
    [Way::Drop, Way::Silence, Way::Say(LEAVING), Way::Say("what?\r\n"), Way::Say("355 go where\r\n")];

impl Way {
    async fn go(self, mut peer: Peer) {
        match self {
            Self::Drop => return,
            Self::Silence => {}
            Self::Say(text) => peer.say(text).await,
        }
        peer.expect_end().await;
    }

    fn says_that_it_leaves(self) -> bool {
        matches!(self, Self::Say(LEAVING))
    }
}

/// Takes the commands of mail `i` and answers the first of them; a client that does not pipeline gets no
/// further than the command behind the last answer.
async fn answer(peer: &mut Peer, offer: &str, i: usize, replies: &[&str]) {
    let commands = ["MAIL FROM:<b@bounces.example.com>", &format!("RCPT TO:<{}>", recipient(i)), "DATA"];
    if offer == PIPELINING {
        for command in commands {
            peer.expect(command).await;
        }
        return peer.say(&replies.concat()).await;
    }
    for (command, reply) in commands.into_iter().zip(replies) {
        peer.expect(command).await;
        peer.say(reply).await;
    }
    if let Some(unanswered) = commands.get(replies.len()) {
        peer.expect(unanswered).await;
    }
}

/// From now on nothing is written, and every mail says so.
async fn assert_spent(mut connection: Connection) {
    assert!(!connection.is_usable());
    let (reports, outcome) = deliver(&mut connection, 2).await;
    assert!(matches!(outcome, Err(Lost(Fault::Spent))));
    assert_eq!(reports.verdicts(), [NotTried; 2]);
}

#[tokio::test]
async fn a_connection_lost_after_the_dot_leaves_that_mail_unknown_and_the_others_untried() {
    for (way, offer) in WAYS.into_iter().flat_map(|way| [(way, PIPELINING), (way, NO_PIPELINING)]) {
        let (url, server) = serve(move |mut peer| async move {
            peer.greet(offer).await;
            answer(&mut peer, offer, 0, &ACCEPT).await;
            peer.message().await;
            if offer == PIPELINING {
                answer(&mut peer, offer, 1, &[]).await;
            }
            way.go(peer).await;
        })
        .await;
        let mut connection = open(&url).await;
        connection.timeouts.dot = SHORT;
        let (reports, outcome) = deliver(&mut connection, 3).await;
        assert!(outcome.is_err());
        let first = if way.says_that_it_leaves() { NotTried } else { Unknown };
        assert_eq!(reports.verdicts(), [first, NotTried, NotTried], "{way:?} {offer}");
        assert!(!reports.0[0].reply.is_empty());
        assert_spent(connection).await;
        server.await.unwrap();
    }
}

#[tokio::test]
async fn a_connection_lost_at_any_point_before_the_dot_leaves_all_mails_untried() {
    for ((way, offer), answered) in WAYS
        .into_iter()
        .flat_map(|way| [(way, PIPELINING), (way, NO_PIPELINING)])
        .zip([0, 1, 2].into_iter().cycle())
    {
        let (url, server) = serve(move |mut peer| async move {
            peer.greet(offer).await;
            answer(&mut peer, offer, 0, &ACCEPT[..answered]).await;
            way.go(peer).await;
        })
        .await;
        let mut connection = open(&url).await;
        connection.timeouts.command = SHORT;
        connection.timeouts.data = SHORT;
        let (reports, outcome) = deliver(&mut connection, 3).await;
        assert!(outcome.is_err());
        assert_eq!(reports.verdicts(), [NotTried; 3], "{way:?} {offer} {answered}");
        assert_spent(connection).await;
        server.await.unwrap();
    }
}

#[tokio::test]
async fn each_stage_of_silence_is_named() {
    for (answered, stage) in [(0, Stage::Mail), (1, Stage::Recipient), (2, Stage::Data), (3, Stage::Dot)] {
        let (url, server) = serve(move |mut peer| async move {
            peer.greet(PIPELINING).await;
            answer(&mut peer, PIPELINING, 0, &ACCEPT[..answered]).await;
            while peer.line().await.is_some() {}
        })
        .await;
        let mut connection = open(&url).await;
        if stage == Stage::Dot {
            connection.timeouts.dot = SHORT;
        } else if stage == Stage::Data {
            connection.timeouts.data = SHORT;
        } else {
            connection.timeouts.command = SHORT;
        }
        let (_, outcome) = deliver(&mut connection, 1).await;
        let Err(Lost(Fault::Timeout { stage: found, limit: SHORT })) = outcome else { panic!("{outcome:?}") };
        assert!(found == stage || found == Stage::Mail, "a slow machine may lose an earlier reply: {found}");
        drop(connection);
        server.await.unwrap();
    }
}

#[tokio::test]
async fn what_was_settled_before_the_loss_stays_settled() {
    let (url, server) = serve(|mut peer| async move {
        peer.greet(PIPELINING).await;
        answer(&mut peer, PIPELINING, 0, &ACCEPT).await;
        peer.message().await;
        answer(
            &mut peer,
            PIPELINING,
            1,
            &["250 queued\r\n", "250 ok\r\n", "550 5.1.1 gone\r\n", "554 no\r\n"],
        )
        .await;
        peer.expect("RSET").await;
        answer(&mut peer, PIPELINING, 2, &["250 ok\r\n", "250 ok\r\n", "450 later\r\n", "354 go on\r\n"])
            .await;
        assert!(peer.message().await.is_empty());
        peer.expect("RSET").await;
        answer(&mut peer, PIPELINING, 3, &["554 no\r\n", "250 ok\r\n", LEAVING]).await;
        peer.expect_end().await;
    })
    .await;
    let mut connection = open(&url).await;
    let (reports, outcome) = deliver(&mut connection, 5).await;
    assert!(matches!(outcome, Err(Lost(Fault::Leaving { stage: Stage::Mail, .. }))));
    assert_eq!(reports.verdicts(), [Sent, Bounced, Deferred, NotTried, NotTried]);
    assert!(reports.0[3].reply.contains("421 4.3.2 shutting down"));
    assert_spent(connection).await;
    server.await.unwrap();
}

#[tokio::test]
async fn a_message_that_could_not_be_written_to_its_end_was_not_tried() {
    let (url, server) = serve(|mut peer| async move {
        peer.greet(PIPELINING).await;
        answer(&mut peer, PIPELINING, 0, &ACCEPT).await;
        // reads no further until the client has given up
        peer
    })
    .await;
    let mut connection = open(&url).await;
    connection.timeouts.data = Duration::from_millis(500);
    let mut reports = Reports::default();
    let write = |i: usize, body: &mut Vec<u8>| {
        body.resize(64 << 20, b'x');
        Envelope { sender: "b@bounces.example.com".into(), recipient: recipient(i) }
    };
    let outcome = connection.deliver(2, write, |i, report| reports.take(i, report)).await;
    assert!(matches!(outcome, Err(Lost(Fault::Timeout { .. }))), "{outcome:?}");
    assert_eq!(reports.verdicts(), [NotTried; 2]);
    assert_spent(connection).await;
    drop(server.await.unwrap());
}

#[tokio::test]
async fn a_server_that_left_between_two_calls_costs_no_mail_its_certainty() {
    for farewell in ["", LEAVING] {
        let (url, server) = serve(move |mut peer| async move {
            peer.greet(PIPELINING).await;
            answer(&mut peer, PIPELINING, 0, &ACCEPT).await;
            peer.message().await;
            peer.say("250 queued\r\n").await;
            peer.say(farewell).await;
        })
        .await;
        let mut connection = open(&url).await;
        deliver(&mut connection, 1).await.1.unwrap();
        server.await.unwrap();
        let (reports, outcome) = deliver(&mut connection, 2).await;
        assert!(outcome.is_err());
        assert_eq!(reports.verdicts(), [NotTried; 2]);
        assert_spent(connection).await;
    }
}

#[tokio::test]
async fn the_next_mail_never_gets_the_previous_mails_reply() {
    // the first mail is answered twice, and the second is refused
    for (second, stray) in [("250 queued\r\n", "250 queued\r\n"), ("250 queued\r\n250 queued\r\n", "")] {
        let (url, server) = serve(move |mut peer| async move {
            peer.greet(PIPELINING).await;
            answer(&mut peer, PIPELINING, 0, &ACCEPT).await;
            peer.message().await;
            let refusal = ["250 ok\r\n", "550 5.1.1 gone\r\n", "503 no\r\n"].concat();
            answer(&mut peer, PIPELINING, 1, &[second, stray, &refusal]).await;
            while peer.line().await.is_some() {}
        })
        .await;
        let mut connection = open(&url).await;
        let (reports, outcome) = deliver(&mut connection, 4).await;
        assert!(matches!(outcome, Err(Lost(Fault::OutOfStep { .. }))), "{outcome:?}");
        assert_eq!(reports.verdicts().iter().filter(|&&verdict| verdict == Sent).count(), 1);
        assert_eq!(reports.verdicts()[2..], [NotTried; 2]);
        assert_spent(connection).await;
        server.await.unwrap();
    }
}

#[tokio::test]
async fn a_reply_that_comes_after_its_time_is_nobodys() {
    let (give_up, given_up) = tokio::sync::oneshot::channel();
    let (url, server) = serve(|mut peer| async move {
        peer.greet(NO_PIPELINING).await;
        answer(&mut peer, NO_PIPELINING, 0, &ACCEPT).await;
        peer.message().await;
        given_up.await.unwrap();
        peer.say("250 queued\r\n").await;
        peer.expect_end().await;
    })
    .await;
    let mut connection = open(&url).await;
    connection.timeouts.dot = SHORT;
    let (reports, outcome) = deliver(&mut connection, 1).await;
    assert!(outcome.is_err());
    assert_eq!(reports.verdicts(), [Unknown]);
    give_up.send(()).unwrap();
    assert_spent(connection).await;
    server.await.unwrap();
}

#[tokio::test]
async fn a_delivery_that_was_cut_short_spends_the_connection() {
    let (arrived, arrival) = tokio::sync::oneshot::channel();
    let (url, server) = serve(|mut peer| async move {
        peer.greet(PIPELINING).await;
        answer(&mut peer, PIPELINING, 0, &ACCEPT).await;
        peer.message().await;
        arrived.send(()).unwrap();
        peer.expect("MAIL FROM:<b@bounces.example.com>").await;
        while peer.line().await.is_some() {}
    })
    .await;
    let mut connection = open(&url).await;
    tokio::select! {
        _ = deliver(&mut connection, 3) => panic!("the server answered"),
        arrived = arrival => arrived.unwrap(),
    }
    assert_spent(connection).await;
    server.await.unwrap();
}

#[tokio::test]
async fn a_stop_is_respected_when_the_connection_is_lost() {
    let (url, server) = serve(|mut peer| async move {
        peer.greet(PIPELINING).await;
        answer(&mut peer, PIPELINING, 0, &ACCEPT).await;
        peer.message().await;
        answer(&mut peer, PIPELINING, 1, &["250 queued\r\n"]).await;
    })
    .await;
    let mut connection = open(&url).await;
    let mut reports = Reports::default();
    let stop = |i: usize, report| {
        let _ = reports.take(i, report);
        ControlFlow::Break(())
    };
    assert!(connection.deliver(5, compose, stop).await.is_err());
    assert_eq!(
        reports.verdicts(),
        [Sent, NotTried],
        "the announced one is settled, the rest was never begun"
    );
    server.await.unwrap();
}

#[tokio::test]
async fn a_server_that_has_enough_of_a_connection_is_left_without_a_strike_against_a_mail() {
    const ENOUGH: &str = "452 4.5.3 too many messages sent";
    for (offer, enough_from) in [(PIPELINING, 2), (NO_PIPELINING, 2), (PIPELINING, 0), (NO_PIPELINING, 0)] {
        let (url, server) = serve(move |peer| {
            relay(peer, offer, false, move |i| Answers {
                recipient: if i >= enough_from { ENOUGH } else { "" },
                ..Answers::default()
            })
        })
        .await;
        let mut connection = open(&url).await;
        let (reports, outcome) = deliver(&mut connection, 4).await;
        if enough_from == 0 {
            outcome.unwrap();
            assert_eq!(reports.verdicts(), [Deferred; 4], "over a new connection it is about the mail");
        } else {
            assert!(matches!(outcome, Err(Lost(Fault::Leaving { stage: Stage::Recipient, .. }))));
            assert_eq!(reports.verdicts(), [Sent, Sent, NotTried, NotTried]);
        }
        drop(connection);
        assert_eq!(server.await.unwrap().len(), enough_from);
    }
}
