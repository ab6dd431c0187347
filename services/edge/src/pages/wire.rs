//! Answers as they go over a connection of HTTP/1.1.

use axum::{body::Bytes, response::Response};
use http::StatusCode;

/// The status line and the headers, with the length of the body (RFC 9112, sections 4 and 5).
pub(super) fn head(head: &Response<()>, length: usize) -> Bytes {
    let status = head.status();
    let reason = status.canonical_reason().unwrap_or_default();
    let mut wire = format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).into_bytes();
    for (name, value) in head.headers() {
        wire.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    // a 304 says nothing of what it would have been, or it would have to be right (RFC 9110, section 8.6)
    if status != StatusCode::NOT_MODIFIED {
        wire.extend_from_slice(format!("content-length: {length}\r\n").as_bytes());
    }
    wire.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_how_long_its_body_is_but_for_what_was_not_modified() {
        let answer = |status| Response::builder().status(status).header("etag", "\"a\"").body(()).unwrap();
        let whole = "HTTP/1.1 200 OK\r\netag: \"a\"\r\ncontent-length: 7\r\n";
        assert_eq!(head(&answer(StatusCode::OK), 7), whole);
        let none = "HTTP/1.1 304 Not Modified\r\netag: \"a\"\r\n";
        assert_eq!(head(&answer(StatusCode::NOT_MODIFIED), 0), none);
    }
}
