//! What of a call's headers goes on, and what ends at the door.

use std::time::Duration;

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, COOKIE, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION,
        TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
    },
};

/// About the connection, not about the call (RFC 9110, section 7.6.1, and those that older peers still send).
const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// How long the body is, if the caller says so.
pub(super) fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Leaves what the service shall see, with the time it has.
pub(super) fn clean_request(headers: &mut HeaderMap, remaining: Duration) {
    drop_hop_by_hop(headers);
    for name in [CONTENT_LENGTH, HOST, COOKIE, ACCEPT_ENCODING] {
        headers.remove(name);
    }
    headers.insert(TE, HeaderValue::from_static("trailers"));
    let micros = remaining.as_micros();
    if let Ok(value) = HeaderValue::try_from(format!("{micros}u")) {
        headers.insert("grpc-timeout", value);
    }
}

/// Leaves what the caller shall see. The length goes too: gRPC-web appends the trailers to the body.
pub(super) fn clean_answer(headers: &mut HeaderMap) {
    drop_hop_by_hop(headers);
    headers.remove(CONTENT_LENGTH);
}

fn drop_hop_by_hop(headers: &mut HeaderMap) {
    let named = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|names| names.split(','))
        .filter_map(|name| name.trim().parse::<HeaderName>().ok())
        .collect::<Vec<_>>();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_the_connection_ends_at_the_door() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("cookie", "a=b"),
            ("host", "status.example.com"),
            ("content-length", "5"),
            ("te", "gzip"),
            ("authorization", "Bearer x"),
            ("x-request", "kept"),
            ("grpc-timeout", "1H"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        clean_request(&mut headers, Duration::from_millis(980));
        let mut left =
            headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect::<Vec<_>>();
        left.sort_unstable();
        assert_eq!(
            left,
            [
                ("authorization", "Bearer x"),
                ("grpc-timeout", "980000u"),
                ("te", "trailers"),
                ("x-request", "kept"),
            ]
        );
    }
}
