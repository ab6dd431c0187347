//! What became of recipients, put together from the lots that name them.
//!
//! The log of a broadcast is a stream of lots for each pass and part of the audience, in the order of their last ids.
//! The lots of the first generation follow each other there; each with the later lots that lie within it is a block,
//! and of a block's recipients nothing stands outside of it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    domain::{Outcome, RecipientId},
    store::feedback::{Feedback, FeedbackKind},
};

/// The generation of lots that were planned, and not put off.
const FIRST: i32 = 1;

/// A lot as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lot {
    pub(super) pass: i16,
    pub(super) generation: i32,
    pub(super) last: RecipientId,
    pub(super) attempts: i32,
    pub(super) written_at: Timestamp,
    /// In the order of the recipients.
    pub(super) lines: Vec<Line>,
}

/// What a lot says of one of its recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) recipient: RecipientId,
    pub(super) outcome: Outcome,
    pub(super) reply: String,
}

/// What became of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) recipient: RecipientId,
    pub(crate) outcome: Outcome,
    /// How often it was tried in the pass that counts.
    pub(crate) attempts: i32,
    /// The mail server's last words, or what came back.
    pub(crate) reply: String,
    pub(crate) updated_at: Timestamp,
    /// Oldest first.
    pub(crate) feedback: Vec<Feedback>,
}

impl Delivery {
    /// Takes what came back: a mail that was taken and returned has bounced.
    pub(crate) fn hear(&mut self, feedback: Vec<Feedback>) {
        let returned = feedback.iter().find(|feedback| feedback.kind == FeedbackKind::Returned);
        if let Some(returned) = returned.filter(|_| self.outcome == Outcome::Sent) {
            self.outcome = Outcome::Bounced;
            self.reply.clone_from(&returned.diagnostic);
            self.updated_at = returned.received_at;
        }
        self.feedback = feedback;
    }
}

/// Which of two lines about a recipient counts: the larger. What was sent stays sent; then the later pass, and in it
/// the one who was put off more often. The time decides for one who changed from one part of the audience to the
/// other between two readings of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_sent: bool,
    pass: i16,
    generation: i32,
    written_at: Timestamp,
}

/// All that was said of a recipient so far.
#[derive(Debug)]
struct Known {
    rank: Rank,
    delivery: Delivery,
    /// Of the line that the reply is from.
    replied: Option<Rank>,
}

impl Known {
    fn new(lot: &Lot, line: Line) -> Self {
        let Line { recipient, outcome, reply } = line;
        let Lot { pass, generation, written_at, .. } = *lot;
        let rank = Rank { is_sent: outcome == Outcome::Sent, pass, generation, written_at };
        let was_tried = match outcome {
            Outcome::Sent | Outcome::Deferred | Outcome::Bounced => true,
            Outcome::Suppressed | Outcome::Superseded => false,
            // After a try there are the server's words, or ours on why there are none.
            Outcome::Abandoned => !reply.is_empty(),
        };
        let attempts = if was_tried { lot.attempts } else { (lot.attempts - 1).max(0) };
        let replied = (!reply.is_empty()).then_some(rank);
        let delivery =
            Delivery { recipient, outcome, attempts, reply, updated_at: written_at, feedback: Vec::new() };
        Self { rank, delivery, replied }
    }

    /// The same with what another line says.
    fn with(self, other: Self) -> Self {
        let (mut counts, mut beside) = if self.rank < other.rank { (other, self) } else { (self, other) };
        if counts.replied < beside.replied {
            counts.replied = beside.replied;
            counts.delivery.reply = std::mem::take(&mut beside.delivery.reply);
        }
        counts
    }
}

/// What became of the recipients whom these lots name and who are asked for.
#[derive(Debug, Default)]
pub(super) struct Merged(BTreeMap<RecipientId, Known>);

impl Merged {
    pub(super) fn add(&mut self, mut lot: Lot, is_asked_for: impl Fn(RecipientId) -> bool) {
        for line in std::mem::take(&mut lot.lines) {
            let recipient = line.recipient;
            if is_asked_for(recipient) {
                let new = Known::new(&lot, line);
                let known = match self.0.remove(&recipient) {
                    Some(known) => known.with(new),
                    None => new,
                };
                self.0.insert(recipient, known);
            }
        }
    }

    /// By recipient.
    pub(super) fn deliveries(self) -> Vec<Delivery> {
        self.0.into_values().map(|known| known.delivery).collect()
    }
}

/// The first so many recipients of a log after one, read stream by stream: no more is read of each than that takes,
/// and no more is kept than they and the lots just read.
#[derive(Debug)]
pub(super) struct Page {
    after: RecipientId,
    want: usize,
    /// Nobody behind this one is among the first so many. While it is there, they are that many at least.
    upto: Option<RecipientId>,
    merged: Merged,
    stream: Stream,
}

/// How far a stream was read.
#[derive(Debug, Clone, Copy)]
struct Stream {
    /// The last id and the generation of the lot read last.
    place: (RecipientId, i32),
    /// The first generation's lot whose block may go on.
    open: Option<RecipientId>,
    /// Everything about those up to here was read.
    closed: Option<RecipientId>,
    /// How many there are up to the end of the open block.
    count: usize,
    /// How many there are up to `closed`.
    closed_count: usize,
}

impl Page {
    /// A page of this many, 1 at least.
    pub(super) fn new(after: RecipientId, want: usize) -> Self {
        let stream = Stream { place: (after, i32::MAX), open: None, closed: None, count: 0, closed_count: 0 };
        Self { after, want, upto: None, merged: Merged::default(), stream }
    }

    /// Goes over to the next stream.
    pub(super) fn begin_stream(&mut self) {
        self.stream = Self::new(self.after, self.want).stream;
    }

    /// The stream is read on with the lots whose last id and generation are behind these.
    pub(super) fn place(&self) -> (RecipientId, i32) {
        self.stream.place
    }

    /// Takes the next lots of the stream, in the order of their last ids and generations; `is_end` says that there
    /// are no more. Answers whether more of the stream is needed.
    pub(super) fn take(&mut self, lots: Vec<Lot>, is_end: bool) -> bool {
        let (after, upto, stream) = (self.after, self.upto, &mut self.stream);
        for lot in lots {
            if stream.open.is_some_and(|open| open < lot.last) {
                stream.closed = stream.open.take();
                stream.closed_count = stream.count;
            }
            if lot.generation == FIRST {
                stream.open = Some(lot.last);
                stream.count += lot.lines.iter().filter(|line| line.recipient > after).count();
            }
            stream.place = (lot.last, lot.generation);
            self.merged.add(lot, |id| id > after && upto.is_none_or(|upto| id <= upto));
        }
        let is_enough =
            stream.closed_count >= self.want || upto.is_some_and(|upto| stream.closed >= Some(upto));
        if !is_end && !is_enough {
            return true;
        }
        if !is_end && let Some(closed) = stream.closed {
            self.cut(closed);
        }
        let last = self.merged.0.keys().nth(self.want - 1).copied();
        if let Some(last) = last {
            self.cut(last);
        }
        false
    }

    fn cut(&mut self, last: RecipientId) {
        let last = self.upto.map_or(last, |upto| upto.min(last));
        self.upto = Some(last);
        self.merged.0.retain(|recipient, _| *recipient <= last);
    }

    /// The deliveries; fewer than wanted if there are no more.
    pub(super) fn deliveries(self) -> Vec<Delivery> {
        self.merged.deliveries()
    }
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
