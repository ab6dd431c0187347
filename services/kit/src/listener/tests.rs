//! Limits of a listener, over real connections.

use std::io;

use axum::{Extension, routing::get};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::Instant,
};

use super::{patient::PATIENCE, *};
use crate::lane::Prepared;

/// Longer than what systems keep for a peer that does not read.
const LONG_BYTES: usize = 32 * 1024 * 1024;

/// A connection to a server with something short, something long, and something that never comes.
async fn connected() -> (TcpStream, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/", get(|| async { "here" }))
        .route("/long", get(|| async { vec![0; LONG_BYTES] }))
        .route("/never", get(std::future::pending::<()>));
    let stop = CancellationToken::new();
    tokio::spawn(serve(listener, router, None, Side::Public, stop.clone()));
    (TcpStream::connect(address).await.unwrap(), stop)
}

async fn answer(request: &str) -> String {
    let (mut stream, stop) = connected().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    stop.cancel();
    said
}

/// How long a connection over HTTP/2 lasts whose peer asks for one thing, takes what fits its window of so many bytes,
/// and answers each ping. None if it lasts for an hour.
async fn lasts(path: &str, window: u32) -> Option<Duration> {
    let (mut stream, stop) = connected().await;
    let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0\0\0\0\0\0\x04".to_vec();
    sent.extend(window.to_be_bytes());
    // GET and http, by their numbers in HPACK's table; the host and the path, spelled
    let head = [b"\x82\x86\x41\x04here\x44", [path.len() as u8].as_slice(), path.as_bytes()].concat();
    sent.extend([0, 0, head.len() as u8, 1, 5, 0, 0, 0, 1]);
    sent.extend(head);
    stream.write_all(&sent).await.unwrap();
    let began = Instant::now();
    let to_the_end = async {
        let mut head = [0; 9];
        while stream.read_exact(&mut head).await.is_ok() {
            let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
            if stream.read_exact(&mut payload).await.is_err() {
                break;
            }
            if let [.., 6, 0, _, _, _, _] = head {
                let pong = [&[0, 0, 8, 6, 1, 0, 0, 0, 0], payload.as_slice()].concat();
                if stream.write_all(&pong).await.is_err() {
                    break;
                }
            }
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(60 * 60), to_the_end).await;
    stop.cancel();
    ended.ok().map(|()| began.elapsed())
}

#[tokio::test]
async fn headers_of_eight_kibibytes_are_taken_and_one_byte_more_is_not() {
    // `host` and `connection` with their values, and the name of the long one
    let others = "hosthereconnectionclosex".len();
    for (bytes, status) in [(MAX_HEADER_BYTES, "200"), (MAX_HEADER_BYTES + 1, "431")] {
        let long = "a".repeat(bytes - others);
        let request = format!("GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\nx: {long}\r\n\r\n");
        let said = answer(&request).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status}")), "{bytes}: {said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_says_nothing_or_half_a_preface_is_let_go() {
    assert_eq!(answer("").await, "");
    assert_eq!(answer("PRI * HTTP").await, "");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_asks_nothing_more_is_let_go() {
    let said = answer("GET / HTTP/1.1\r\nhost: here\r\n\r\n").await;
    assert!(said.starts_with("HTTP/1.1 200") && said.ends_with("here"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_its_answer_is_let_go() {
    let (mut stream, _stop) = connected().await;
    stream.write_all(b"GET /long HTTP/1.1\r\nhost: here\r\n\r\n").await.unwrap();
    tokio::time::sleep(PATIENCE + Duration::from_secs(1)).await;
    let mut said = Vec::new();
    // whether it was reset or ended
    let _ended = stream.read_to_end(&mut said).await;
    assert!(said.len() < LONG_BYTES, "all of it was sent");
}

#[tokio::test(start_paused = true)]
async fn a_peer_over_http_2_that_takes_nothing_is_let_go_though_it_answers_pings() {
    for path in ["/", "/long"] {
        let lasted = lasts(path, 0).await.expect("it ends");
        assert!(lasted >= PATIENCE && lasted <= PATIENCE + 2 * DRAIN, "{path}: {lasted:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_over_http_2_that_waits_for_its_answer_stays_and_one_that_asks_nothing_more_does_not() {
    assert_eq!(lasts("/never", 65_535).await, None);
    let lasted = lasts("/", 65_535).await.expect("it ends");
    assert!(lasted >= IDLE && lasted <= IDLE + 2 * DRAIN, "{lasted:?}");
}

#[test]
fn one_machine_has_a_quarter_of_the_public_connections_and_a_proxy_of_ours_and_other_services_have_all() {
    let taken = |side: Side, address: &str, count: usize| {
        let (shares, address) = (side.shares(), address.parse().unwrap());
        let taken = (0..count).map_while(|_| shares.take(Some(address))).collect::<Vec<_>>();
        (taken.len(), shares.take(Some("203.0.113.2".parse().unwrap())).is_some())
    };
    let (all, internal) = (MAX_PUBLIC_CONNECTIONS, MAX_INTERNAL_CONNECTIONS);
    for (side, address, count, most) in [
        (Side::Public, "203.0.113.1", all, all / 4),
        (Side::Public, "2001:db8::1", all, all / 4),
        (Side::Public, "::ffff:203.0.113.1", all, all / 4),
        (Side::Public, "10.0.0.1", all, all),
        (Side::Public, "127.0.0.1", all, all),
        (Side::Public, "fe80::1", all, all),
        (Side::Internal, "203.0.113.1", internal, internal),
    ] {
        assert_eq!(taken(side, address, count), (most, true), "{side:?} {address}");
    }
}

/// What a plain peer asks, and hears.
const ASKED: &str = "GET /ready HTTP/1.1\r\nhost: here\r\n\r\n";
const HEARD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ndate: Sat, 21 Nov 2026 14:05:00 GMT\r\n\r\nok";

#[tokio::test]
async fn what_is_ready_is_answered_though_everything_else_is_at_work_and_the_connection_goes_on_with_that() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let peer = |Extension(PeerAddress(peer)): Extension<PeerAddress>| async move { peer.to_string() };
    let short_way = ShortWay {
        find: Arc::new(|asked| {
            let head = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n".into();
            (asked.path == "/ready").then(|| Prepared { head, body: "ok".into() })
        }),
        ready: Arc::new(|_| None),
        clock: Clock::manual("2026-11-21T14:05:00Z".parse().unwrap()),
    };
    let (router, stop) = (Router::new().route("/peer", get(peer)), CancellationToken::new());
    let short = Some((short_way, Lanes::start().unwrap()));
    let serving = tokio::spawn(serve(listener, router, short, Side::Public, stop.clone()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut heard = vec![0; HEARD.len()];
    stream.write_all(ASKED.as_bytes()).await.unwrap();
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&heard), HEARD);

    // in calls that hold this thread, which is the only one of the runtime
    let mut stream = stream.into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    io::Write::write_all(&mut stream, ASKED.as_bytes()).unwrap();
    io::Read::read_exact(&mut stream, &mut heard).unwrap();
    assert_eq!(String::from_utf8_lossy(&heard), HEARD);

    stream.set_nonblocking(true).unwrap();
    let mut stream = TcpStream::from_std(stream).unwrap();
    let others = b"GET /peer HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n";
    stream.write_all(others).await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 200 OK") && said.ends_with("127.0.0.1"), "{said}");
    stop.cancel();
    serving.await.unwrap();
}
