//! Requests that two readers could read in two ways. Each is refused and its connection closed, or has one answer: what
//! hides in one is never answered.

use std::{io::ErrorKind, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{given, web, world::World};

/// What follows everything on its connection. No page has this name, so it is told from the others by its status.
const NEXT: &str = "GET /c HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
/// What nobody could read in two ways.
const PLAIN: &str = "GET /p/demo HTTP/1.1\r\nhost: localhost\r\n\r\n";
/// What hides.
const HIDDEN: &str = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
/// Everything is over by then, or the test has failed.
const LONGEST: Duration = Duration::from_secs(60);

/// Sends it on a connection of its own and reads until the edge closes it.
async fn said(world: &World, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let (mut from, mut to) = stream.split();
    let sending = async {
        // it may be refused before all of it is there
        let _refused = to.write_all(sent).await;
    };
    let receiving = async {
        let (mut said, mut lot) = (Vec::new(), vec![0; 64 * 1024]);
        loop {
            match from.read(&mut lot).await {
                Ok(0) => break,
                Ok(count) => said.extend_from_slice(&lot[..count]),
                // who closes while something comes in resets
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
                Err(error) => panic!("{error}"),
            }
        }
        String::from_utf8_lossy(&said).into_owned()
    };
    let (said, ()) = tokio::time::timeout(LONGEST, async { tokio::join!(receiving, sending) })
        .await
        .expect("the connection ends");
    said
}

/// The statuses of all answers.
fn statuses(said: &str) -> Vec<u16> {
    let heads = said.split("HTTP/1.").skip(1);
    heads.map(|head| head.get(2..5).and_then(|status| status.parse().ok()).unwrap()).collect()
}

/// That each of these has these answers, with another request behind it: its 404 is there if the connection stayed. So it
/// is on a connection that was used for something plain before, and when what is asked for is ready.
async fn assert_answered(cases: &[(&str, String, &[u16])]) {
    let world = World::showing(given::page("en")).await;
    // it is ready from now on
    web::get(&world, "/p/demo").await;
    let mut wrong = Vec::new();
    for (name, request, expected) in cases {
        for request in [request.clone(), request.replace("GET /readyz", "GET /p/demo")] {
            for (before, answered) in [("", [].as_slice()), (PLAIN, &[200])] {
                let said = said(&world, format!("{before}{request}{NEXT}").as_bytes()).await;
                let expected = [answered, expected].concat();
                if statuses(&said) != expected {
                    let statuses = statuses(&said);
                    wrong.push(format!("{name}: {statuses:?}, not {expected:?}: {before}{request}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A `GET` of a probe with these further lines, and this behind them.
fn get(lines: &str, behind: &str) -> String {
    format!("GET /readyz HTTP/1.1\r\nhost: localhost\r\n{lines}\r\n{behind}")
}

#[tokio::test]
async fn a_length_is_one_length() {
    let chunked = "transfer-encoding: chunked\r\n";
    let length = HIDDEN.len();
    assert_answered(&[
        ("neither", get("", ""), &[200, 404]),
        ("a length", get("content-length: 5\r\n", "12345"), &[200, 404]),
        (
            "a length, over what looks like a request",
            get(&format!("content-length: {length}\r\n"), HIDDEN),
            &[200, 404],
        ),
        ("a length of none, and a request", get("content-length: 0\r\n", HIDDEN), &[200, 200, 404]),
        ("chunks", get(chunked, "5\r\n12345\r\n0\r\n\r\n"), &[200, 404]),
        ("chunks that end, and a request", get(chunked, &format!("0\r\n\r\n{HIDDEN}")), &[200, 200, 404]),
        // the chunks count, and the connection is not used again (RFC 9112, section 6.1)
        (
            "a length and chunks",
            get(&format!("content-length: {}\r\n{chunked}", length + 5), &format!("0\r\n\r\n{HIDDEN}")),
            &[200],
        ),
        (
            "chunks and a length",
            get(&format!("{chunked}content-length: {}\r\n", length + 5), &format!("0\r\n\r\n{HIDDEN}")),
            &[200],
        ),
        ("chunks and no length", get(&format!("{chunked}content-length: x\r\n"), "0\r\n\r\n"), &[200]),
        ("the same length twice", get("content-length: 5\r\ncontent-length: 5\r\n", "12345"), &[200, 404]),
        ("two lengths", get("content-length: 5\r\ncontent-length: 0\r\n", "12345"), &[400]),
        ("two lengths in one", get("content-length: 5, 0\r\n", "12345"), &[400]),
        ("a length with a sign", get("content-length: +5\r\n", "12345"), &[400]),
        ("a length below none", get("content-length: -5\r\n", "12345"), &[400]),
        ("a length in base 16", get("content-length: 0x5\r\n", "12345"), &[400]),
        ("a length beyond numbers", get("content-length: 18446744073709551616\r\n", ""), &[400]),
        ("no length", get("content-length: \r\n", ""), &[400]),
        ("chunks and something after", get("transfer-encoding: chunked, identity\r\n", "0\r\n\r\n"), &[400]),
        ("something like chunks", get("transfer-encoding: xchunked\r\n", "0\r\n\r\n"), &[400]),
        ("no coding", get("transfer-encoding: identity\r\n", ""), &[400]),
        (
            "chunks, and then not",
            get(&format!("{chunked}transfer-encoding: identity\r\n"), "0\r\n\r\n"),
            &[400],
        ),
        (
            "chunks before there were chunks",
            format!("GET /readyz HTTP/1.0\r\nhost: localhost\r\n{chunked}\r\n0\r\n\r\n"),
            &[400],
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_chunk_is_as_long_as_it_says() {
    let chunked = |chunks: &str| get("transfer-encoding: chunked\r\n", chunks);
    let end = format!("0\r\n\r\n{HIDDEN}");
    // the answer does not need the body, and is there before it turns out to be none: nothing comes after it
    assert_answered(&[
        ("a sign", chunked(&format!("+5\r\n12345\r\n{end}")), &[200]),
        ("a minus", chunked(&format!("-5\r\n12345\r\n{end}")), &[200]),
        ("base 16 said", chunked(&format!("0x5\r\n12345\r\n{end}")), &[200]),
        ("beyond numbers", chunked(&format!("10000000000000005\r\n12345\r\n{end}")), &[200]),
        ("no size", chunked(&format!("\r\n12345\r\n{end}")), &[200]),
        ("longer than it says", chunked(&format!("4\r\n12345\r\n{end}")), &[200]),
        ("a bare line feed behind the size", chunked(&format!("5\n12345\r\n{end}")), &[200]),
        ("a bare line feed behind an extension", chunked(&format!("5;a\n12345\r\n{end}")), &[200]),
        ("an extension", chunked("5;name=value\r\n12345\r\n0\r\n\r\n"), &[200, 404]),
        ("zeroes before", chunked("00005\r\n12345\r\n0\r\n\r\n"), &[200, 404]),
        ("trailers", chunked("0\r\ncontent-length: 100\r\n\r\n"), &[200, 404]),
    ])
    .await;
}

#[tokio::test]
async fn a_header_is_one_line() {
    assert_answered(&[
        ("a line that goes on", get("x: a\r\n b\r\n", ""), &[400]),
        ("a line that goes on first", get(" x: a\r\n", ""), &[400]),
        ("a space before the colon", get("transfer-encoding : chunked\r\n", "0\r\n\r\n"), &[400]),
        ("no colon", get("x\r\n", ""), &[400]),
        ("no name", get(": a\r\n", ""), &[400]),
        ("a pseudo header", get(":authority: localhost\r\n", ""), &[400]),
        ("a name with a space", get("x y: a\r\n", ""), &[400]),
        ("a name with brackets", get("x(y): a\r\n", ""), &[400]),
        ("a name beyond ASCII", get("x\u{e9}: a\r\n", ""), &[400]),
        ("a NUL in a value", get("x: a\0b\r\n", ""), &[400]),
        ("a carriage return in a value", get("x: a\rb\r\n", ""), &[400]),
        ("bytes beyond ASCII in a value", get("x: \u{e9}\r\n", ""), &[200, 404]),
        // each line feed ends a line (RFC 9112, section 2.2), so what seems to be a value's second line is a header
        ("bare line feeds", get("", "").replace("\r\n", "\n"), &[200, 404]),
        ("a bare line feed in a value", get("x: a\ncontent-length: 5\r\n", "12345"), &[200, 404]),
        ("200 headers", get(&"x: a\r\n".repeat(200), ""), &[431]),
        ("98 headers and a host", get(&"x: a\r\n".repeat(98), ""), &[200, 404]),
        ("more than 16 KiB of headers", get(&format!("x: {}\r\n", "a".repeat(20_000)), ""), &[431]),
        ("more than 8 KiB of headers", get(&format!("x: {}\r\n", "a".repeat(9_000)), ""), &[431, 404]),
    ])
    .await;
}

#[tokio::test]
async fn a_request_is_for_one_host() {
    let to = |target: &str, hosts: &str| format!("GET {target} HTTP/1.1\r\n{hosts}\r\n");
    assert_answered(&[
        ("none", to("/readyz", ""), &[400]),
        ("none, but in the target", to("http://localhost/readyz", ""), &[400]),
        ("two", to("/readyz", "host: localhost\r\nhost: other.example\r\n"), &[400]),
        ("the same twice", to("/readyz", "host: localhost\r\nhost: localhost\r\n"), &[400]),
        ("none of ours", to("/p/demo", "host: other.example\r\n"), &[421, 404]),
        // the target has its way (RFC 9112, section 3.2.2)
        (
            "ours, in a target for another",
            to("http://other.example/p/demo", "host: localhost\r\n"),
            &[421, 404],
        ),
        (
            "another, in a target for us",
            to("http://localhost/p/demo", "host: other.example\r\n"),
            &[200, 404],
        ),
        ("something after it", to("/p/demo", "host: localhost/p/other\r\n"), &[421, 404]),
        ("somebody before it", to("/p/demo", "host: localhost@other.example\r\n"), &[421, 404]),
        ("beyond ASCII", to("/p/demo", "host: lo\u{e9}\r\n"), &[400, 404]),
    ])
    .await;
}

#[tokio::test]
async fn a_request_line_is_what_it_is() {
    let line = |line: &str| format!("{line}\r\nhost: localhost\r\n\r\n");
    let long = |bytes: usize| format!("GET /p/{} HTTP/1.1", "a".repeat(bytes));
    assert_answered(&[
        ("HTTP/0.9", "GET /readyz\r\n".to_owned(), &[400]),
        ("HTTP/1.0 closes", line("GET /readyz HTTP/1.0"), &[200]),
        ("HTTP/1.0 stays if asked", line("GET /readyz HTTP/1.0\r\nconnection: keep-alive"), &[200, 404]),
        ("HTTP/1.2", line("GET /readyz HTTP/1.2"), &[400]),
        ("HTTP/2 without its preface", line("GET /readyz HTTP/2.0"), &[400]),
        ("a preface that goes wrong", line("PRI * HTTP/2.0\r\n\r\nSM"), &[400]),
        ("two spaces", line("GET  /readyz HTTP/1.1"), &[400]),
        ("a space in the target", line("GET /readyz x HTTP/1.1"), &[400]),
        ("a tab", line("GET\t/readyz HTTP/1.1"), &[400]),
        ("a method that is none", line("G(T /readyz HTTP/1.1"), &[400]),
        ("a method that nobody knows", line("SMUGGLE /readyz HTTP/1.1"), &[404, 404]),
        ("a tunnel", line("CONNECT localhost:80 HTTP/1.1"), &[400]),
        (
            "a tunnel that says it is a call",
            line("CONNECT localhost:80 HTTP/1.1\r\ncontent-type: application/grpc"),
            &[400],
        ),
        ("a relative target, which reads as a host", line("GET readyz HTTP/1.1"), &[421, 404]),
        ("dots", line("GET /static/../readyz HTTP/1.1"), &[404, 404]),
        ("dots in code", line("GET /static/%2e%2e/readyz HTTP/1.1"), &[404, 404]),
        ("a long target", line(&long(10_000)), &[404, 404]),
        ("a target of more than 16 KiB", line(&long(20_000)), &[431]),
    ])
    .await;
}

#[tokio::test]
async fn nothing_becomes_another_protocol_or_two_answers() {
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let upgrade =
        "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n";
    let form = "POST /p/demo/subscribe HTTP/1.1\r\nhost: localhost\r\n\
                content-type: application/x-www-form-urlencoded\r\n";
    assert_answered(&[
        ("an upgrade", get(upgrade, ""), &[200, 404]),
        ("an upgrade, taken for granted", get(upgrade, preface), &[200]),
        ("a socket", get("connection: upgrade\r\nupgrade: websocket\r\n", ""), &[200, 404]),
        (
            "something promised that nobody waits for",
            get("expect: 100-continue\r\ncontent-length: 3\r\n", "abc"),
            &[200, 404],
        ),
        (
            "a form promised",
            format!("{form}expect: 100-continue\r\ncontent-length: 3\r\n\r\na=b"),
            &[100, 422, 404],
        ),
        ("something else expected", get("expect: tea\r\n", ""), &[200, 404]),
        ("two at once", get("", HIDDEN), &[200, 200, 404]),
        ("lines between requests", format!("\r\n{}\r\n\r\n", get("", "")), &[200, 404]),
    ])
    .await;
}
