//! Why a call failed.

use kit::status;
use proto::Violation;
use tonic::Status;

/// Why a call failed. None of it names an address or a token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Fields break rules that their contract can only describe.
    #[error("{} fields of the request are not good", .0.len())]
    Invalid(Vec<Violation>),
    /// The thing is not there, is another tenant's, or the token is not good: the three are one.
    #[error("not found")]
    NotFound,
    /// Refused already, by a part that knows the status.
    #[error("{0}")]
    Refused(Box<Status>),
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

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        Self::Refused(Box::new(status))
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(violations) => status::invalid(violations),
            Error::NotFound => status::not_found(),
            Error::Refused(status) => *status,
            Error::Database(cause) => status::database(&cause),
        }
    }
}
