//! What members prove themselves with: passwords and refresh tokens.

mod password;
mod refresh_token;

pub(crate) use password::{PasswordError, Passwords};
pub(crate) use refresh_token::{RefreshToken, RefreshTokens};
