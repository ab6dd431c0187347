//! Why a call fails, and the one way from there to a status.

use std::sync::Arc;

use kit::{
    ids::InvalidId,
    ledger::LedgerError,
    mask::{self, EtagMismatch, InvalidMask},
    status,
};
use proto::{Violation, common::v1::ErrorReason};
use tonic::{Code, Status};

/// Why a call of this service fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is no such thing, or it is another tenant's.
    #[error("not found")]
    NotFound,
    /// Fields of the request are not good.
    #[error("{} fields of the request are not good", .0.len())]
    Invalid(Vec<Violation>),
    /// The page token is not one of ours.
    #[error("the page token is not good")]
    PageToken(#[source] Status),
    /// The page or the incident is full.
    #[error("{what} has at most {limit} {of}")]
    LimitReached {
        /// What is full.
        what: &'static str,
        /// With how many.
        limit: u16,
        /// Of what.
        of: &'static str,
    },
    /// The thing was changed since the version that the caller saw.
    #[error("it was changed since; read it again")]
    EtagMismatch,
    /// The thing is in a state that does not allow this.
    #[error("{0}")]
    Precondition(&'static str),
    /// The page directory refused, or did not answer.
    #[error("the page directory did not answer")]
    Directory(#[source] Arc<Status>),
    /// The page directory answered without a page, or with an id that is none.
    #[error("the page directory's answer cannot be read")]
    UnreadablePage(#[source] Option<InvalidId>),
    /// The page's time zone is not one that this binary knows.
    #[error("the page's time zone is not known")]
    UnknownZone(#[source] jiff::Error),
    /// The kept reply of an earlier call was not found, or not usable.
    #[error("the earlier reply cannot be had")]
    Ledger(#[from] LedgerError),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Error {
    /// One field of the request is not good.
    pub(crate) fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation { field: field.into(), description: description.into() }])
    }
}

impl From<InvalidMask> for Error {
    fn from(why: InvalidMask) -> Self {
        Self::invalid(mask::FIELD, why.to_string())
    }
}

impl From<EtagMismatch> for Error {
    fn from(EtagMismatch: EtagMismatch) -> Self {
        Self::EtagMismatch
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => status::not_found(),
            Error::Invalid(violations) => status::invalid(violations),
            Error::PageToken(refused) => refused,
            Error::LimitReached { limit, .. } => status::limit_reached(error.to_string(), i64::from(limit)),
            Error::EtagMismatch => {
                status::refusal(Code::Aborted, ErrorReason::EtagMismatch, error.to_string())
            }
            Error::Precondition(why) => {
                status::refusal(Code::FailedPrecondition, ErrorReason::FailedPrecondition, why)
            }
            Error::Directory(refused) => status::from_peer(Arc::unwrap_or_clone(refused)),
            Error::UnreadablePage(_) | Error::UnknownZone(_) => status::internal(&error),
            Error::Ledger(cause) => cause.into(),
            Error::Database(cause) => status::database(&cause),
        }
    }
}

/// The fields that the refusal names.
#[cfg(test)]
pub(crate) fn fields(refused: Error) -> Vec<String> {
    let Error::Invalid(violations) = refused else { panic!("not a violation: {refused}") };
    violations.into_iter().map(|violation| violation.field).collect()
}
