//! What can go wrong in this service, and what callers are told of it.

use kit::status;
use proto::{Violation, common::v1::ErrorReason};
use tonic::{Code, Status};

/// A refusal or a failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A field breaks a rule that its contract cannot express.
    #[error("{} {}", .0.field, .0.description)]
    Invalid(Violation),
    /// The thing is not there, or another tenant's.
    #[error("not found")]
    NotFound,
    /// The thing is in a state that does not allow this.
    #[error("{0}")]
    Precondition(&'static str),
    /// Another service refused or is away.
    #[error("a peer failed: {0}")]
    Peer(#[source] Box<Status>),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// A stored row cannot be understood.
    #[error("a stored row cannot be understood: {0}")]
    Unreadable(String),
}

impl Error {
    /// A violation of this field.
    pub fn invalid(field: &str, description: impl ToString) -> Self {
        Self::Invalid(Violation { field: field.to_owned(), description: description.to_string() })
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        Self::Peer(Box::new(status))
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(violation) => status::invalid(vec![violation]),
            Error::NotFound => status::not_found(),
            Error::Precondition(why) => {
                status::refusal(Code::FailedPrecondition, ErrorReason::FailedPrecondition, why)
            }
            Error::Peer(status) => status::from_peer(*status),
            Error::Database(ref cause) => status::database(cause),
            Error::Unreadable(_) => status::internal(&error),
        }
    }
}
