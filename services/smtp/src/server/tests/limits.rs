//! What is too long, too large, too many.
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Arc, Kept, Limits, Peer, Server, SmtpServer, over_duplex};

const MAX_MESSAGE_OCTETS: usize = 10 * 1024 * 1024;

const ADDRESSED: &str = "MAIL FROM:<a@b.example>\r\nRCPT TO:<ada@example.com>\r\nDATA\r\n";

/// Sends a message's text and gives the reply to its final dot.
async fn reply_to_text(peer: &mut Peer, text: &[u8]) -> String {
    peer.say(ADDRESSED).await;
    for code in ["250", "250", "354"] {
        assert!(peer.reply().await.starts_with(code));
    }
    peer.say(text).await;
    peer.ask(".\r\n").await
}

#[tokio::test]
async fn a_command_line_that_is_too_long_is_refused_and_the_next_one_understood() {
    let server = Server::keeping(&Arc::default()).await;
    let mut peer = Peer::greet(&server).await;

    for octets in [1_000, 500_000] {
        let line = format!("NOOP {}\r\nNOOP\r\n", "x".repeat(octets));
        assert_eq!(peer.ask(line).await, "500 5.5.2 line too long\r\n");
        assert_eq!(peer.reply().await, "250 2.0.0 still here\r\n");
    }
    assert_eq!(peer.code(format!("NOOP {}\r\n", "x".repeat(505))).await, 250);
}

#[tokio::test]
async fn a_message_with_a_line_of_more_than_1000_octets_is_refused() {
    let kept = Arc::<Kept>::default();
    let server = Server::keeping(&kept).await;
    let mut peer = Peer::greet(&server).await;

    for (octets, dot, code) in
        [(998, "", "250"), (999, "", "500"), (997, ".", "250"), (998, ".", "250"), (999, ".", "500")]
    {
        let line = format!("{dot}{}\r\n", "x".repeat(octets));
        let reply = reply_to_text(&mut peer, line.as_bytes()).await;
        assert!(reply.starts_with(code), "{octets} octets after {dot:?}: {reply}");
    }
    assert!(
        reply_to_text(&mut peer, &[vec![b'x'; 200_000], b"\r\n".to_vec()].concat())
            .await
            .starts_with("500 5.6.0")
    );
    assert_eq!(kept.count(), 3);
}

#[tokio::test]
async fn a_message_of_more_than_10_mib_is_refused_and_the_next_one_taken() {
    let kept = Arc::<Kept>::default();
    let server = Server::keeping(&kept).await;
    let mut peer = Peer::greet(&server).await;
    let line = [b'x'; 62].iter().chain(b"\r\n").copied().collect::<Vec<_>>();
    let largest = line.repeat(MAX_MESSAGE_OCTETS / line.len());

    assert!(reply_to_text(&mut peer, &largest).await.starts_with("250 "));
    assert!(reply_to_text(&mut peer, &[&largest[..], b"\r\n"].concat()).await.starts_with("552 5.3.4"));
    assert!(reply_to_text(&mut peer, b"Subject: small\r\n\r\n").await.starts_with("250 "));
    assert_eq!(kept.find(1).data.len(), MAX_MESSAGE_OCTETS);
    assert_eq!(kept.count(), 2);
}

#[tokio::test]
async fn a_size_announced_over_the_limit_is_refused_at_once() {
    let server = Server::keeping(&Arc::default()).await;
    let mut peer = Peer::greet(&server).await;

    assert_eq!(peer.code(format!("MAIL FROM:<a@b.example> SIZE={}\r\n", MAX_MESSAGE_OCTETS + 1)).await, 552);
    assert_eq!(peer.code(format!("MAIL FROM:<a@b.example> SIZE={MAX_MESSAGE_OCTETS}\r\n")).await, 250);
}

#[tokio::test]
async fn the_recipient_after_the_hundredth_is_deferred() {
    let server = Server::keeping(&Arc::default()).await;
    let mut peer = Peer::greet(&server).await;
    peer.ask("MAIL FROM:<a@b.example>\r\n").await;

    for recipient in 0..100 {
        assert_eq!(peer.code(format!("RCPT TO:<{recipient}@example.com>\r\n")).await, 250);
    }
    assert_eq!(peer.code("RCPT TO:<more@example.com>\r\n").await, 452);
    assert_eq!(peer.code("DATA\r\n").await, 354);
}

#[tokio::test]
async fn a_local_part_of_more_than_64_octets_is_refused() {
    let server = Server::keeping(&Arc::default()).await;
    let mut peer = Peer::greet(&server).await;
    peer.ask("MAIL FROM:<>\r\n").await;

    assert_eq!(peer.code(format!("RCPT TO:<{}@b.example>\r\n", "x".repeat(65))).await, 501);
    assert_eq!(peer.code(format!("RCPT TO:<{}@b.example>\r\n", "x".repeat(64))).await, 250);
}

/// A server with other limits.
async fn limited(limits: Limits) -> Server {
    let server = SmtpServer { limits, ..SmtpServer::on_loopback() };
    Server::start_as(server, Arc::new(Kept::default())).await
}

#[tokio::test]
async fn a_servers_own_limits_are_kept_and_told() {
    let server = limited(Limits { message_octets: 20, recipients: 1, ..Limits::default() }).await;
    let mut peer = Peer::connect(&server).await;
    peer.reply().await;

    assert!(peer.ask("EHLO test\r\n").await.contains("250-SIZE 20\r\n"));
    assert_eq!(peer.code("MAIL FROM:<> SIZE=21\r\n").await, 552);
    assert_eq!(peer.code("MAIL FROM:<> SIZE=99999999999999999999999\r\n").await, 501);
    assert_eq!(peer.code("MAIL FROM:<> SIZE=20\r\n").await, 250);
    assert_eq!(peer.code("RCPT TO:<one@example.com>\r\n").await, 250);
    assert_eq!(peer.code("RCPT TO:<two@example.com>\r\n").await, 452);
    assert_eq!(peer.code("RSET\r\n").await, 250);
    assert!(reply_to_text(&mut peer, b"..12345678901234567\r\n").await.starts_with("250 "));
    assert!(reply_to_text(&mut peer, b"123456789012345678\r\n\r\n").await.starts_with("552 5.3.4"));
}

#[tokio::test]
async fn commands_without_a_message_have_an_end_and_a_message_begins_the_count_anew() {
    let server = limited(Limits { commands_without_mail: 5, ..Limits::default() }).await;
    let mut peer = Peer::greet(&server).await;
    for _ in 0..3 {
        assert_eq!(peer.code("NOOP\r\n").await, 250);
    }
    peer.say("MAIL FROM:<>\r\n").await;
    assert_eq!(peer.reply().await, "250 2.1.0 sender noted\r\n");
    assert_eq!(peer.code("NOOP\r\n").await, 421);
    assert_eq!(peer.rest().await, "");

    let mut peer = Peer::greet(&server).await;
    for _ in 0..9 {
        // MAIL, DATA and two more; recipients are not counted while they are accepted
        assert_eq!(peer.code("MAIL FROM:<>\r\n").await, 250);
        for recipient in 0..20 {
            assert_eq!(peer.code(format!("RCPT TO:<{recipient}@example.com>\r\n")).await, 250);
        }
        assert_eq!(peer.code("NOOP\r\n").await, 250);
        assert_eq!(peer.code("DATA\r\n").await, 354);
        assert_eq!(peer.code("x\r\n.\r\n").await, 250);
    }
}

#[tokio::test]
async fn a_longer_line_of_a_message_is_taken_where_the_limits_allow_it() {
    let server = limited(Limits { text_line_octets: 64 * 1024, ..Limits::default() }).await;
    let mut peer = Peer::greet(&server).await;
    for (octets, code) in
        [(64 * 1024, "250 "), (64 * 1024 + 1, "500 5.6.0 a line of the message is longer than 65536")]
    {
        let line = format!(".{}\r\n", "x".repeat(octets - 2));
        assert!(reply_to_text(&mut peer, line.as_bytes()).await.starts_with(code), "{octets}");
    }
}

#[tokio::test]
async fn a_connection_takes_only_so_many_messages() {
    let server = limited(Limits { mails_of_one_connection: 2, ..Limits::default() }).await;
    let mut peer = Peer::greet(&server).await;
    assert!(reply_to_text(&mut peer, b"x\r\n").await.starts_with("250 "));
    // A refused one counts too.
    assert!(reply_to_text(&mut peer, b"x\ny\r\n").await.starts_with("550 "));
    assert_eq!(peer.code("NOOP\r\n").await, 250);
    assert!(peer.ask("MAIL FROM:<>\r\n").await.starts_with("421 4.3.2 enough messages"));
    assert_eq!(peer.rest().await, "");
}

/// What is said to a peer that sends `begun`, and then for 40 minutes `line` every minute.
async fn said_to_one_that_trickles(limits: Limits, begun: &str, line: &str) -> String {
    let (mut from, mut to) = tokio::io::split(over_duplex(1024, limits, Arc::new(Kept::default())));
    let said = tokio::spawn(async move {
        let mut said = String::new();
        from.read_to_string(&mut said).await.unwrap();
        said
    });
    to.write_all(begun.as_bytes()).await.unwrap();
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_secs(60)).await;
        to.write_all(line.as_bytes()).await.ok();
    }
    to.shutdown().await.ok();
    said.await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_trickles_lines_is_told_and_left() {
    let begun = format!("EHLO test\r\n{ADDRESSED}");
    let (slow, old) =
        ("421 4.4.2 the message took too long\r\n", "421 4.3.2 this connection lasted too long\r\n");
    let said = said_to_one_that_trickles(Limits::default(), &begun, "x\r\n").await;
    assert!(said.ends_with(slow), "{said}");
    for (begun, line) in [("", "NOOP\r\n"), (&begun, &format!("x\r\n.\r\n{ADDRESSED}"))] {
        let said = said_to_one_that_trickles(Limits::default(), begun, line).await;
        assert!(said.ends_with(old), "{said}");
        let said = said_to_one_that_trickles(Limits::of_loopback(), begun, line).await;
        assert!(!said.contains("421"), "{said}");
    }
}

const TOLD: &str = "421 4.4.2 nothing came for too long\r\n";

#[tokio::test(start_paused = true)]
async fn a_peer_that_sends_no_line_for_too_long_is_told_and_left() {
    for begun in
        ["", "EHLO te", "EHLO test\r\nMAIL FROM:<>\r\nRCPT TO:<ada@example.com>\r\nDATA\r\nhalf a li"]
    {
        let mut peer = over_duplex(1024, Limits::default(), Arc::new(Kept::default()));
        peer.write_all(begun.as_bytes()).await.unwrap();
        let mut said = String::new();
        peer.read_to_string(&mut said).await.unwrap();
        assert!(said.ends_with(TOLD), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn octets_that_make_no_line_do_not_keep_a_connection_and_lines_do() {
    for (octets, is_kept) in [("N", false), ("NOOP\r\n", true)] {
        let peer = over_duplex(1024, Limits::of_loopback(), Arc::new(Kept::default()));
        let (mut from, mut to) = tokio::io::split(peer);
        let said = tokio::spawn(async move {
            let mut said = String::new();
            from.read_to_string(&mut said).await.unwrap();
            said
        });
        for _ in 0..20 {
            tokio::time::advance(Duration::from_secs(60)).await;
            to.write_all(octets.as_bytes()).await.ok();
        }
        to.shutdown().await.ok();
        assert_eq!(said.await.unwrap().ends_with(TOLD), !is_kept);
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_left_in_the_end() {
    let mut peer = over_duplex(64, Limits::of_loopback(), Arc::new(Kept::default()));
    while peer.write_all(b"NOOP\r\n").await.is_ok() {}
}

#[tokio::test]
async fn connections_over_the_limit_are_turned_away_and_let_in_when_there_is_room() {
    let server = limited(Limits { connections_from_one_address: 2, ..Limits::default() }).await;
    let first = Peer::greet(&server).await;
    let mut second = Peer::greet(&server).await;
    let told = Peer::connect(&server).await.rest().await;
    assert_eq!(told, "421 4.7.0 too many connections from your address\r\n");
    drop(first);
    // its place is free as soon as its task has seen the end
    loop {
        let greeting = Peer::connect(&server).await.reply().await;
        if greeting.starts_with("220 ") {
            break;
        }
        assert!(greeting.starts_with("421 "), "{greeting}");
    }
    assert_eq!(second.code("NOOP\r\n").await, 250);
    drop(second);
    server.stop().await;

    let server = limited(Limits { connections: 1, ..Limits::default() }).await;
    let _only = Peer::greet(&server).await;
    assert!(Peer::connect(&server).await.rest().await.starts_with("421 4.3.2"));
}
