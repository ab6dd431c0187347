//! Peers at one end of the lane.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;

const REQUEST: &str = "GET /a HTTP/1.1\r\nhost: here\r\n\r\n";

/// Has `/a`, for everybody who asks the host `here`.
fn find() -> Find {
    Arc::new(|asked| {
        let is_there = asked.path == "/a" && asked.host == "here";
        let status = if asked.has == Some("\"a\"") { "304 Not Modified" } else { "200 OK" };
        is_there.then(|| Prepared {
            head: format!("HTTP/1.1 {status}\r\ncontent-length: 4\r\n").into(),
            body: if asked.has.is_some() { Bytes::new() } else { Bytes::from_static(b"body") },
        })
    })
}

fn clock() -> Clock {
    Clock::manual("2026-11-21T14:05:00Z".parse().unwrap())
}

/// The lane at one end of a connection that holds so many bytes.
fn lane(bytes: usize) -> (DuplexStream, tokio::task::JoinHandle<io::Result<End>>, CancellationToken) {
    let (peer, mut stream) = duplex(bytes);
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let running = tokio::spawn(async move { run(&mut stream, &find(), &clock(), &stopped).await });
    (peer, running, stop)
}

fn answer() -> String {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\ndate: Sat, 21 Nov 2026 14:05:00 GMT\r\n\r\n";
    format!("{head}body")
}

async fn read(peer: &mut DuplexStream, length: usize) -> String {
    let mut said = vec![0; length];
    peer.read_exact(&mut said).await.unwrap();
    String::from_utf8(said).unwrap()
}

#[tokio::test]
async fn what_is_ready_is_answered_one_after_the_other() {
    let (mut peer, running, _) = lane(4096);
    for _ in 0..3 {
        peer.write_all(REQUEST.as_bytes()).await.unwrap();
        assert_eq!(read(&mut peer, answer().len()).await, answer());
    }
    // several at once, and the last of them in two parts
    let many = REQUEST.repeat(3);
    peer.write_all(&many.as_bytes()[..many.len() - 5]).await.unwrap();
    assert_eq!(read(&mut peer, 2 * answer().len()).await, answer().repeat(2));
    peer.write_all(&many.as_bytes()[many.len() - 5..]).await.unwrap();
    assert_eq!(read(&mut peer, answer().len()).await, answer());
    drop(peer);
    assert!(matches!(running.await.unwrap(), Ok(End::Closed)));
}

#[tokio::test]
async fn a_request_for_the_head_gets_no_body_and_one_who_has_it_neither() {
    let (mut peer, _running, _) = lane(4096);
    peer.write_all(REQUEST.replace("GET", "HEAD").as_bytes()).await.unwrap();
    let head = answer().len() - 4;
    assert_eq!(read(&mut peer, head).await, answer()[..head]);
    let has = REQUEST.replace("\r\n\r\n", "\r\nIf-None-Match: \"a\"\r\n\r\n");
    peer.write_all(has.as_bytes()).await.unwrap();
    peer.write_all(REQUEST.as_bytes()).await.unwrap();
    let known = answer().replace("200 OK", "304 Not Modified").replace("body", "");
    assert_eq!(read(&mut peer, known.len()).await, known);
    assert_eq!(read(&mut peer, answer().len()).await, answer());
}

#[tokio::test]
async fn whatever_is_not_plain_goes_on_elsewhere_with_every_byte() {
    let with = |line: &str| REQUEST.replace("\r\n\r\n", &format!("\r\n{line}\r\n\r\n"));
    let long = with(&format!("x: {}", "a".repeat(MAX_HEAD_BYTES)));
    for other in [
        "GET /b HTTP/1.1\r\nhost: here\r\n\r\n".to_owned(),
        "GET /a?x HTTP/1.1\r\nhost: here\r\n\r\n".to_owned(),
        "GET /a HTTP/1.1\r\nhost: there\r\n\r\n".to_owned(),
        "GET http://here/a HTTP/1.1\r\nhost: here\r\n\r\n".to_owned(),
        "GET /a HTTP/1.1\r\n\r\n".to_owned(),
        "GET /a HTTP/1.0\r\nhost: here\r\n\r\n".to_owned(),
        "POST /a HTTP/1.1\r\nhost: here\r\ncontent-length: 3\r\n\r\nabc".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "GET /a HTTP/1.1\r\nhost : here\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}".to_owned(),
        with("host: here"),
        with("content-length: 0"),
        with("transfer-encoding: chunked"),
        with("connection: close"),
        with("connection: keep-alive, upgrade"),
        with("upgrade: h2c"),
        with("expect: 100-continue"),
        with("content-type: application/grpc"),
        with("if-none-match: \"a\"\r\nif-none-match: \"b\""),
        long,
    ] {
        let (mut peer, running, _) = lane(2 * MAX_HEAD_BYTES);
        // behind one that is answered
        peer.write_all(REQUEST.as_bytes()).await.unwrap();
        peer.write_all(other.as_bytes()).await.unwrap();
        assert_eq!(read(&mut peer, answer().len()).await, answer());
        match running.await.unwrap().unwrap() {
            End::GoesOn(bytes) => {
                assert!(other.as_bytes().starts_with(&bytes) && !bytes.is_empty(), "{other}")
            }
            End::Closed => panic!("{other}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_does_not_come_to_its_end_and_a_silent_peer_are_let_go() {
    for (said, until) in [("", HEADERS), ("GET /a HT", HEADERS), (REQUEST, IDLE)] {
        let (mut peer, running, _) = lane(4096);
        let began = Instant::now();
        peer.write_all(said.as_bytes()).await.unwrap();
        assert!(matches!(running.await.unwrap(), Ok(End::Closed)), "{said}");
        assert_eq!(began.elapsed().as_secs(), until.as_secs(), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_who_says_a_byte_now_and_then_is_let_go() {
    let (mut peer, running, _) = lane(4096);
    let began = Instant::now();
    for byte in REQUEST.as_bytes() {
        if peer.write_all(&[*byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(4)).await;
    }
    assert!(matches!(running.await.unwrap(), Ok(End::Closed)));
    assert!(began.elapsed() < 2 * HEADERS);
}

#[tokio::test]
async fn a_silent_connection_ends_with_the_process() {
    let (mut peer, running, stop) = lane(4096);
    peer.write_all(REQUEST.as_bytes()).await.unwrap();
    read(&mut peer, answer().len()).await;
    stop.cancel();
    assert!(matches!(running.await.unwrap(), Ok(End::Closed)));
}
