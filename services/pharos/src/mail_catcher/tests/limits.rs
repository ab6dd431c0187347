//! What is too long, too large, too many.
use super::{Peer, Server, store};
use crate::mail_catcher::{MAX_MESSAGE_OCTETS, MAX_RECIPIENTS};

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
    let server = Server::catching(&store(10)).await;
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
    let store = store(10);
    let server = Server::catching(&store).await;
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
    assert_eq!(store.count(), 3);
}

#[tokio::test]
async fn a_message_of_more_than_10_mib_is_refused_and_the_next_one_taken() {
    let store = store(10);
    let server = Server::catching(&store).await;
    let mut peer = Peer::greet(&server).await;
    let line = [b'x'; 62].iter().chain(b"\r\n").copied().collect::<Vec<_>>();
    let largest = line.repeat(MAX_MESSAGE_OCTETS / line.len());

    assert!(reply_to_text(&mut peer, &largest).await.starts_with("250 "));
    assert!(reply_to_text(&mut peer, &[&largest[..], b"\r\n"].concat()).await.starts_with("552 5.3.4"));
    assert!(reply_to_text(&mut peer, b"Subject: small\r\n\r\n").await.starts_with("250 "));
    assert_eq!(store.find(1).unwrap().raw.len(), MAX_MESSAGE_OCTETS);
    assert_eq!(store.count(), 2);
}

#[tokio::test]
async fn a_size_announced_over_the_limit_is_refused_at_once() {
    let server = Server::catching(&store(10)).await;
    let mut peer = Peer::greet(&server).await;

    assert_eq!(peer.code(format!("MAIL FROM:<a@b.example> SIZE={}\r\n", MAX_MESSAGE_OCTETS + 1)).await, 552);
    assert_eq!(peer.code(format!("MAIL FROM:<a@b.example> SIZE={MAX_MESSAGE_OCTETS}\r\n")).await, 250);
}

#[tokio::test]
async fn the_recipient_after_the_hundredth_is_deferred() {
    let server = Server::catching(&store(10)).await;
    let mut peer = Peer::greet(&server).await;
    peer.ask("MAIL FROM:<a@b.example>\r\n").await;

    for recipient in 0..MAX_RECIPIENTS {
        assert_eq!(peer.code(format!("RCPT TO:<{recipient}@example.com>\r\n")).await, 250);
    }
    assert_eq!(peer.code("RCPT TO:<more@example.com>\r\n").await, 452);
    assert_eq!(peer.code("DATA\r\n").await, 354);
}

#[tokio::test]
async fn a_local_part_of_more_than_64_octets_is_refused() {
    let server = Server::catching(&store(10)).await;
    let mut peer = Peer::greet(&server).await;

    assert_eq!(peer.code(format!("MAIL FROM:<{}@b.example>\r\n", "x".repeat(65))).await, 501);
    assert_eq!(peer.code(format!("MAIL FROM:<{}@b.example>\r\n", "x".repeat(64))).await, 250);
}
