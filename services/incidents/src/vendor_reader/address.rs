//! Addresses of status pages, as members enter them.

use std::net::IpAddr;

use reqwest::Url;

use super::networks::Networks;

/// The longest address that is kept, in characters.
const LONGEST: usize = 500;

/// The address as it is kept: without a slash at the end.
pub(super) fn parse(text: &str, networks: &Networks) -> Result<String, &'static str> {
    let url = Url::parse(text.trim()).map_err(|_| "must be an address such as https://status.example.com")?;
    match url.scheme() {
        "https" => {}
        "http" if !networks.are_none() => {}
        _ => return Err("must begin with https://"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not have a user");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not have a query or a fragment");
    }
    let is_known = match host(&url) {
        Some(Host::Address(address)) => networks.have(address),
        // A name without a dot is one of the local network.
        Some(Host::Name(name)) => name.trim_end_matches('.').contains('.') || !networks.are_none(),
        None => false,
    };
    if !is_known {
        return Err("must have a name that the Internet knows, such as status.example.com");
    }
    let kept = url.as_str().trim_end_matches('/');
    if kept.chars().count() > LONGEST {
        return Err("must have at most 500 characters, as an address writes them");
    }
    Ok(kept.to_owned())
}

/// Whom an address names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Host<'a> {
    Name(&'a str),
    /// By its number: no name is looked up.
    Address(IpAddr),
}

/// Whom the address names. The odd ways to write a number (`0x7f.1`, `2130706433`) are one by now, as the URL standard
/// has it (<https://url.spec.whatwg.org/#concept-ipv4-parser>).
pub(super) fn host(url: &Url) -> Option<Host<'_>> {
    let text = url.host_str()?;
    let number = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    Some(number.parse().map_or(Host::Name(text), Host::Address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(named: &[&str]) -> Networks {
        Networks::new(named.iter().map(|net| net.parse().unwrap()).collect())
    }

    #[test]
    fn a_public_page_is_https_and_a_name() {
        let none = networks(&[]);
        for (text, kept) in [
            ("https://status.example.com", "https://status.example.com"),
            (" https://Status.Example.com/ ", "https://status.example.com"),
            ("https://example.com:8443/status/", "https://example.com:8443/status"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
        ] {
            assert_eq!(parse(text, &none).as_deref(), Ok(kept), "{text}");
        }
        for bad in [
            "",
            "status.example.com",
            "http://status.example.com",
            "ftp://status.example.com",
            "file:///etc/passwd",
            "https://",
            "https://me@status.example.com",
            "https://:secret@status.example.com",
            "https://status.example.com/?a",
            "https://status.example.com/#a",
            "https://localhost",
            "https://intranet./",
            "https://127.0.0.1",
            "https://1.1.1.1",
            "https://0x7f.1/",
            "https://2130706433",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
        ] {
            assert!(parse(bad, &none).is_err(), "{bad}");
        }
        assert!(parse(&format!("https://example.com/{}", "ä".repeat(100)), &none).is_err());
    }

    #[test]
    fn pages_of_the_installations_networks_may_be_in_the_clear_and_numbers() {
        let own = networks(&["127.0.0.0/8"]);
        for (text, kept) in [
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("http://0x7f.1", "http://127.0.0.1"),
            ("http://[::ffff:127.0.0.1]", "http://[::ffff:7f00:1]"),
            ("http://status.internal", "http://status.internal"),
            ("https://intranet", "https://intranet"),
        ] {
            assert_eq!(parse(text, &own).as_deref(), Ok(kept), "{text}");
        }
        assert!(parse("http://10.0.0.1", &own).is_err());
        assert!(parse("https://1.1.1.1", &own).is_err());
    }
}
