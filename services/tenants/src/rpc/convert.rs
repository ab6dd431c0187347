//! Domain to wire.

use std::mem::take;

use kit::time::to_wire;
use proto::{
    common::v1::{self, Branding, PageLogo},
    internal::v1::{PageEntry, Responder as WireResponder},
    tenants::v1 as wire,
};

use crate::domain::{Logo, Member, Page, Responder, Role, Tenant};

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

impl From<Logo> for PageLogo {
    fn from(logo: Logo) -> Self {
        Self {
            digest: logo.digest,
            content_type: logo.r#type.content_type().to_owned(),
            alt: logo.alt,
            width: logo.width,
            height: logo.height,
        }
    }
}

fn branding(page: &mut Page) -> Branding {
    Branding {
        accent_color: take(&mut page.accent_color),
        website_url: take(&mut page.website_url),
        support_url: take(&mut page.support_url),
        logo: page.logo.take().map(Into::into),
    }
}

impl From<Page> for wire::Page {
    fn from(mut page: Page) -> Self {
        Self {
            branding: Some(branding(&mut page)),
            etag: page.revision.to_string(),
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
    fn from(mut page: Page) -> Self {
        Self {
            branding: Some(branding(&mut page)),
            tenant_id: page.tenant_id.to_string(),
            page_id: page.page_id.to_string(),
            slug: page.slug,
            name: page.name,
            locale: page.locale,
            time_zone: page.time_zone,
        }
    }
}
