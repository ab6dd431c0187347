//! Who receives an address's mail.

use std::borrow::Cow;

/// The provider of an address, by its domain: the well-known ones of many domains have one name, every other domain
/// stands for itself. The MX records would say more, for a look-up a mail.
pub(super) fn provider(email: &str) -> Cow<'_, str> {
    let domain = email.rsplit_once('@').map_or(email, |(_, domain)| domain);
    let domain = if domain.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(domain.to_ascii_lowercase())
    } else {
        Cow::Borrowed(domain)
    };
    match well_known(&domain) {
        Some(name) => Cow::Borrowed(name),
        None => domain,
    }
}

fn well_known(domain: &str) -> Option<&'static str> {
    let (brand, rest) = domain.split_once('.')?;
    match (brand, rest) {
        ("gmail" | "googlemail", "com") => Some("gmail.com"),
        ("icloud" | "me" | "mac", "com") => Some("icloud.com"),
        ("ymail", "com") => Some("yahoo.com"),
        ("outlook" | "hotmail" | "live" | "msn", rest) if is_top(rest) => Some("outlook.com"),
        ("yahoo" | "aol", rest) if is_top(rest) => Some("yahoo.com"),
        _ => None,
    }
}

/// `com`, `fr`, `co.uk`, `com.br`: what a country or a registry has, and no company's own domain.
fn is_top(rest: &str) -> bool {
    match rest.split_once('.') {
        None => !rest.is_empty(),
        Some((kind, country)) => matches!(kind, "co" | "com") && country.len() == 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_of_one_provider_are_one_and_every_other_stands_for_itself() {
        for (email, wanted) in [
            ("ann@gmail.com", "gmail.com"),
            ("ann@GoogleMail.com", "gmail.com"),
            ("ann@hotmail.co.uk", "outlook.com"),
            ("ann@live.fr", "outlook.com"),
            ("ann@msn.com", "outlook.com"),
            ("ann@outlook.com.br", "outlook.com"),
            ("ann@yahoo.co.jp", "yahoo.com"),
            ("ann@ymail.com", "yahoo.com"),
            ("ann@aol.com", "yahoo.com"),
            ("ann@me.com", "icloud.com"),
            ("ann@live.example.com", "live.example.com"),
            ("ann@gmail.com.evil.example", "gmail.com.evil.example"),
            ("ann@Example.ORG", "example.org"),
            ("\"a@b\"@example.org", "example.org"),
            ("nowhere", "nowhere"),
            ("", ""),
        ] {
            assert_eq!(provider(email), wanted, "{email}");
        }
    }
}
