//! The service's SQL and nothing else: a query a function, the tenant first.

mod accounts;
mod audit;
mod logos;
mod pages;
mod sessions;

pub(crate) use accounts::{
    SignIn, find_member, find_password_hash, find_sign_in, find_tenant, insert_member, insert_sign_in,
    insert_tenant, list_responders,
};
pub(crate) use audit::record;
pub(crate) use logos::{delete_logo, find_picture, put_logo};
pub(crate) use pages::{
    PageEntry, count_pages, find_page, find_page_entry, find_page_entry_by_slug, insert_page,
    insert_page_entry, list_pages, lock_page, lock_tenant, touch_page, update_page,
};
pub(crate) use sessions::{
    delete_ended_sessions, delete_used_tokens, find_token_use, insert_session, insert_used_token,
    lock_session, revoke_session, swap_token,
};

/// Replies kept for safe retries.
pub(crate) mod requests {
    kit::request_ledger!("tenants");
}
