//! Who may call what, as the contracts declare it.

use crate::common::v1::Role;

/// One RPC of a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rpc {
    /// The full name of its service, such as `pharos.tenants.v1.PageService`.
    pub service: &'static str,
    /// The path it is called by, such as `/pharos.tenants.v1.PageService/CreatePage`.
    pub path: &'static str,
    /// Who may call it; `None` if its contract does not say, and then nobody may serve it.
    pub access: Option<Access>,
    /// It answers with a stream, which goes on until either side ends it.
    pub is_stream: bool,
}

/// Who may call an RPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody; no token is looked at.
    Anyone,
    /// A member with this role or a higher one.
    Member(Role),
    /// Another service of the installation.
    Service,
}

include!(concat!(env!("OUT_DIR"), "/rpcs.rs"));
