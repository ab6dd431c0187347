//! Domain to wire.

use kit::time::to_wire;
use proto::{
    common::v1,
    internal::v1::{PageEntry, Responder as WireResponder},
    tenants::v1 as wire,
};

use crate::domain::{Member, Page, Responder, Role, Tenant};

impl From<Role> for v1::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Responder => Self::Responder,
            Role::Admin => Self::Admin,
            Role::Owner => Self::Owner,
        }
    }
}

impl From<Tenant> for wire::Tenant {
    fn from(tenant: Tenant) -> Self {
        Self {
            tenant_id: tenant.tenant_id.to_string(),
            name: tenant.name,
            created_at: Some(to_wire(tenant.created_at)),
        }
    }
}

impl From<Member> for wire::Member {
    fn from(member: Member) -> Self {
        Self {
            member_id: member.member_id.to_string(),
            email: member.email,
            role: v1::Role::from(member.role).into(),
            created_at: Some(to_wire(member.created_at)),
        }
    }
}

impl From<Responder> for WireResponder {
    fn from(responder: Responder) -> Self {
        Self { member_id: responder.member_id.to_string(), email: responder.email }
    }
}

impl From<Page> for wire::Page {
    fn from(page: Page) -> Self {
        Self {
            page_id: page.page_id.to_string(),
            slug: page.slug,
            name: page.name,
            locale: page.locale,
            time_zone: page.time_zone,
            created_at: Some(to_wire(page.created_at)),
        }
    }
}

impl From<Page> for PageEntry {
    fn from(page: Page) -> Self {
        Self {
            tenant_id: page.tenant_id.to_string(),
            page_id: page.page_id.to_string(),
            slug: page.slug,
            name: page.name,
            locale: page.locale,
            time_zone: page.time_zone,
        }
    }
}
