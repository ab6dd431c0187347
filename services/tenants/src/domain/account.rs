//! A company and the people who act for it.

use jiff::Timestamp;
use kit::ids::{MemberId, TenantId};

/// One company.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) tenant_id: TenantId,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
}

/// A person who acts for a tenant.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) tenant_id: TenantId,
    pub(crate) member_id: MemberId,
    pub(crate) email: String,
    pub(crate) role: Role,
    pub(crate) created_at: Timestamp,
}

/// A member who may tell what is broken, with what a mail to them needs.
#[derive(Debug, Clone)]
pub(crate) struct Responder {
    pub(crate) member_id: MemberId,
    pub(crate) email: String,
}

/// What a member may do: each role may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "tenants.role", rename_all = "snake_case")]
pub(crate) enum Role {
    Viewer,
    Responder,
    Admin,
    Owner,
}

/// What was done, for the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "tenants.audit_action", rename_all = "snake_case")]
pub(crate) enum AuditAction {
    /// The target is the new tenant.
    SignedUp,
    /// The target is the new session.
    SignedIn,
    /// The target is the session.
    SignedOut,
    /// A refresh token came back after it was used. The target is the session.
    SessionRevoked,
    /// The target is the page.
    PageCreated,
    /// The target is the page.
    PageUpdated,
    /// The target is the page.
    PageLogoSet,
    /// The target is the page.
    PageLogoDeleted,
}

/// An address in small letters: two that differ in capitals only are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Email(String);

impl Email {
    /// The contract lets only ASCII through.
    pub(crate) fn new(checked: &str) -> Self {
        Self(checked.to_ascii_lowercase())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a company or a page: without spaces around it, and not empty. Its length and characters are
/// the contract's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(String);

/// Nothing is left of the name without the spaces around it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have other characters than spaces")]
pub(crate) struct EmptyName;

impl Name {
    pub(crate) fn parse(checked: &str) -> Result<Self, EmptyName> {
        let name = checked.trim();
        if name.is_empty() { Err(EmptyName) } else { Ok(Self(name.to_owned())) }
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_in_capital_and_small_letters() {
        assert_eq!(Email::new("Ada.L@Example.COM"), Email::new("ada.l@example.com"));
    }

    #[test]
    fn a_name_loses_the_spaces_around_it_and_must_not_consist_of_them() {
        assert_eq!(Name::parse("  Acme Ltd\u{a0}").unwrap().into_string(), "Acme Ltd");
        assert_eq!(Name::parse(" \u{3000} "), Err(EmptyName));
    }
}
