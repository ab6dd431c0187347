//! A status page and its place in addresses.

use jiff::Timestamp;
use kit::ids::{PageId, TenantId};

use super::Logo;

/// So many pages a tenant has at most (`PageService.CreatePage`).
pub(crate) const MAX_PAGES: i64 = 100;

/// One hosted status page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) tenant_id: TenantId,
    pub(crate) page_id: PageId,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) locale: String,
    pub(crate) time_zone: String,
    pub(crate) created_at: Timestamp,
    /// Empty for that of all pages.
    pub(crate) accent_color: String,
    /// Empty for none.
    pub(crate) website_url: String,
    /// Empty for none.
    pub(crate) support_url: String,
    pub(crate) logo: Option<Logo>,
    /// Grows with each change.
    pub(crate) revision: i64,
}

/// A page's place in addresses that a page may have. Its length and characters are the contract's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slug(String);

/// The slug is no page's to have.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("is reserved; choose another one")]
pub(crate) struct InvalidSlug;

/// What the installation itself, or somebody who poses as it, would be found under. Sorted.
const RESERVED: [&str; 58] = [
    "about",
    "abuse",
    "account",
    "accounts",
    "admin",
    "administrator",
    "api",
    "app",
    "apps",
    "assets",
    "auth",
    "autoconfig",
    "autodiscover",
    "billing",
    "blog",
    "bounce",
    "cdn",
    "console",
    "contact",
    "dashboard",
    "docs",
    "edge",
    "ftp",
    "healthz",
    "help",
    "home",
    "hostmaster",
    "imap",
    "inbox",
    "internal",
    "legal",
    "localhost",
    "login",
    "mail",
    "metrics",
    "pharos",
    "postmaster",
    "privacy",
    "readyz",
    "register",
    "root",
    "security",
    "sign-in",
    "sign-up",
    "signin",
    "signup",
    "smtp",
    "sso",
    "static",
    "status",
    "subscribe",
    "support",
    "system",
    "terms",
    "unsubscribe",
    "webmaster",
    "well-known",
    "www",
];

impl Slug {
    pub(crate) fn parse(checked: &str) -> Result<Self, InvalidSlug> {
        // As a host name, `xn--…` is shown as other letters (RFC 5890, section 2.3.1) and could look like
        // another tenant's page.
        if RESERVED.contains(&checked) || checked.starts_with("xn--") {
            return Err(InvalidSlug);
        }
        Ok(Self(checked.to_owned()))
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_are_refused_and_those_that_begin_with_one_are_not() {
        for reserved in
            ["www", "api", "admin", "app", "mail", "status", "inbox", "static", "assets", "xn--80ak6aa92e"]
        {
            assert_eq!(Slug::parse(reserved), Err(InvalidSlug), "{reserved}");
        }
        for free in ["acme", "api-acme", "status-acme", "www2", "123"] {
            assert_eq!(Slug::parse(free).map(Slug::into_string), Ok(free.to_owned()));
        }
    }

    #[test]
    fn the_reserved_names_are_sorted_and_could_be_slugs() {
        assert!(RESERVED.is_sorted());
        assert!(RESERVED.iter().all(|name| (3..=63).contains(&name.len())));
    }
}
