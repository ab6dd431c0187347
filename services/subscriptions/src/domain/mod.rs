//! Types and rules of this service.

mod email;
mod subscriber;
mod token;

pub(crate) use email::Email;
pub(crate) use subscriber::{
    CONFIRMATION_LIFETIME, Listed, NEWCOMERS, NEWCOMERS_WINDOW, QUOTA, QUOTA_WINDOW, Recipient, Segment,
    Standing, State, Subscriber,
};
pub(crate) use token::{Confirmation, Tokens, Unsubscription};
