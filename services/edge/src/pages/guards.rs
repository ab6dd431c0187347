//! The headers that every answer carries for its reader's safety.

use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS},
};

/// A page runs the one script that comes from here, which asks nobody but us; it loads nothing else but its style sheet
/// and pictures of ours, and nobody may put it in a frame.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
const AS_SAID: HeaderValue = HeaderValue::from_static("nosniff");
/// Addresses hold tokens.
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
/// For two years, as lists of such hosts ask (<https://hstspreload.org>). Only of this host: others below it are not ours
/// to speak for.
const ALWAYS_SECURE: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// What is put on answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guards {
    is_secure: bool,
}

impl Guards {
    /// For an edge at this address. Where the world reaches it by TLS, browsers are told to use nothing else (RFC 6797,
    /// section 7.2).
    pub(crate) fn new(public_url: &str) -> Self {
        Self { is_secure: public_url.starts_with("https://") }
    }

    pub(super) fn put_on(self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_SECURITY_POLICY, POLICY);
        headers.insert(X_CONTENT_TYPE_OPTIONS, AS_SAID);
        headers.insert(REFERRER_POLICY, NO_REFERRER);
        if self.is_secure {
            headers.insert(STRICT_TRANSPORT_SECURITY, ALWAYS_SECURE);
        }
    }
}
