//! The catcher, from the socket to the page.
mod inbox;

use std::sync::Arc;

use jiff::Timestamp;
use smtp::server::SmtpServer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

use super::{CatchAll, Store};

/// A store whose clock stands still.
fn store(capacity: usize) -> Arc<Store> {
    let now: Timestamp = "2026-03-01T12:34:56Z".parse().unwrap();
    Arc::new(Store::with_capacity(capacity, Arc::new(move || now)))
}

#[tokio::test]
async fn what_is_sent_to_whomever_is_kept_and_the_sender_told_its_number() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (store, stop) = (store(10), CancellationToken::new());
    let catch = Arc::new(CatchAll::new(Arc::clone(&store)));
    let serving = tokio::spawn(SmtpServer::on_loopback().serve(listener, catch, stop.clone()));

    let mut peer = TcpStream::connect(address).await.unwrap();
    let mail = "MAIL FROM:<b@pharos.example>\r\nRCPT TO:<ada@example.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n\
        Subject: down\r\n\r\n..\r\n.\r\n";
    peer.write_all(format!("EHLO test\r\n{mail}{mail}QUIT\r\n").as_bytes()).await.unwrap();
    let mut said = String::new();
    peer.read_to_string(&mut said).await.unwrap();
    stop.cancel();
    serving.await.unwrap();

    assert!(said.contains("250 2.6.0 kept as 1\r\n") && said.contains("250 2.6.0 kept as 2\r\n"), "{said}");
    assert_eq!(store.count(), 2);
    let kept = store.find(2).unwrap();
    assert_eq!(kept.envelope.sender, "b@pharos.example");
    assert_eq!(kept.envelope.recipients, ["ada@example.com", "bob@example.com"]);
    assert_eq!(kept.raw, "Subject: down\r\n\r\n.\r\n");
}
