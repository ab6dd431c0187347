//! What is done without being asked. A worker is a step; the loop around it is kit's.

pub mod forget_full_mailboxes;
pub mod forget_pending;
pub mod forget_quotas;
pub mod relay_outbox;
