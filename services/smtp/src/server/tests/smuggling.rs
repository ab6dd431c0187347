//! Messages that one server ends where another does not: SMTP smuggling, as published in December 2023.
use super::{Arc, Kept, Peer, Server};

/// Ways to write an end of data that are none, with a second message behind them.
const FALSE_ENDS: [&str; 16] = [
    "\n.\n",
    "\n.\r\n",
    "\r\n.\n",
    "\r.\r",
    "\r\n.\r",
    "\r.\r\n",
    "\n.\r",
    "\r.\n",
    "\r\n\0.\r\n",
    "\r\n.\0\r\n",
    "\r\n.\r\r\n",
    "\r\r\n.\r\r\n",
    "\r\n .\r\n",
    "\r\n. \r\n",
    "\n\r.\n\r",
    "\r\n..\r\n",
];
const SECOND: &str = "MAIL FROM:<admin@victim.example>\r\nRCPT TO:<ada@example.com>\r\nDATA\r\nsmuggled\r\n";

#[tokio::test]
async fn a_second_message_is_never_found_inside_the_first() {
    for end in FALSE_ENDS {
        let kept = Arc::<Kept>::default();
        let server = Server::keeping(&kept).await;
        let mut peer = Peer::greet(&server).await;
        let text = format!("Subject: first\r\n\r\ninnocent{end}{SECOND}.\r\n");
        peer.say(format!("MAIL FROM:<a@b.example>\r\nRCPT TO:<ada@example.com>\r\nDATA\r\n{text}QUIT\r\n"))
            .await;
        let said = peer.rest().await;
        let codes: Vec<&str> = said.lines().map(|line| &line[..3]).collect();
        let is_bare = end.replace("\r\n", "").contains(['\r', '\n']);
        assert_eq!(
            codes,
            ["250", "250", "354", if is_bare { "550" } else { "250" }, "221"],
            "{end:?}: {said}"
        );
        assert_eq!(kept.count(), usize::from(!is_bare), "{end:?}");
        if !is_bare {
            let data = kept.find(1).data;
            assert_eq!(
                data,
                text.replace("\r\n.", "\r\n").trim_end_matches("\r\n").to_owned() + "\r\n",
                "{end:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_cr_or_lf_of_its_own_is_refused_wherever_it_stands() {
    let kept = Arc::<Kept>::default();
    let server = Server::keeping(&kept).await;
    let mut peer = Peer::greet(&server).await;
    for text in [
        "\nA: b\r\n",
        "\rA: b\r\n",
        "A: b\r\r\n",
        "A: b\n\r\n",
        ".\n\r\n",
        "A\r: b\r\nA\r\n",
        "A: b\r\n\r\nc\nd\r\n",
    ] {
        peer.say("MAIL FROM:<a@b.example>\r\nRCPT TO:<ada@example.com>\r\nDATA\r\n").await;
        for code in ["250", "250", "354"] {
            assert!(peer.reply().await.starts_with(code));
        }
        let reply = peer.ask(format!("{text}.\r\n")).await;
        assert!(reply.starts_with("550 5.6.11 "), "{text:?}: {reply}");
    }
    assert_eq!(kept.count(), 0);
}

#[tokio::test]
async fn a_command_ends_with_cr_lf_too() {
    let server = Server::keeping(&Arc::default()).await;
    let mut peer = Peer::greet(&server).await;
    for command in ["NOOP\n", "NOOP\r\r\n", "NO\rOP\r\n", "NOOP \0\r\n"] {
        assert_eq!(peer.code(command).await, 500, "{command:?}");
    }
    assert_eq!(peer.code("NOOP\r\n").await, 250);
}
