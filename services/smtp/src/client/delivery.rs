//! Delivering many mails over one connection, each to one recipient.
//!
//! With PIPELINING the body of one mail and the commands of the next leave in one write, so that a mail costs
//! one round trip. The announced mail is settled from its three replies; if the server answers its `DATA`
//! with 354 although it refused the recipient, a lone dot ends that transaction (RFC 2920, section 3.1).

use std::ops::ControlFlow;

use super::{
    connection::Connection,
    fault::{Fault, Stage},
    message::{is_writable, octets, put_mail, put_message, put_recipient},
    reply::{EnhancedStatus, Reply, Verdict, printable},
};

/// The reply in the report of a mail whose envelope cannot be written.
pub const UNWRITABLE: &str = "the envelope is not writable: no mail was handed over";

/// From whom and to whom: one recipient a mail.
///
/// Both are ASCII without spaces, control characters and angle brackets, at most 254 octets; the sender may be
/// empty. An envelope that is not so is never written and its mail reported as [`Verdict::Rejected`], not as
/// bounced: no server has said a word about the address, and nobody is suppressed for a fault of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// `MAIL FROM`.
    pub sender: String,
    /// `RCPT TO`.
    pub recipient: String,
}

/// What became of one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The outcome.
    pub verdict: Verdict,
    /// The enhanced status code of the reply, if it had one: 5.2.2 tells a full mailbox from a policy.
    pub status: Option<EnhancedStatus>,
    /// The server's reply, or what happened in its place: at most 500 characters of printable ASCII. It may
    /// repeat the recipient's address.
    pub reply: String,
}

/// What a sender is about to do with a mail, and is asked for leave to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Announce it: it is composed, and `MAIL`, `RCPT` and `DATA` are written. A no costs nothing.
    Announce,
    /// Hand it over: the server has invited its body. A no costs the connection.
    HandOver,
}

/// The connection is gone; every mail has its report.
#[derive(Debug, thiserror::Error)]
#[error("the connection to the mail server is lost: {0}")]
pub struct Lost(#[from] pub Fault);

impl Connection {
    /// Delivers `count` mails in order.
    ///
    /// `compose(i, body)` writes the message `i` into the empty `body` and returns its envelope; it is called
    /// once for each mail in order, for a mail possibly before the one before is settled. Lines should end in
    /// CRLF; lone CR and LF are made CRLF, and dots are doubled here.
    ///
    /// `report(i, …)` is called once for each mail, in order, as soon as its outcome is known. When it
    /// breaks, no further mail is announced; one that is already (at most one) is still delivered and
    /// reported.
    ///
    /// # Errors
    /// [`Lost`] when the connection broke, timed out, got out of step or the server left with 421. Before
    /// that, every mail that had no report got one: [`Verdict::Unknown`] the one whose final dot was written,
    /// [`Verdict::NotTried`] the others (only those already composed, if `report` had said break).
    ///
    /// # Cancelling
    /// If the future is dropped, the connection cannot be used again, and of the mails without a report the
    /// first may have been sent.
    pub async fn deliver<F, R>(&mut self, count: usize, compose: F, report: R) -> Result<(), Lost>
    where
        F: FnMut(usize, &mut Vec<u8>) -> Envelope + Send,
        R: FnMut(usize, Report) -> ControlFlow<()> + Send,
    {
        self.deliver_while(|_| true, count, compose, report).await
    }

    /// The same as long as `may_go`: it is asked before each mail is announced, and again, however long the
    /// server took to invite it, before its body is written: see [`Step`]. After a no nothing more is announced; a
    /// mail that may not be handed over costs the connection, the only way to take it back.
    ///
    /// # Errors
    /// As [`Connection::deliver`].
    pub async fn deliver_while<G, F, R>(
        &mut self,
        mut may_go: G,
        count: usize,
        mut compose: F,
        mut report: R,
    ) -> Result<(), Lost>
    where
        G: FnMut(Step) -> bool + Send,
        F: FnMut(usize, &mut Vec<u8>) -> Envelope + Send,
        R: FnMut(usize, Report) -> ControlFlow<()> + Send,
    {
        let mut run = Run {
            may_go: &mut may_go,
            count,
            composed: 0,
            settled: 0,
            stopped: false,
            dotted: false,
            limit: self.extensions.size.filter(|&octets| octets > 0),
            compose: &mut compose,
            report: &mut report,
        };
        let outcome = if !std::mem::replace(&mut self.usable, false) {
            Err(Fault::Spent)
        } else if self.extensions.pipelining {
            self.deliver_pipelined(&mut run).await
        } else {
            self.deliver_by_steps(&mut run).await
        };
        match outcome {
            Ok(()) => {
                self.usable = true;
                Ok(())
            }
            Err(fault) => {
                run.lose(&fault);
                Err(Lost(fault))
            }
        }
    }

    async fn deliver_pipelined(&mut self, run: &mut Run<'_>) -> Result<(), Fault> {
        let (mut body, mut next_body, mut group) = (Vec::new(), Vec::new(), Vec::new());
        let mut open = Open::Nothing;
        loop {
            group.clear();
            match open {
                Open::Nothing => {}
                Open::Body if !(run.may_go)(Step::HandOver) => return Err(Fault::Withdrawn),
                Open::Body => put_message(&mut group, &body),
                Open::Refused => group.extend_from_slice(RSET),
                Open::Empty => {
                    group.extend_from_slice(b".\r\n");
                    group.extend_from_slice(RSET);
                }
            }
            let message_end = group.len();
            let next = run.compose_next(&mut next_body);
            if let Some(Ok(envelope)) = &next {
                self.put_mail(&mut group, &envelope.sender, &next_body);
                put_recipient(&mut group, &envelope.recipient);
                group.extend_from_slice(DATA);
            }
            let (written, outcome) = self.write(&group).await;
            run.dotted = open == Open::Body && written >= message_end;
            outcome?;
            match open {
                Open::Nothing => {}
                Open::Body => run.settle(self.hear_dot().await?),
                Open::Refused => self.hear_reset().await?,
                Open::Empty => {
                    self.hear(Stage::Dot).await?;
                    self.hear_reset().await?;
                }
            }
            open = match next {
                None => return Ok(()),
                Some(Err(report)) => {
                    run.settle(report);
                    Open::Nothing
                }
                Some(Ok(_)) => self.hear_announced(run).await?,
            };
            std::mem::swap(&mut body, &mut next_body);
        }
    }

    /// The replies to `MAIL`, `RCPT` and `DATA` of one mail. The first refusal settles it; those behind it
    /// only follow from it.
    async fn hear_announced(&mut self, run: &mut Run<'_>) -> Result<Open, Fault> {
        let mut refused = false;
        let mut has_recipient = false;
        for stage in [Stage::Mail, Stage::Recipient] {
            let refusal = self.hear_refusal(stage).await?;
            has_recipient = refusal.is_none();
            if let (Some((verdict, reply)), false) = (refusal, refused) {
                run.settle(Report::of(verdict, reply));
                refused = true;
            }
        }
        if !refused {
            let Some((verdict, reply)) = self.hear_refusal(Stage::Data).await? else {
                return Ok(Open::Body);
            };
            run.settle(Report::of(verdict, reply));
            return Ok(Open::Refused);
        }
        match self.hear(Stage::Data).await?.refusal(Stage::Data)? {
            // an empty mail would go out to somebody
            (None, reply) if has_recipient => Err(Fault::OutOfStep { stage: Stage::Data, reply }),
            (None, _) => Ok(Open::Empty),
            (Some(_), _) => Ok(Open::Refused),
        }
    }

    /// The same, for a server without PIPELINING.
    async fn deliver_by_steps(&mut self, run: &mut Run<'_>) -> Result<(), Fault> {
        let (mut body, mut message) = (Vec::new(), Vec::new());
        while let Some(next) = run.compose_next(&mut body) {
            let refusal = match next {
                Ok(envelope) => self.announce_by_steps(&envelope, &body).await?,
                Err(report) => {
                    run.settle(report);
                    continue;
                }
            };
            if let Some(report) = refusal {
                run.settle(report);
                self.write(RSET).await.1?;
                self.hear_reset().await?;
                continue;
            }
            if !(run.may_go)(Step::HandOver) {
                return Err(Fault::Withdrawn);
            }
            message.clear();
            put_message(&mut message, &body);
            let (written, outcome) = self.write(&message).await;
            run.dotted = written >= message.len();
            outcome?;
            run.settle(self.hear_dot().await?);
        }
        Ok(())
    }

    /// The commands of one mail up to the first refusal.
    async fn announce_by_steps(&mut self, envelope: &Envelope, body: &[u8]) -> Result<Option<Report>, Fault> {
        let (mut mail, mut recipient) = (Vec::new(), Vec::new());
        self.put_mail(&mut mail, &envelope.sender, body);
        put_recipient(&mut recipient, &envelope.recipient);
        for (stage, command) in
            [(Stage::Mail, &mail[..]), (Stage::Recipient, &recipient[..]), (Stage::Data, DATA)]
        {
            self.write(command).await.1?;
            if let Some((verdict, reply)) = self.hear_refusal(stage).await? {
                return Ok(Some(Report::of(verdict, reply)));
            }
        }
        Ok(None)
    }

    async fn hear_dot(&mut self) -> Result<Report, Fault> {
        let (refusal, reply) = self.hear(Stage::Dot).await?.refusal(Stage::Dot)?;
        self.delivered += 1;
        Ok(Report::of(refusal.unwrap_or(Verdict::Sent), reply))
    }

    async fn hear_reset(&mut self) -> Result<(), Fault> {
        let reply = self.hear(Stage::Reset).await?;
        if reply.is_success() { Ok(()) } else { Err(Fault::OutOfStep { stage: Stage::Reset, reply }) }
    }

    fn put_mail(&self, out: &mut Vec<u8>, sender: &str, body: &[u8]) {
        let eight_bit = self.extensions.eight_bit && !body.is_ascii();
        put_mail(out, sender, eight_bit, self.extensions.size.map(|_| octets(body)));
    }
}

const DATA: &[u8] = b"DATA\r\n";
const RSET: &[u8] = b"RSET\r\n";

/// What the server expects next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// Another mail.
    Nothing,
    /// The message, after 354.
    Body,
    /// Another mail, once the sender of the refused one is forgotten: else it is "nested".
    Refused,
    /// A message that nobody gets, after 354 without a recipient.
    Empty,
}

/// The books of one call: mails are settled in order, so that the next one to settle is a number, and a mail
/// cannot be settled twice.
struct Run<'a> {
    count: usize,
    composed: usize,
    settled: usize,
    stopped: bool,
    /// Whether the final dot of the mail `settled` may have left.
    dotted: bool,
    /// The largest message that the server takes, in octets.
    limit: Option<u64>,
    may_go: &'a mut (dyn FnMut(Step) -> bool + Send),
    compose: &'a mut (dyn FnMut(usize, &mut Vec<u8>) -> Envelope + Send),
    report: &'a mut (dyn FnMut(usize, Report) -> ControlFlow<()> + Send),
}

impl Run<'_> {
    /// The next mail, or the report of one that must not be written; none when there is no more to do.
    fn compose_next(&mut self, body: &mut Vec<u8>) -> Option<Result<Envelope, Report>> {
        if self.stopped || self.composed == self.count {
            return None;
        }
        if !(self.may_go)(Step::Announce) {
            self.stopped = true;
            return None;
        }
        body.clear();
        let envelope = (self.compose)(self.composed, body);
        self.composed += 1;
        let rejected = |reason: &str| Some(Err(Report::without_reply(Verdict::Rejected, reason)));
        if !is_writable(&envelope) {
            return rejected(UNWRITABLE);
        }
        match self.limit.map(|limit| (limit, octets(body))) {
            Some((limit, octets)) if octets > limit => rejected(&format!(
                "the message has {octets} octets and the mail server takes at most {limit}: it was not handed over"
            )),
            Some(_) | None => Some(Ok(envelope)),
        }
    }

    fn settle(&mut self, report: Report) {
        let index = self.settled;
        self.settled += 1;
        self.dotted = false;
        self.stopped |= (self.report)(index, report).is_break();
    }

    /// Settles all that is left. With 421 the server says itself that it did not take the mail.
    fn lose(&mut self, fault: &Fault) {
        let mut verdict = if self.dotted && !matches!(fault, Fault::Leaving { .. }) {
            Verdict::Unknown
        } else {
            Verdict::NotTried
        };
        let reason = fault.to_string();
        while self.settled < self.composed || (!self.stopped && self.settled < self.count) {
            self.settle(Report::without_reply(verdict, &reason));
            verdict = Verdict::NotTried;
        }
    }
}

impl Report {
    fn of(verdict: Verdict, reply: Reply) -> Self {
        Self { verdict, status: reply.status(), reply: reply.into_line() }
    }

    fn without_reply(verdict: Verdict, reason: &str) -> Self {
        Self { verdict, status: None, reply: printable(reason) }
    }
}
