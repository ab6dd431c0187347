//! What of a call's headers goes on, and what ends at the door.

use std::time::Duration;

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
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

const TIMEOUT: &str = "grpc-timeout";

/// The types of a call, as tonic-web spells them. It compares whole values, letter by letter.
const KINDS: [&str; 6] = [
    "application/grpc",
    "application/grpc+proto",
    "application/grpc-web",
    "application/grpc-web+proto",
    "application/grpc-web-text",
    "application/grpc-web-text+proto",
];

/// Whether it is a call of gRPC or gRPC-web, in any case and with any parameters.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let begins = |kind: &[u8]| {
        kind.get(..KINDS[0].len()).is_some_and(|kind| kind.eq_ignore_ascii_case(KINDS[0].as_bytes()))
    };
    headers.get(CONTENT_TYPE).is_some_and(|kind| begins(kind.as_bytes()))
}

/// Gives the types of a call the one spelling: case and parameters say nothing (RFC 9110, section 8.3.1). A
/// browser's call that does not ask for one of them is answered in its own type.
pub(super) fn spell_types(headers: &mut HeaderMap) {
    let Some(kind) = headers.get(CONTENT_TYPE).and_then(|kind| spelled(kind.to_str().ok()?)) else {
        return;
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if is_web(kind) {
        let accepted = headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|list| list.to_str().ok())
            .flat_map(|list| list.split(','))
            .filter_map(spelled)
            .find(|kind| is_web(kind));
        headers.insert(ACCEPT, HeaderValue::from_static(accepted.unwrap_or(kind)));
    }
}

fn spelled(kind: &str) -> Option<&'static str> {
    let essence = kind.split(';').next()?.trim();
    KINDS.into_iter().find(|kind| kind.eq_ignore_ascii_case(essence))
}

fn is_web(kind: &str) -> bool {
    kind.starts_with("application/grpc-web")
}

/// Leaves what the service shall see, with the time it has, if it is limited.
pub(super) fn clean_request(headers: &mut HeaderMap, remaining: Option<Duration>) {
    drop_hop_by_hop(headers);
    for name in [CONTENT_LENGTH, HOST, COOKIE, ACCEPT_ENCODING] {
        headers.remove(name);
    }
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.remove(TIMEOUT);
    if let Some(remaining) = remaining {
        give_time(headers, remaining);
    }
}

/// Says how long the caller of a call waits.
pub(super) fn give_time(headers: &mut HeaderMap, time: Duration) {
    if let Ok(value) = HeaderValue::try_from(in_digits(time)) {
        headers.insert(TIMEOUT, value);
    }
}

/// At most 8 digits and a unit (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>).
fn in_digits(time: Duration) -> String {
    const MOST: u128 = 99_999_999;
    match (time.as_micros(), time.as_millis(), time.as_secs()) {
        (micros @ ..=MOST, _, _) => format!("{micros}u"),
        (_, millis @ ..=MOST, _) => format!("{millis}m"),
        (_, _, seconds) => format!("{}S", u128::from(seconds).min(MOST)),
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
    fn a_type_is_known_by_its_essence_in_any_case() {
        for (kind, accept, spelled, answered) in [
            ("application/grpc;x=y", None, "application/grpc", None),
            ("Application/gRPC+proto ; a", Some("x/y"), "application/grpc+proto", Some("x/y")),
            ("application/GRPC-web", None, "application/grpc-web", Some("application/grpc-web")),
            (
                "application/grpc-web-text;charset=utf-8",
                Some("text/plain, Application/grpc-web+proto;q=1"),
                "application/grpc-web-text",
                Some("application/grpc-web+proto"),
            ),
            (
                "application/grpc-web-text",
                Some("*/*"),
                "application/grpc-web-text",
                Some("application/grpc-web-text"),
            ),
            ("application/grpc-Webby", None, "application/grpc-Webby", None),
        ] {
            let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, kind.parse().unwrap())]);
            if let Some(accept) = accept {
                headers.insert(ACCEPT, accept.parse().unwrap());
            }
            spell_types(&mut headers);
            assert_eq!(headers.get(CONTENT_TYPE).unwrap(), spelled, "{kind}");
            assert_eq!(headers.get(ACCEPT).map(|value| value.to_str().unwrap()), answered, "{kind}");
        }
    }

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
        clean_request(&mut headers, Some(Duration::from_millis(980)));
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

    #[test]
    fn the_time_has_eight_digits_at_most_and_a_call_without_a_limit_has_none() {
        let hours = |count: u64| Duration::from_secs(count * 3600);
        for (time, told) in [
            (Duration::from_micros(99_999_999), "99999999u"),
            (Duration::from_micros(100_000_000), "100000m"),
            (hours(28), "100800S"),
            (hours(99_999_999), "99999999S"),
        ] {
            assert_eq!(in_digits(time), told);
        }
        let mut headers = HeaderMap::from_iter([("grpc-timeout".parse().unwrap(), "x".parse().unwrap())]);
        clean_request(&mut headers, None);
        assert!(!headers.contains_key("grpc-timeout"));
    }
}
