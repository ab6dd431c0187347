//! What a policy can make the server do.
use super::{Answer, Arc, Envelope, Peer, Policy, Received, Reply, Scripted, Server};

#[tokio::test]
async fn a_recipient_the_policy_refuses_does_not_get_the_message() {
    let policy = Arc::new(Scripted {
        recipient: |envelope| match envelope.latest_recipient() {
            "gone@example.com" => Reply::say(550, "5.1.1 no such mailbox"),
            "busy@example.com" => Reply::say(450, "4.2.1 later"),
            _ => Reply::say(250, "2.1.5 yes"),
        },
        ..Scripted::default()
    });
    let server = Server::start(policy.clone()).await;
    let mut peer = Peer::greet(&server).await;
    peer.ask("MAIL FROM:<a@b.example>\r\n").await;

    assert_eq!(peer.ask("RCPT TO:<gone@example.com>\r\n").await, "550 5.1.1 no such mailbox\r\n");
    assert_eq!(peer.ask("DATA\r\n").await, "554 5.5.1 no valid recipients\r\n");
    assert_eq!(peer.code("RCPT TO:<ada@example.com>\r\n").await, 250);
    assert_eq!(peer.code("RCPT TO:<busy@example.com>\r\n").await, 450);
    assert_eq!(peer.code("DATA\r\n").await, 354);
    assert_eq!(peer.code("Subject: x\r\n\r\n.\r\n").await, 250);

    let received = policy.received.lock().unwrap();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].envelope.recipients, ["ada@example.com"]);
    assert_eq!(received[0].connection, 1);
}

#[tokio::test]
async fn a_message_the_policy_refuses_ends_the_transaction() {
    let message = Reply::say(451, "4.3.0 not now\n4.3.0 really").into();
    let server = Server::start(Arc::new(Scripted { message, ..Scripted::default() })).await;
    let mut peer = Peer::greet(&server).await;
    peer.say("MAIL FROM:<>\r\nRCPT TO:<ada@example.com>\r\nDATA\r\n.\r\nDATA\r\n").await;

    for code in ["250", "250", "354"] {
        assert!(peer.reply().await.starts_with(code));
    }
    assert_eq!(peer.reply().await, "451-4.3.0 not now\r\n451 4.3.0 really\r\n");
    assert!(peer.reply().await.starts_with("503 "));
}

#[tokio::test]
async fn close_drops_the_connection_after_what_was_already_answered() {
    let recipient = |_: &_| Reply::Close;
    let server = Server::start(Arc::new(Scripted { recipient, ..Scripted::default() })).await;
    let mut peer = Peer::greet(&server).await;

    peer.say("MAIL FROM:<>\r\nRCPT TO:<ada@example.com>\r\n").await;

    assert_eq!(peer.rest().await, "250 2.1.0 sender noted\r\n");
}

#[tokio::test]
async fn close_after_the_final_dot_leaves_the_sender_without_an_answer() {
    let policy = Arc::new(Scripted { message: Reply::Close.into(), ..Scripted::default() });
    let server = Server::start(policy.clone()).await;
    let mut peer = Peer::greet(&server).await;
    peer.say("MAIL FROM:<>\r\nRCPT TO:<ada@example.com>\r\nDATA\r\n").await;
    for _ in 0..3 {
        peer.reply().await;
    }

    peer.say("Subject: x\r\n\r\n.\r\n").await;

    assert_eq!(peer.rest().await, "");
    assert_eq!(policy.received.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_greeting_can_close_or_turn_away() {
    let server = Server::start(Arc::new(Scripted { greeting: Reply::Close, ..Scripted::default() })).await;
    assert_eq!(Peer::connect(&server).await.rest().await, "");

    let greeting = Reply::say(421, "4.3.2 come back later");
    let server = Server::start(Arc::new(Scripted { greeting, ..Scripted::default() })).await;
    assert_eq!(Peer::connect(&server).await.rest().await, "421 4.3.2 come back later\r\n");

    let greeting = Reply::say(554, "no mail here");
    let server = Server::start(Arc::new(Scripted { greeting, ..Scripted::default() })).await;
    let mut peer = Peer::connect(&server).await;
    assert_eq!(peer.reply().await, "554 no mail here\r\n");
    assert_eq!(peer.code("EHLO test\r\n").await, 503);
    assert_eq!(peer.code("MAIL FROM:<>\r\n").await, 503);
    assert_eq!(peer.code("QUIT\r\n").await, 221);
}

#[tokio::test]
async fn a_reply_of_421_closes_the_connection() {
    let message = Reply::say(421, "4.3.0 shutting down").into();
    let server = Server::start(Arc::new(Scripted { message, ..Scripted::default() })).await;
    let mut peer = Peer::greet(&server).await;

    peer.say("MAIL FROM:<>\r\nRCPT TO:<ada@example.com>\r\nDATA\r\n.\r\n").await;

    assert!(peer.rest().await.ends_with("421 4.3.0 shutting down\r\n"));
}

#[tokio::test]
async fn silence_says_nothing_more_and_lasts_until_the_peer_leaves() {
    let message = Reply::Silence.into();
    let policy = Arc::new(Scripted { message, ..Scripted::default() });
    let server = Server::start(policy.clone()).await;
    let mut peer = Peer::greet(&server).await;
    peer.say("MAIL FROM:<>\r\nRCPT TO:<ada@example.com>\r\nDATA\r\n.\r\nNOOP\r\n").await;
    for code in ["250", "250", "354"] {
        assert!(peer.reply().await.starts_with(code));
    }

    // More than any buffer on the way holds: it can only be sent if the server still reads.
    peer.say("NOOP\r\n".repeat(4_000_000)).await;
    let mut leaving = Peer::connect(&server).await;
    leaving.reply().await;
    server.stop().await;

    assert_eq!(policy.received.lock().unwrap().len(), 1);
    assert!(leaving.rest().await.starts_with("421 "));
    assert_eq!(peer.rest().await, "");
}

#[tokio::test]
async fn over_smtp_many_answers_become_the_one_that_loses_no_message() {
    let say = |code: u16| Reply::say(code, "said");
    for (codes, said) in [
        (vec![250, 250], "250"),
        (vec![250, 550, 551], "550"),
        (vec![550, 250, 450, 451], "450"),
        (vec![], "451"),
    ] {
        let message = Answer::Each(codes.into_iter().map(say).collect());
        let server = Server::start(Arc::new(Scripted { message, ..Scripted::default() })).await;
        let mut peer = Peer::greet(&server).await;
        peer.say("MAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n.\r\n").await;
        for code in ["250", "250", "250", "354", said] {
            assert!(peer.reply().await.starts_with(code), "{said}");
        }
        assert_eq!(peer.code("NOOP\r\n").await, 250);
    }
}

/// Answers a message only when it is let.
#[derive(Default)]
struct Slow {
    arrived: tokio::sync::Notify,
    let_go: tokio::sync::Notify,
}

impl Policy for Slow {
    fn greeting(&self, _peer: std::net::SocketAddr) -> Reply {
        Reply::say(220, "slow")
    }

    fn recipient(&self, _envelope: &Envelope) -> Reply {
        Reply::say(250, "2.1.5 yes")
    }

    async fn message(&self, _received: Received) -> Answer {
        self.arrived.notify_one();
        self.let_go.notified().await;
        Reply::say(250, "2.6.0 taken").into()
    }
}

#[tokio::test]
async fn what_came_before_a_slow_answer_is_told_at_once_and_a_stop_waits_for_it() {
    let policy = Arc::new(Slow::default());
    let server = Server::start(Arc::clone(&policy)).await;
    let mut peer = Peer::greet(&server).await;
    peer.say("MAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n.\r\nNOOP\r\n").await;
    for code in ["250", "250", "354"] {
        assert!(peer.reply().await.starts_with(code));
    }
    policy.arrived.notified().await;
    server.stop.cancel();
    policy.let_go.notify_one();
    assert_eq!(
        peer.rest().await,
        "250 2.6.0 taken\r\n250 2.0.0 still here\r\n421 4.3.2 the server stops\r\n"
    );
    server.serving.await.unwrap();
}
