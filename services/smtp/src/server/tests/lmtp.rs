//! LMTP (RFC 2033): another greeting, and a reply to a message for each recipient.
use super::{Answer, Arc, Limits, Peer, Protocol, Reply, Scripted, Server, SmtpServer};

async fn lmtp(message: Answer) -> (Server, Arc<Scripted>) {
    let policy = Arc::new(Scripted {
        recipient: |envelope| match envelope.latest_recipient() {
            "gone@example.com" => Reply::say(550, "5.1.1 no such mailbox"),
            _ => Reply::say(250, "2.1.5 yes"),
        },
        message,
        ..Scripted::default()
    });
    let server = SmtpServer {
        name: "lmtp.example".to_owned(),
        protocol: Protocol::Lmtp,
        limits: Limits { message_octets: 20, ..Limits::default() },
    };
    (Server::start_as(server, Arc::clone(&policy)).await, policy)
}

const ADDRESSED: &str = "MAIL FROM:<>\r\nRCPT TO:<one@example.com>\r\nRCPT TO:<gone@example.com>\r\n\
    RCPT TO:<two@example.com>\r\nDATA\r\n";

async fn replies(peer: &mut Peer, sent: &str, count: usize) -> Vec<String> {
    peer.say(sent).await;
    let mut replies = Vec::new();
    for _ in 0..count {
        replies.push(peer.reply().await.trim_end().to_owned());
    }
    replies
}

async fn greeted(server: &Server) -> Peer {
    let mut peer = Peer::connect(server).await;
    assert!(peer.reply().await.starts_with("220 "));
    assert!(peer.ask("LHLO test\r\n").await.starts_with("250-lmtp.example\r\n250-PIPELINING\r\n"));
    peer
}

#[tokio::test]
async fn a_message_is_answered_once_for_each_recipient_that_was_accepted() {
    let each = vec![Reply::say(250, "2.1.5 one has it"), Reply::say(452, "4.2.2 two is full")];
    let (server, policy) = lmtp(Answer::Each(each)).await;
    let mut peer = greeted(&server).await;
    let said = replies(&mut peer, &format!("{ADDRESSED}text\r\n.\r\nNOOP\r\n"), 8).await;
    assert_eq!(said[2], "550 5.1.1 no such mailbox");
    assert!(said[4].starts_with("354 "));
    assert_eq!(said[5..], ["250 2.1.5 one has it", "452 4.2.2 two is full", "250 2.0.0 still here"]);
    let received = policy.received.lock().unwrap();
    assert_eq!(received[0].envelope.recipients, ["one@example.com", "two@example.com"]);
    assert_eq!(received[0].data, "text\r\n");
}

#[tokio::test]
async fn one_answer_is_said_for_each_recipient_and_too_few_are_made_up() {
    for (answer, second) in [
        (Reply::say(250, "2.1.5 yes").into(), "250 2.1.5 yes"),
        (Answer::Each(vec![Reply::say(250, "2.1.5 yes")]), "451 4.3.0 there is no answer for this recipient"),
        (Answer::Each(vec![Reply::say(250, "2.1.5 yes"); 3]), "250 2.1.5 yes"),
    ] {
        let (server, _) = lmtp(answer).await;
        let mut peer = greeted(&server).await;
        let said = replies(&mut peer, &format!("{ADDRESSED}.\r\nNOOP\r\n"), 8).await;
        assert_eq!(said[5..], ["250 2.1.5 yes", second, "250 2.0.0 still here"]);
    }
}

#[tokio::test]
async fn a_message_that_is_refused_for_all_is_refused_for_each() {
    let (server, policy) = lmtp(Reply::say(250, "2.1.5 yes").into()).await;
    let mut peer = greeted(&server).await;
    for (text, code) in [("123456789012345678901\r\n", "552 5.3.4"), ("a\nb\r\n", "550 5.6.11")] {
        let said = replies(&mut peer, &format!("{ADDRESSED}{text}.\r\n"), 7).await;
        assert!(said[5].starts_with(code) && said[5] == said[6], "{said:?}");
    }
    assert!(policy.received.lock().unwrap().is_empty());
}

#[tokio::test]
async fn lmtp_is_greeted_with_lhlo_and_has_503_for_a_message_to_nobody() {
    let (server, _) = lmtp(Reply::say(250, "2.1.5 yes").into()).await;
    let mut peer = Peer::connect(&server).await;
    peer.reply().await;
    assert_eq!(peer.code("EHLO test\r\n").await, 500);
    assert_eq!(peer.code("HELO test\r\n").await, 500);
    assert_eq!(peer.code("MAIL FROM:<>\r\n").await, 503);
    assert_eq!(peer.code("LHLO test\r\n").await, 250);
    assert_eq!(peer.code("MAIL FROM:<>\r\n").await, 250);
    assert_eq!(peer.code("RCPT TO:<gone@example.com>\r\n").await, 550);
    assert_eq!(peer.code("DATA\r\n").await, 503);
}
