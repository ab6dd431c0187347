//! Types and rules of this service.

mod audience;
mod email;
mod subscriber;
mod suppression;
mod token;

pub(crate) use audience::{Audience, Part, Recipient, Segment, Span, Waiting};
pub(crate) use email::Email;
pub(crate) use subscriber::{
    CONFIRMATION_LIFETIME, Choices, Listed, NEWCOMERS, NEWCOMERS_WINDOW, QUOTA, QUOTA_WINDOW, Standing,
    State, Subscriber,
};
pub(crate) use suppression::{FULL_MAILBOX_WINDOW, Feedback, Reason};
pub(crate) use token::{Confirmation, Tokens, Unsubscription};
