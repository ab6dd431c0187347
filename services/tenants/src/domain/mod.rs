//! What the service knows of companies, their members, sessions and pages.

mod account;
mod logo;
mod page;
mod session;

pub(crate) use account::{AuditAction, Email, EmptyName, Member, Name, Responder, Role, Tenant};
pub(crate) use logo::{InvalidPicture, Logo, LogoType, Picture};
pub(crate) use page::{InvalidSlug, MAX_PAGES, Page, Slug};
pub(crate) use session::{Judgement, REPEAT_WINDOW, judge, refresh_expires_at};
