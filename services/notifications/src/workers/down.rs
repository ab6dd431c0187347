//! Why a sender stops working at a segment.

use jiff::SignedDuration;

use crate::{error::Error, relays::Unopened};

/// Why a sender puts a segment down before it is done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Down {
    #[error("others have their turn")]
    Turn,
    #[error("the lease is another's, or nobody's")]
    Lapsed,
    #[error("the provider of all of them takes no more now")]
    Held(SignedDuration),
    #[error("{0}")]
    Relay(#[from] Unopened),
    #[error("the mail server ended the connection over a mail: {0}")]
    Dropped(String),
    #[error("{0}")]
    Failed(#[from] Error),
}

impl From<sqlx::Error> for Down {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}
