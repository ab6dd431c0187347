//! Why a call failed.

use kit::status;
use tonic::Status;

/// Why a call failed. None of it names an address or a token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A field breaks a rule that its contract can only describe.
    #[error("{field} {why}")]
    Invalid { field: &'static str, why: String },
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

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        Self::Refused(Box::new(status))
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid { field, why } => status::invalid_field(field, why),
            Error::NotFound => status::not_found(),
            Error::Refused(status) => *status,
            Error::Database(cause) => status::database(&cause),
        }
    }
}
