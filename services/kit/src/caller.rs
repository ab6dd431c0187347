//! Who is behind a request, and the door through which every handler takes it.

use proto::{Validate, common::v1::Role};
use tonic::{Request, Status};

use crate::{
    ids::{MemberId, TenantId},
    ledger, status,
};

/// Who is behind a request, as the gate found out from its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody in particular.
    Anyone,
    /// A member of a tenant.
    Member(Member),
    /// Another service of the installation.
    Service,
}

/// A member who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The tenant that the member acts for.
    pub tenant: TenantId,
    /// The member.
    pub member: MemberId,
    /// What the member may do.
    pub role: Role,
}

impl Member {
    /// The key under which the reply to this request is kept, so that repeating it is safe; `None` if the
    /// caller asked for no such protection.
    pub fn request_key(
        &self,
        method: &'static str,
        request_id: &str,
        request: &impl prost::Message,
    ) -> Option<ledger::Key> {
        ledger::Key::new(self.tenant, self.member, method, request_id, request)
    }
}

/// Takes the request of a member, with its fields checked.
///
/// # Errors
/// `INVALID_ARGUMENT` naming every field that breaks its rule.
pub fn member<T: Validate>(request: Request<T>) -> Result<(Member, T), Status> {
    let (caller, message) = enter(request)?;
    match caller {
        Caller::Member(member) => Ok((member, message)),
        Caller::Anyone | Caller::Service => Err(status::internal(&Misdeclared)),
    }
}

/// Takes the request of anyone, with its fields checked.
///
/// # Errors
/// `INVALID_ARGUMENT` naming every field that breaks its rule.
pub fn anyone<T: Validate>(request: Request<T>) -> Result<T, Status> {
    enter(request).map(|(_, message)| message)
}

/// Takes the request of another service, with its fields checked.
///
/// # Errors
/// `INVALID_ARGUMENT` naming every field that breaks its rule.
pub fn service<T: Validate>(request: Request<T>) -> Result<T, Status> {
    let (caller, message) = enter(request)?;
    match caller {
        Caller::Service => Ok(message),
        Caller::Anyone | Caller::Member(_) => Err(status::internal(&Misdeclared)),
    }
}

/// The handler and the contract disagree on who calls.
#[derive(Debug, thiserror::Error)]
#[error("the handler expects another kind of caller than its contract declares")]
struct Misdeclared;

fn enter<T: Validate>(mut request: Request<T>) -> Result<(Caller, T), Status> {
    // The gate puts the caller there; a handler reached around it must not run.
    let caller = request.extensions_mut().remove().ok_or_else(|| status::internal(&Misdeclared))?;
    let message = request.into_inner();
    let violations = message.violations();
    if violations.is_empty() { Ok((caller, message)) } else { Err(status::invalid(violations)) }
}

#[cfg(test)]
mod tests {
    use proto::tenants::v1::SignOutRequest;
    use tonic::Code;

    use super::*;

    #[test]
    fn a_handler_reached_around_the_gate_does_not_run() {
        let request = Request::new(SignOutRequest { refresh_token: "x".into() });
        assert_eq!(anyone(request).unwrap_err().code(), Code::Internal);
    }

    #[test]
    fn a_handler_for_members_does_not_run_for_anyone() {
        let mut request = Request::new(SignOutRequest { refresh_token: "x".into() });
        request.extensions_mut().insert(Caller::Anyone);
        assert_eq!(member(request).unwrap_err().code(), Code::Internal);
    }

    #[test]
    fn a_field_that_breaks_its_rule_is_named() {
        let mut request = Request::new(SignOutRequest::default());
        request.extensions_mut().insert(Caller::Anyone);
        let refused = anyone(request).unwrap_err();
        assert_eq!(
            (refused.code(), refused.message()),
            (Code::InvalidArgument, "refresh_token must not be empty")
        );
    }
}
