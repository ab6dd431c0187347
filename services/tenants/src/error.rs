//! Why a call fails, and what the caller is told of it.

use kit::{
    ledger::LedgerError,
    mask::{self, EtagMismatch, InvalidMask},
    status,
    time_zone::UnknownTimeZone,
};
use proto::common::v1::ErrorReason;
use tonic::{Code, Status};

use crate::{
    credentials::PasswordError,
    domain::{EmptyName, InvalidPicture, InvalidSlug, MAX_PAGES},
};

/// Why a call fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{field} {description}")]
    Invalid { field: &'static str, description: String },
    #[error("a member has this e-mail address already; sign in instead")]
    EmailTaken,
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    #[error("the session has ended; sign in again")]
    SessionEnded,
    #[error("a page of this installation has this slug already")]
    SlugTaken,
    #[error("a tenant has at most {MAX_PAGES} pages")]
    TooManyPages,
    #[error("the page was changed since; read it again")]
    EtagMismatch,
    #[error("not found")]
    NotFound,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("the crypto library gives no random bytes")]
    Random(#[from] aws_lc_rs::error::Unspecified),
    #[error("an access token cannot be signed")]
    Signing(#[from] jsonwebtoken::errors::Error),
    #[error("the key set cannot be written")]
    KeySet(#[from] serde_json::Error),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Refused(#[from] Status),
}

impl Error {
    pub(crate) fn invalid(field: &'static str, why: impl ToString) -> Self {
        Self::Invalid { field, description: why.to_string() }
    }
}

impl From<InvalidSlug> for Error {
    fn from(why: InvalidSlug) -> Self {
        Self::invalid("slug", why)
    }
}

impl From<InvalidPicture> for Error {
    fn from(why: InvalidPicture) -> Self {
        Self::invalid("image", why)
    }
}

impl From<InvalidMask> for Error {
    fn from(why: InvalidMask) -> Self {
        Self::invalid(mask::FIELD, why)
    }
}

impl From<EtagMismatch> for Error {
    fn from(EtagMismatch: EtagMismatch) -> Self {
        Self::EtagMismatch
    }
}

impl From<UnknownTimeZone> for Error {
    fn from(why: UnknownTimeZone) -> Self {
        Self::invalid("time_zone", why)
    }
}

/// A name stands in two requests, under two fields.
pub(crate) fn empty(field: &'static str) -> impl FnOnce(EmptyName) -> Error {
    move |why| Error::invalid(field, why)
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let refuse = |code, reason| status::refusal(code, reason, error.to_string());
        match error {
            Error::Invalid { field, description } => status::invalid_field(field, description),
            Error::EmailTaken => refuse(Code::AlreadyExists, ErrorReason::EmailTaken),
            Error::WrongCredentials => refuse(Code::Unauthenticated, ErrorReason::WrongCredentials),
            Error::SessionEnded => refuse(Code::Unauthenticated, ErrorReason::SessionEnded),
            Error::SlugTaken => refuse(Code::AlreadyExists, ErrorReason::SlugTaken),
            Error::TooManyPages => status::limit_reached(error.to_string(), MAX_PAGES),
            Error::EtagMismatch => refuse(Code::Aborted, ErrorReason::EtagMismatch),
            Error::NotFound => status::not_found(),
            Error::Password(PasswordError::Overloaded) => {
                refuse(Code::ResourceExhausted, ErrorReason::Overloaded)
            }
            Error::Password(_) | Error::Random(_) | Error::Signing(_) | Error::KeySet(_) => {
                status::internal(&error)
            }
            Error::Ledger(cause) => cause.into(),
            Error::Database(cause) => status::database(&cause),
            Error::Refused(status) => status,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_the_code_and_the_reason_of_its_contract() {
        for (error, code, reason) in [
            (Error::invalid("slug", "is reserved"), Code::InvalidArgument, ErrorReason::InvalidArgument),
            (Error::EmailTaken, Code::AlreadyExists, ErrorReason::EmailTaken),
            (Error::WrongCredentials, Code::Unauthenticated, ErrorReason::WrongCredentials),
            (Error::SessionEnded, Code::Unauthenticated, ErrorReason::SessionEnded),
            (Error::SlugTaken, Code::AlreadyExists, ErrorReason::SlugTaken),
            (Error::TooManyPages, Code::ResourceExhausted, ErrorReason::LimitReached),
            (Error::EtagMismatch, Code::Aborted, ErrorReason::EtagMismatch),
            (InvalidPicture::Type.into(), Code::InvalidArgument, ErrorReason::InvalidArgument),
            (Error::NotFound, Code::NotFound, ErrorReason::NotFound),
            (PasswordError::Overloaded.into(), Code::ResourceExhausted, ErrorReason::Overloaded),
        ] {
            let status = Status::from(error);
            assert_eq!((status.code(), status::reason(&status)), (code, Some(reason)));
        }
    }
}
