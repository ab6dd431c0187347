//! Which host a request is for. The edge's own has everything, that of a page (`acme.status.example`) has that page
//! alone, and nobody answers for another's: what a cache keeps under a host is of that host.

use std::{borrow::Cow, net::IpAddr, sync::Arc};

use http::{HeaderMap, Uri, header::HOST};

/// What is at the same place on every host.
const SHARED: [&str; 8] =
    ["/c/", "/u/", "/static/", "/favicon.ico", "/hooks/", "/.well-known/", "/healthz", "/readyz"];

/// The hosts that the edge answers for. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Hosts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    own: String,
    others: Vec<String>,
    /// The domain whose subdomains are pages, behind a dot.
    pages: Option<String>,
}

/// Whose host it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Host<'a> {
    /// The edge's own.
    Edge,
    /// That of the page with this slug.
    Page(Cow<'a, str>),
    /// Not ours (RFC 9110, section 15.5.20).
    Unknown,
    /// There are several, or it cannot be read (RFC 9112, section 3.2).
    Bad,
}

impl Hosts {
    /// Of an edge at this address, which may be asked under other names too (separated by white space; `*` is any), and
    /// with pages below a domain such as `status.example`.
    pub(crate) fn new(public_url: &str, others: &str, pages_domain: Option<&str>) -> Self {
        let own = public_url.parse::<Uri>().ok();
        let own = own.as_ref().and_then(Uri::host).unwrap_or_default().to_ascii_lowercase();
        let others = others.split_whitespace().map(str::to_ascii_lowercase).collect();
        let pages = pages_domain.map(|domain| format!(".{}", domain.to_ascii_lowercase()));
        Self(Arc::new(Inner { own, others, pages }))
    }

    /// Whose host a request is for. An address of a machine and `localhost` are names of the edge everywhere: nobody else
    /// can have them.
    pub(crate) fn find<'a>(&self, uri: &'a Uri, headers: &'a HeaderMap) -> Host<'a> {
        let named = match uri.authority() {
            Some(authority) => authority.as_str(),
            None => {
                let mut named = headers.get_all(HOST).iter();
                match (named.next().map(|host| host.to_str()), named.next()) {
                    (Some(Ok(host)), None) => host,
                    // HTTP/1.0
                    (None, _) => return Host::Edge,
                    (Some(_), _) => return Host::Bad,
                }
            }
        };
        self.named(named)
    }

    fn whose<'a>(&self, host: &'a str) -> Host<'a> {
        let Inner { own, others, pages } = &*self.0;
        // a name may end with the dot of the root
        let host = host.strip_suffix('.').unwrap_or(host);
        let host = match host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(host.to_ascii_lowercase()),
            false => Cow::Borrowed(host),
        };
        // what is named is no page's, wherever it is
        if *host == **own || others.iter().any(|other| *other == *host) {
            return Host::Edge;
        }
        if let Some(slug) = pages.as_ref().and_then(|pages| host.strip_suffix(pages.as_str())) {
            let is_slug = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            return match (slug.is_empty() || !slug.bytes().all(is_slug), slug.len()) {
                (true, _) => Host::Unknown,
                (false, end) => Host::Page(match host {
                    Cow::Borrowed(host) => Cow::Borrowed(&host[..end]),
                    Cow::Owned(host) => Cow::Owned(host[..end].to_owned()),
                }),
            };
        }
        let is_address = || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        let is_any = others.iter().any(|other| other == "*");
        if is_any || *host == *"localhost" || is_address() { Host::Edge } else { Host::Unknown }
    }

    /// Whose this host is, with its port if it names one.
    pub(crate) fn named<'a>(&self, host: &'a str) -> Host<'a> {
        self.whose(without_port(host))
    }
}

impl Host<'_> {
    /// The address below the edge's that a path on this host is; nothing if nothing is there.
    pub(crate) fn address(self, path: &str) -> Option<Cow<'_, str>> {
        match self {
            Host::Edge => Some(Cow::Borrowed(path)),
            Host::Page(slug) => Some(led(path, &slug).map_or(Cow::Borrowed(path), Cow::Owned)),
            Host::Unknown | Host::Bad => None,
        }
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    }
}

/// Where what is asked of a page's own host is below the edge's address: `/history` on `acme.status.example` is
/// `/p/acme/history`. No other page is there. Nothing if it is where it seems to be. The path may have a query.
pub(crate) fn led(path: &str, slug: &str) -> Option<String> {
    let below = path.strip_prefix("/p/").and_then(|path| path.strip_prefix(slug));
    let is_the_page = below.is_some_and(|below| below.is_empty() || below.starts_with(['/', '?']));
    if is_the_page || SHARED.iter().any(|shared| path.starts_with(shared)) {
        return None;
    }
    let rest = if path == "/" || path.starts_with("/?") { &path[1..] } else { path };
    Some(format!("/p/{slug}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts {
        Hosts::new(
            "https://www.status.example:8080",
            "edge.internal  Other.example edge.status.example",
            Some("Status.example"),
        )
    }

    fn asked(host: &str) -> HeaderMap {
        HeaderMap::from_iter([(HOST, host.parse().unwrap())])
    }

    #[test]
    fn a_host_of_its_own_leads_to_its_page() {
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
            ("10.0.0.1:8080", "/p/acme", "/p/acme"),
        ] {
            assert_eq!(hosts().named(host).address(path).unwrap(), led, "{host} {path}");
        }
        // HTTP/2 names the host in the address.
        let uri = "https://acme.status.example/history".parse().unwrap();
        assert_eq!(hosts().find(&uri, &HeaderMap::new()), Host::Page("acme".into()));
    }

    #[test]
    fn nobody_answers_for_a_host_that_is_not_ours() {
        let uri = "/".parse().unwrap();
        for (host, whose) in [
            ("www.status.example", Host::Edge),
            ("edge.internal:80", Host::Edge),
            ("other.EXAMPLE", Host::Edge),
            ("edge.status.example", Host::Edge),
            ("localhost:8080", Host::Edge),
            ("127.0.0.1", Host::Edge),
            ("[::1]:8080", Host::Edge),
            ("acme.status.example", Host::Page("acme".into())),
            ("status.example", Host::Unknown),
            ("a.b.status.example", Host::Unknown),
            ("a b.status.example", Host::Unknown),
            (".status.example", Host::Unknown),
            ("acme.other.example", Host::Unknown),
            ("evilstatus.example", Host::Unknown),
            ("", Host::Unknown),
        ] {
            assert_eq!(hosts().find(&uri, &asked(host)), whose, "{host}");
        }
        assert_eq!(hosts().find(&uri, &HeaderMap::new()), Host::Edge);
        let mut two = asked("www.status.example");
        two.append(HOST, "acme.status.example".parse().unwrap());
        assert_eq!(hosts().find(&uri, &two), Host::Bad);
        let any = Hosts::new("https://www.status.example", "*", None);
        assert_eq!(any.find(&uri, &asked("evil.example")), Host::Edge);
    }
}
