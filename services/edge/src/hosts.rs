//! Pages on hosts of their own: `acme.status.example` is the page `acme`, for readers that know a page by its host.

use std::sync::Arc;

use axum::extract::Request;
use http::{
    Uri,
    header::HOST,
    uri::{Authority, PathAndQuery},
};

/// What is at the same place on every host.
const SHARED: [&str; 7] = ["/c/", "/u/", "/static/", "/hooks/", "/.well-known/", "/healthz", "/readyz"];

/// The domain whose subdomains are pages.
#[derive(Debug, Clone)]
pub(crate) struct PagesDomain {
    /// The domain behind a dot.
    suffix: Arc<str>,
    /// The edge's own host, which is no page's, wherever it is.
    own: Arc<str>,
}

impl PagesDomain {
    /// This domain, such as `status.example`, of an edge at this address.
    pub(crate) fn new(domain: &str, public_url: &str) -> Self {
        let own = public_url.parse::<Uri>().ok();
        let own = own.as_ref().and_then(Uri::host).unwrap_or_default().to_ascii_lowercase();
        Self { suffix: format!(".{}", domain.to_ascii_lowercase()).into(), own: own.into() }
    }

    /// Leads a request for a page's own host to that page: `/history` on `acme.status.example` is `/p/acme/history`. No
    /// other page is there.
    pub(crate) fn lead(&self, mut request: Request) -> Request {
        if let Some(uri) = self.led(&request) {
            *request.uri_mut() = uri;
        }
        request
    }

    fn led(&self, request: &Request) -> Option<Uri> {
        let path = request.uri().path();
        if SHARED.iter().any(|shared| path.starts_with(shared)) {
            return None;
        }
        let named = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let authority = match request.uri().authority() {
            Some(authority) => authority.clone(),
            None => named?.parse::<Authority>().ok()?,
        };
        let host = authority.host().to_ascii_lowercase();
        // a name may end with the dot of the root
        let host = host.strip_suffix('.').unwrap_or(&host);
        if *host == *self.own {
            return None;
        }
        let slug = host.strip_suffix(&*self.suffix).filter(|slug| !slug.is_empty() && !slug.contains('.'))?;
        let below = path.strip_prefix("/p/").and_then(|path| path.strip_prefix(slug));
        if below.is_some_and(|below| below.is_empty() || below.starts_with('/')) {
            return None;
        }
        let rest = request.uri().path_and_query().map_or("", PathAndQuery::as_str);
        let rest = if path == "/" { rest.trim_start_matches('/') } else { rest };
        format!("/p/{slug}{rest}").parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn a_host_of_its_own_leads_to_its_page() {
        let domain = PagesDomain::new("Status.example", "https://www.status.example:8080");
        for (host, path, led) in [
            ("acme.status.example", "/", "/p/acme"),
            ("ACME.status.example:8080", "/?x=1", "/p/acme?x=1"),
            ("acme.status.example", "/api/v2/summary.json", "/p/acme/api/v2/summary.json"),
            ("acme.status.example", "/history?page_token=a", "/p/acme/history?page_token=a"),
            ("acme.status.example", "/p/acme/history", "/p/acme/history"),
            ("acme.status.example", "/p/acme", "/p/acme"),
            ("acme.status.example", "/p/acmes", "/p/acme/p/acmes"),
            ("acme.status.example", "/p/other/subscribe", "/p/acme/p/other/subscribe"),
            ("acme.status.example.", "/", "/p/acme"),
            ("www.status.example", "/p/other", "/p/other"),
            ("www.status.example", "/", "/"),
            ("acme.status.example", "/static/pharos.css", "/static/pharos.css"),
            ("acme.status.example", "/u/token", "/u/token"),
            ("status.example", "/", "/"),
            ("a.b.status.example", "/", "/"),
            ("acme.other.example", "/", "/"),
            ("evilstatus.example", "/", "/"),
            ("", "/", "/"),
        ] {
            let request = Request::get(path).header(HOST, host).body(Body::empty()).unwrap();
            assert_eq!(domain.lead(request).uri(), led, "{host} {path}");
        }
        // HTTP/2 names the host in the address.
        let request = Request::get("https://acme.status.example/history").body(Body::empty()).unwrap();
        assert_eq!(domain.lead(request).uri(), "/p/acme/history");
    }
}
