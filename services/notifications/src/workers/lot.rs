//! What a sender holds in its hands: recipients read, and outcomes not yet written down.

use std::{collections::VecDeque, time::Duration};

use kit::ids::SubscriberId;
use tokio::time::Instant;

use crate::{
    audience::Recipient,
    domain::{Outcome, RecipientId},
    store::deliveries::Delivery,
};

/// How old what was read may be when a mail is handed over: who unsubscribed must get nothing 5 s later.
pub(super) const FRESH: Duration = Duration::from_secs(3);

/// Recipients read and not yet settled.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) recipients: VecDeque<Recipient>,
    /// The segment holds nobody behind them.
    pub(super) is_last: bool,
    pub(super) read_at: Instant,
}

impl Window {
    pub(super) fn is_fresh(&self) -> bool {
        self.read_at.elapsed() < FRESH
    }
}

/// Outcomes that are written down together.
#[derive(Debug, Default)]
pub(super) struct Lot {
    pub(super) deliveries: Vec<Delivery>,
    pub(super) retries: Vec<(RecipientId, jiff::SignedDuration)>,
    /// Of subscribers only.
    pub(super) bounces: Vec<(SubscriberId, String)>,
}

impl Lot {
    pub(super) fn add(
        &mut self,
        recipient: RecipientId,
        outcome: Outcome,
        attempts: i32,
        reply: String,
        updated_at: jiff::Timestamp,
    ) {
        self.deliveries.push(Delivery { recipient, outcome, attempts, reply, updated_at });
    }
}

/// From -1 to 1, different for each recipient: their ids end in random bits.
pub(super) fn jitter(recipient: RecipientId) -> f64 {
    let low = recipient.uuid().as_u128() & 0xffff;
    f64::from(u16::try_from(low).unwrap_or(0)) / f64::from(u16::MAX) * 2.0 - 1.0
}
