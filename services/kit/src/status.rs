//! Errors as clients get them (AIP-193, <https://google.aip.dev/193>).
//!
//! A code, a sentence, an `ErrorInfo` with a reason from the contract's one enum, and for bad input a
//! `BadRequest` that names each field.

use std::{collections::HashMap, error::Error};

use proto::{Violation, common::v1::ErrorReason};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

const DOMAIN: &str = "pharos";

/// A refusal with its reason.
#[must_use]
pub fn refusal(code: Code, reason: ErrorReason, message: impl Into<String>) -> Status {
    Status::with_error_details(
        code,
        message,
        ErrorDetails::with_error_info(name(reason), DOMAIN, HashMap::new()),
    )
}

/// `INVALID_ARGUMENT` with a violation for each field.
#[must_use]
pub fn invalid(violations: Vec<Violation>) -> Status {
    let mut details =
        ErrorDetails::with_error_info(name(ErrorReason::InvalidArgument), DOMAIN, HashMap::new());
    let message =
        violations.iter().map(|v| format!("{} {}", v.field, v.description)).collect::<Vec<_>>().join("; ");
    for Violation { field, description } in violations {
        details.add_bad_request_violation(field, description);
    }
    Status::with_error_details(Code::InvalidArgument, message, details)
}

/// `INVALID_ARGUMENT` for one field.
#[must_use]
pub fn invalid_field(field: impl Into<String>, description: impl Into<String>) -> Status {
    invalid(vec![Violation { field: field.into(), description: description.into() }])
}

/// `NOT_FOUND`. It never says what was looked for or why it was not found, so that another tenant's row
/// and no row at all are byte for byte the same.
#[must_use]
pub fn not_found() -> Status {
    refusal(Code::NotFound, ErrorReason::NotFound, "not found")
}

/// `RESOURCE_EXHAUSTED`: a limit of the tenant, with its number in the metadata.
#[must_use]
pub fn limit_reached(message: impl Into<String>, limit: i64) -> Status {
    let metadata = HashMap::from([("limit".to_owned(), limit.to_string())]);
    let details = ErrorDetails::with_error_info(name(ErrorReason::LimitReached), DOMAIN, metadata);
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

/// `INTERNAL`, with the cause and its chain in the log and nothing of it in the answer.
#[must_use]
pub fn internal(cause: &(dyn Error + 'static)) -> Status {
    tracing::error!(error = cause, "a call failed by a fault of ours");
    refusal(Code::Internal, ErrorReason::Internal, "internal error")
}

/// `UNAVAILABLE`: something behind this service does not answer. The call may be repeated.
#[must_use]
pub fn unavailable(cause: &(dyn Error + 'static)) -> Status {
    tracing::warn!(error = cause, "a call failed because something behind this service does not answer");
    refusal(Code::Unavailable, ErrorReason::Unavailable, "a part of the system does not answer; try again")
}

/// What a failed statement means to the caller: a database that is away is `UNAVAILABLE`, a conflict
/// with another transaction `ABORTED`, and anything else a fault of ours.
#[must_use]
pub fn database(cause: &sqlx::Error) -> Status {
    if let sqlx::Error::Database(error) = cause {
        return match error.code().as_deref() {
            // serialization_failure, deadlock_detected
            Some("40001" | "40P01") => {
                tracing::warn!(error = cause as &dyn Error, "a transaction met another");
                refusal(Code::Aborted, ErrorReason::Unavailable, "the call met another one; try again")
            }
            // lock_not_available, query_canceled (statement_timeout), admin_shutdown, crash_shutdown,
            // cannot_connect_now, too_many_connections
            Some("55P03" | "57014" | "57P01" | "57P02" | "57P03" | "53300") => unavailable(cause),
            _ => internal(cause),
        };
    }
    let away = matches!(
        cause,
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Tls(_)
    );
    if away { unavailable(cause) } else { internal(cause) }
}

/// What another service's refusal means to our caller: what it does not find, we do not find; when it is
/// away, so are we; anything else is a fault of ours.
#[must_use]
pub fn from_peer(status: Status) -> Status {
    match status.code() {
        Code::NotFound => not_found(),
        Code::Unavailable
        | Code::DeadlineExceeded
        | Code::Cancelled
        | Code::ResourceExhausted
        | Code::Aborted => unavailable(&status),
        Code::Ok
        | Code::Unknown
        | Code::InvalidArgument
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Internal
        | Code::DataLoss
        | Code::Unauthenticated => internal(&status),
    }
}

/// The reason of a refusal, if it carries one.
#[must_use]
pub fn reason(status: &Status) -> Option<ErrorReason> {
    let info = status.get_details_error_info()?;
    ErrorReason::from_str_name(&format!("ERROR_REASON_{}", info.reason))
}

/// AIP-193 wants the bare reason; the enum's prefix is protobuf's own rule.
fn name(reason: ErrorReason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix("ERROR_REASON_").unwrap_or(name)
}

/// Turns a broken constraint into the error that stands for it.
pub trait OnConstraint<T> {
    /// The error, if the constraint of this name was broken.
    ///
    /// # Errors
    /// `error()` for that constraint, otherwise the database's error.
    fn on_constraint<E: From<sqlx::Error>>(self, name: &str, error: impl FnOnce() -> E) -> Result<T, E>;
}

impl<T> OnConstraint<T> for Result<T, sqlx::Error> {
    fn on_constraint<E: From<sqlx::Error>>(self, name: &str, error: impl FnOnce() -> E) -> Result<T, E> {
        self.map_err(|cause| match cause.as_database_error().and_then(|broken| broken.constraint()) {
            Some(broken) if broken == name => error(),
            _ => cause.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_names_its_field_in_the_details_and_in_the_sentence() {
        let status = invalid_field("name", "must not be empty");
        assert_eq!(status.message(), "name must not be empty");
        let details = status.get_error_details();
        assert_eq!(details.bad_request().unwrap().field_violations[0].field, "name");
        assert_eq!(details.error_info().unwrap().reason, "INVALID_ARGUMENT");
        assert_eq!(reason(&status), Some(ErrorReason::InvalidArgument));
    }

    #[test]
    fn a_fault_of_ours_tells_nothing_of_its_cause() {
        let status = database(&sqlx::Error::Protocol("password authentication failed".into()));
        assert_eq!(status.code(), Code::Internal);
        assert!(!status.message().contains("password"));
    }
}
