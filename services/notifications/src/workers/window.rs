//! What a sender holds in its hands: recipients read, and outcomes not yet written down.

use std::{collections::VecDeque, time::Duration};

use jiff::SignedDuration;
use kit::{Db, ids::SubscriberId};
use proto::internal::v1::FeedbackKind;
use smtp::client;
use tokio::time::Instant;

use crate::{
    audience::{self, Audiences, Meant, Recipient, Rest},
    domain::{Lease, NewBroadcast, Outcome, RecipientId, behind},
    error::Error,
    store::{
        log,
        lots::{Delivery, Retry},
    },
};

/// Octets of a reply in the log.
const MAX_REPLY: usize = 500;
/// How many recipients are read at once, and written off at once.
const READ: i32 = audience::MAX_READ;

/// How old what was read may be when a mail is announced.
const ANNOUNCE: Duration = Duration::from_secs(2);
/// How old it may be when the mail is handed over: who unsubscribed must get nothing 5 s later. A server has the time
/// between the two to invite the mail.
const HAND_OVER: Duration = Duration::from_secs(4);

/// One of those whom a segment is for.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    /// Gets a mail.
    Present(Recipient),
    /// Was put off, and has left since.
    Gone(RecipientId),
    /// Has it from an earlier pass.
    Had(RecipientId),
}

impl Entry {
    pub(super) fn id(&self) -> RecipientId {
        match self {
            Self::Present(recipient) => recipient.id,
            Self::Gone(id) | Self::Had(id) => *id,
        }
    }

    /// The one to write to.
    pub(super) fn to_mail(&self) -> Option<&Recipient> {
        match self {
            Self::Present(recipient) => Some(recipient).filter(|recipient| !recipient.suppressed),
            Self::Gone(_) | Self::Had(_) => None,
        }
    }
}

/// Recipients read and not yet settled, in the order of their ids.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) entries: VecDeque<Entry>,
    /// The segment holds nobody behind them.
    pub(super) is_last: bool,
    pub(super) read_at: Instant,
}

impl Window {
    /// Reads those who are left of a segment, as they are now.
    pub(super) async fn read(
        db: &Db,
        audiences: &Audiences,
        lease: &Lease,
        broadcast: &NewBroadcast,
    ) -> Result<Self, Error> {
        // Taken before the question: an answer is as old as that.
        let read_at = Instant::now();
        let only = lease.only.as_deref().map(|only| behind(only, lease.cursor));
        let meant = Meant {
            tenant: lease.tenant,
            page: broadcast.page.page_id,
            audience: broadcast.content.audience(),
            components: &broadcast.components,
        };
        let rest = Rest { part: lease.part, after: lease.cursor, last: lease.last, only };
        let recipients = audiences.read(meant, rest, READ).await?;
        let is_last = only.is_some() || audience::is_end(recipients.len(), READ);
        let mut entries = entries(only, recipients);
        if lease.pass > 0 {
            let mut tx = db.tenant(lease.tenant).await?;
            let (after, last) = (lease.cursor, entries.back().map_or(lease.last, Entry::id));
            let had =
                log::sent_before(&mut tx, lease.tenant, lease.broadcast, lease.pass, after, last).await?;
            tx.rollback().await?;
            for entry in entries.iter_mut().filter(|entry| had.contains(&entry.id())) {
                *entry = Entry::Had(entry.id());
            }
        }
        Ok(Self { entries, is_last, read_at })
    }

    /// Whether it is not too old for this step of a conversation.
    pub(super) fn is_fresh(&self, step: client::Step) -> bool {
        is_fresh(self.read_at, step)
    }
}

/// Whether what was read then is not too old for this step of a conversation.
pub(super) fn is_fresh(read_at: Instant, step: client::Step) -> bool {
    let limit = match step {
        client::Step::Announce => ANNOUNCE,
        client::Step::HandOver => HAND_OVER,
    };
    read_at.elapsed() < limit
}

/// Those who were meant and those who are there, as entries: who is missing has left.
fn entries(only: Option<&[RecipientId]>, read: Vec<Recipient>) -> VecDeque<Entry> {
    let Some(only) = only else { return read.into_iter().map(Entry::Present).collect() };
    let mut read = read.into_iter().peekable();
    let entry = |id: &RecipientId| match read.next_if(|recipient| recipient.id == *id) {
        Some(recipient) => Entry::Present(recipient),
        None => Entry::Gone(*id),
    };
    only.iter().map(entry).collect()
}

/// Outcomes that are written down together, in the order of the recipients' ids.
#[derive(Debug, Default)]
pub(super) struct Lot {
    pub(super) deliveries: Vec<Delivery>,
    pub(super) retries: Vec<Retry>,
    /// What refusals say of subscribers' addresses.
    pub(super) strikes: Vec<(SubscriberId, FeedbackKind, String)>,
    /// Who is settled last; also if there is nothing to write down of them.
    pub(super) cursor: Option<RecipientId>,
}

impl Lot {
    /// Of the reply as much is kept as the log takes.
    pub(super) fn add(&mut self, recipient: RecipientId, outcome: Outcome, mut reply: String) {
        reply.truncate(reply.floor_char_boundary(MAX_REPLY));
        self.deliveries.push(Delivery { recipient, outcome, reply });
        self.cursor = Some(recipient);
    }

    /// Puts a recipient off, together with the others of the lot who are: after the longest of their pauses.
    pub(super) fn put_off(
        &mut self,
        recipient: RecipientId,
        pause: SignedDuration,
        counts: bool,
        reply: String,
    ) {
        self.add(recipient, Outcome::Deferred, reply);
        match self.retries.iter_mut().find(|retry| retry.counts == counts) {
            Some(retry) => {
                retry.recipients.push(recipient);
                retry.pause = retry.pause.max(pause);
            }
            None => self.retries.push(Retry { recipients: vec![recipient], pause, counts }),
        }
    }
}

/// From -1 to 1, different for each recipient: their ids end in random bits.
pub(super) fn jitter(recipient: RecipientId) -> f64 {
    let low = recipient.uuid().as_u128() & 0xffff;
    f64::from(u16::try_from(low).unwrap_or(0)) / f64::from(u16::MAX) * 2.0 - 1.0
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> RecipientId {
        Uuid::from_u128(n).into()
    }

    fn recipient(n: u128) -> Recipient {
        Recipient {
            id: id(n),
            email: format!("{n}@example.com"),
            locale: None,
            time_zone: None,
            token: String::new(),
            suppressed: false,
        }
    }

    #[test]
    fn who_was_meant_and_is_not_there_any_more_has_left() {
        let found = entries(Some(&[id(1), id(2), id(3)]), vec![recipient(2)]);
        let shown = found.iter().map(|entry| (entry.id(), entry.to_mail().is_some())).collect::<Vec<_>>();
        assert_eq!(shown, [(id(1), false), (id(2), true), (id(3), false)]);
        assert_eq!(entries(None, vec![recipient(2), recipient(9)]).len(), 2);
    }

    #[test]
    fn those_who_were_tried_and_those_who_were_held_back_are_put_off_apart() {
        let mut lot = Lot::default();
        lot.put_off(id(1), SignedDuration::from_secs(60), true, "450".into());
        lot.put_off(id(2), SignedDuration::from_secs(5), false, "held".into());
        lot.put_off(id(3), SignedDuration::from_secs(70), true, "450".into());
        let of = |retry: &Retry| (retry.recipients.clone(), retry.pause.as_secs(), retry.counts);
        assert_eq!(
            lot.retries.iter().map(of).collect::<Vec<_>>(),
            [(vec![id(1), id(3)], 70, true), (vec![id(2)], 5, false)]
        );
        assert_eq!((lot.deliveries.len(), lot.cursor), (3, Some(id(3))));
        lot.add(id(4), Outcome::Deferred, "é".repeat(251));
        assert_eq!(lot.deliveries[3].reply.len(), 500);
    }
}
