//! Commands, their order, and messages.
use tokio::io::AsyncReadExt;

use super::{Arc, Kept, Peer, Server};

#[tokio::test]
async fn a_conversation_is_answered_command_by_command() {
    let kept = Arc::<Kept>::default();
    let server = Server::keeping(&kept).await;
    let mut peer = Peer::connect(&server).await;

    assert!(peer.reply().await.starts_with("220 localhost ESMTP"));
    let extensions =
        "250-localhost\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE 10485760\r\n250 ENHANCEDSTATUSCODES\r\n";
    assert_eq!(peer.ask("ehlo test.example\r\n").await, extensions);
    assert_eq!(peer.code("NOOP\r\n").await, 250);
    assert_eq!(peer.code("VRFY ada\r\n").await, 252);
    assert_eq!(peer.code("MAIL FROM:<bounces@pharos.example> SIZE=100 BODY=8BITMIME\r\n").await, 250);
    assert_eq!(peer.code("RCPT TO:<ada@example.com>\r\n").await, 250);
    assert_eq!(peer.code("DATA\r\n").await, 354);
    assert_eq!(peer.ask("Subject: down\r\n\r\nIt is down.\r\n.\r\n").await, "250 2.6.0 kept as 1\r\n");
    assert_eq!(peer.code("MAIL FROM:<>\r\n").await, 250);
    assert_eq!(peer.code("RSET\r\n").await, 250);
    assert_eq!(peer.code("RCPT TO:<ada@example.com>\r\n").await, 503);
    assert_eq!(peer.code("QUIT\r\n").await, 221);
    assert_eq!(peer.rest().await, "");

    let mail = kept.find(1);
    assert_eq!(mail.envelope.sender, "bounces@pharos.example");
    assert_eq!(mail.envelope.recipients, ["ada@example.com"]);
    assert_eq!(mail.data, "Subject: down\r\n\r\nIt is down.\r\n");
    assert_eq!(kept.count(), 1);
    server.stop().await;
}

#[tokio::test]
async fn two_hundred_pipelined_mails_are_answered_in_order() {
    let kept = Arc::<Kept>::default();
    let server = Server::keeping(&kept).await;
    let mut peer = Peer::greet(&server).await;
    let mut everything = String::new();
    for mail in 1..=200 {
        everything += &format!(
            "MAIL FROM:<b+{mail}@pharos.example>\r\nRCPT TO:<s{mail}@example.com>\r\nDATA\r\nSubject: {mail}\r\n\r\nBody\r\n.\r\n"
        );
    }

    peer.say(everything + "QUIT\r\n").await;

    for mail in 1..=200 {
        assert_eq!(peer.reply().await, "250 2.1.0 sender noted\r\n");
        assert_eq!(peer.reply().await, "250 2.1.5 recipient noted\r\n");
        assert!(peer.reply().await.starts_with("354 "));
        assert_eq!(peer.reply().await, format!("250 2.6.0 kept as {mail}\r\n"));
    }
    assert!(peer.rest().await.starts_with("221 "));
    for id in 1..=200 {
        assert_eq!(kept.find(id).envelope.recipients, [format!("s{id}@example.com")]);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_pipelined_group_is_answered_in_one_write() {
    let server = Server::keeping(&Arc::default()).await;
    let mut peer = Peer::greet(&server).await;

    peer.say("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n").await;

    let mut replies = [0; 1000];
    let octets = peer.0.get_mut().read(&mut replies).await.unwrap();
    let replies = std::str::from_utf8(&replies[..octets]).unwrap();
    assert_eq!(replies.lines().map(|line| &line[..3]).collect::<Vec<_>>(), ["250", "250", "354"]);
}

#[tokio::test]
async fn a_message_is_kept_octet_for_octet_with_its_dots_unstuffed() {
    let kept = Arc::<Kept>::default();
    let server = Server::keeping(&kept).await;
    let mut peer = Peer::greet(&server).await;

    peer.say("MAIL FROM:<>\r\nRCPT TO:<ada@example.com>\r\nDATA\r\n").await;
    for _ in 0..3 {
        peer.reply().await;
    }
    let stuffed = "..\r\n..one\r\n...two\r\nin. the middle.\r\n\r\n\u{e9} \0\r\n.\r\n";
    let reply = peer.ask(stuffed).await;

    assert_eq!(reply, "250 2.6.0 kept as 1\r\n");
    let unstuffed = ".\r\n.one\r\n..two\r\nin. the middle.\r\n\r\n\u{e9} \0\r\n";
    assert_eq!(kept.find(1).data, unstuffed);
}

#[tokio::test]
async fn commands_out_of_order_are_refused_with_503() {
    let server = Server::keeping(&Arc::default()).await;
    let mut peer = Peer::connect(&server).await;
    peer.reply().await;

    assert_eq!(peer.code("MAIL FROM:<a@b.example>\r\n").await, 503);
    assert_eq!(peer.code("HELO test\r\n").await, 250);
    assert_eq!(peer.code("RCPT TO:<a@b.example>\r\n").await, 503);
    assert_eq!(peer.code("DATA\r\n").await, 503);
    assert_eq!(peer.code("MAIL FROM:<a@b.example>\r\n").await, 250);
    assert_eq!(peer.code("MAIL FROM:<a@b.example>\r\n").await, 503);
    assert_eq!(peer.code("DATA\r\n").await, 503);
    assert_eq!(peer.code("EHLO again\r\n").await, 250);
    assert_eq!(peer.code("RCPT TO:<a@b.example>\r\n").await, 503);
}

#[tokio::test]
async fn malformed_commands_are_refused_and_the_conversation_goes_on() {
    let server = Server::keeping(&Arc::default()).await;
    let mut peer = Peer::greet(&server).await;

    for (command, code) in [
        ("\r\n", 500),
        ("HELLO\r\n", 500),
        ("STARTTLS\r\n", 500),
        ("LHLO test\r\n", 500),
        ("NOOP\n", 500),
        ("NOOP \u{0}\r\n", 500),
        ("HELP\r\n", 502),
        ("EHLO\r\n", 501),
        ("VRFY\r\n", 501),
        ("RSET now\r\n", 501),
        ("DATA now\r\n", 501),
        ("QUIT now\r\n", 501),
        ("MAIL\r\n", 501),
        ("MAIL FROM:a@b.example\r\n", 501),
        ("MAIL TO:<a@b.example>\r\n", 501),
        ("MAIL FROM:<a@b.example\r\n", 501),
        ("MAIL FROM:<a@b.example<\r\n", 501),
        ("MAIL FROM:<<a@b.example>\r\n", 501),
        ("MAIL FROM:<a@b.example>SIZE=1\r\n", 501),
        ("MAIL FROM:<a@b.example> SIZE=much\r\n", 501),
        ("MAIL FROM:<a@b.example> SIZE=+1\r\n", 501),
        ("MAIL FROM:<a@b.example> BODY=9BIT\r\n", 501),
        ("MAIL FROM:<a@b.example> SMTPUTF8\r\n", 555),
        ("MAIL FROM:<\u{e9}@b.example>\r\n", 553),
        ("MAIL FROM:<a@b.example>  \r\n", 250),
        ("RCPT TO:<>\r\n", 501),
        ("RCPT TO:<a@-b.example>\r\n", 501),
        ("RCPT TO:<a>\r\n", 501),
        ("RCPT TO:<a@b..example>\r\n", 501),
        ("RCPT TO:<a.@b.example>\r\n", 501),
        ("RCPT TO:<a b@c.example>\r\n", 501),
        ("RCPT TO:<a@b.example> NOTIFY=NEVER\r\n", 555),
        ("RCPT TO:<\"a> \\\"b\"@c.example>\r\n", 250),
        ("RCPT TO:<@relay.example,@other.example:a@b.example>\r\n", 250),
        ("RCPT TO:<a@[127.0.0.1]>\r\n", 250),
        ("rcpt to:<Postmaster>\r\n", 250),
        ("NOOP whatever\r\n", 250),
    ] {
        assert_eq!(peer.code(command).await, code, "{command:?}");
    }
}

#[tokio::test]
async fn a_sender_is_taken_whatever_it_looks_like() {
    let kept = Arc::<Kept>::default();
    let server = Server::keeping(&kept).await;
    let mut peer = Peer::greet(&server).await;

    let senders =
        ["a", "a..b@c..d", "a b@c", "\"", "@relay.example:a@b.example", "#@[]", "under_score@a_b.example"];
    for sender in senders {
        assert_eq!(peer.code(format!("MAIL FROM:  <{sender}> SIZE=9\r\n")).await, 250, "{sender}");
        assert_eq!(peer.code("RCPT TO: <ada@example.com>\r\n").await, 250);
        assert_eq!(peer.code("DATA\r\n").await, 354);
        assert_eq!(peer.code(".\r\n").await, 250);
    }
    for (number, sender) in (1..).zip(senders) {
        assert_eq!(kept.find(number).envelope.sender, sender);
    }
}

#[tokio::test]
async fn stopping_tells_those_who_are_connected_and_closes() {
    let server = Server::keeping(&Arc::default()).await;
    let mut idle = Peer::greet(&server).await;
    let mut addressed = Peer::greet(&server).await;
    addressed.ask("MAIL FROM:<a@b.example>\r\n").await;

    server.stop().await;

    assert_eq!(idle.rest().await, "421 4.3.2 the server stops\r\n");
    assert_eq!(addressed.rest().await, "421 4.3.2 the server stops\r\n");
}
