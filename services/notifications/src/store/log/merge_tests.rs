use std::collections::BTreeSet;

use kit::ids::BroadcastId;
use proptest::{collection::vec, prelude::*};
use uuid::Uuid;

use super::*;

const OUTCOMES: [Outcome; 6] = [
    Outcome::Deferred,
    Outcome::Sent,
    Outcome::Bounced,
    Outcome::Suppressed,
    Outcome::Superseded,
    Outcome::Abandoned,
];

fn id(n: u32) -> RecipientId {
    Uuid::from_u128(n.into()).into()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn lot(pass: i16, generation: i32, second: i64, lines: &[(u32, Outcome, &str)]) -> Lot {
    Lot {
        pass,
        generation,
        last: id(lines.last().unwrap().0),
        attempts: generation,
        written_at: at(second),
        lines: lines
            .iter()
            .map(|(n, outcome, reply)| Line { recipient: id(*n), outcome: *outcome, reply: (*reply).into() })
            .collect(),
    }
}

/// A broadcast as senders would send it, by the throw of these dice.
struct History {
    dice: Vec<u8>,
    thrown: usize,
    clock: i64,
}

impl History {
    fn throw(&mut self, sides: usize) -> usize {
        self.thrown += 1;
        usize::from(self.dice[self.thrown % self.dice.len()]).wrapping_add(self.thrown / self.dice.len())
            % sides
    }

    /// What a sender writes of these, and what is written later of those whom it put off.
    fn send(&mut self, pass: i16, generation: i32, mut recipients: &[u32], stream: &mut Vec<Lot>) {
        while !recipients.is_empty() {
            let (now, rest) = recipients.split_at((1 + self.throw(5)).min(recipients.len()));
            recipients = rest;
            self.clock += 1;
            let sides = if generation < 5 { 6 } else { 5 };
            let mut put_off = [Vec::new(), Vec::new()];
            let mut lines = Vec::new();
            for n in now {
                let outcome = OUTCOMES[OUTCOMES.len() - 1 - self.throw(sides)];
                if outcome == Outcome::Deferred {
                    put_off[self.throw(2)].push(*n);
                }
                lines.push((*n, outcome, ["", "one word", "another"][self.throw(3)]));
            }
            stream.push(lot(pass, generation, self.clock, &lines));
            for recipients in put_off {
                // Some are still to be tried.
                if self.throw(8) > 0 {
                    self.send(pass, generation + 1, &recipients, stream);
                }
            }
        }
    }

    /// The streams of a broadcast to so many, who are in one part of the audience, in both or in none.
    fn streams(&mut self, recipients: u32, passes: i16) -> Vec<Vec<Lot>> {
        let mut streams = Vec::new();
        for pass in 0..=passes {
            for _part in 0..2 {
                let meant = (1..=recipients).filter(|_| self.throw(5) > 1).collect::<Vec<_>>();
                let mut stream = Vec::new();
                self.send(pass, FIRST, &meant, &mut stream);
                stream.sort_by_key(|lot| (lot.last, lot.generation));
                streams.push(stream);
            }
        }
        streams
    }
}

/// All of it at once: every line about a recipient in the order in which they count, and the last one does.
fn obvious(streams: &[Vec<Lot>]) -> Vec<Delivery> {
    let lines = streams.iter().flatten().flat_map(|lot| lot.lines.iter().map(move |line| (lot, line)));
    let lines = lines.collect::<Vec<_>>();
    let everybody = lines.iter().map(|(_, line)| line.recipient).collect::<BTreeSet<_>>();
    everybody
        .into_iter()
        .map(|recipient| {
            let mut of = lines.iter().filter(|(_, line)| line.recipient == recipient).collect::<Vec<_>>();
            of.sort_by_key(|(lot, line)| {
                (line.outcome == Outcome::Sent, lot.pass, lot.generation, lot.written_at)
            });
            let (lot, line) = of.last().unwrap();
            let said = of.iter().rev().find(|(_, line)| !line.reply.is_empty());
            let untried = match line.outcome {
                Outcome::Suppressed | Outcome::Superseded => 1,
                Outcome::Abandoned if line.reply.is_empty() => 1,
                Outcome::Sent | Outcome::Deferred | Outcome::Bounced | Outcome::Abandoned => 0,
            };
            Delivery {
                recipient,
                outcome: line.outcome,
                attempts: lot.attempts - untried,
                reply: said.map(|(_, line)| line.reply.clone()).unwrap_or_default(),
                updated_at: lot.written_at,
                feedback: Vec::new(),
            }
        })
        .collect()
}

/// A page as the store reads it, so many lots at a time; and how many lots that took.
fn page(streams: &[Vec<Lot>], after: RecipientId, want: usize, limit: usize) -> (Vec<Delivery>, usize) {
    let mut page = Page::new(after, want);
    let mut read = 0;
    for stream in streams {
        page.begin_stream();
        loop {
            let place = page.place();
            let behind = stream.iter().filter(|lot| (lot.last, lot.generation) > place);
            let lots = behind.take(limit).cloned().collect::<Vec<_>>();
            read += lots.len();
            let is_end = lots.len() < limit;
            if !page.take(lots, is_end) {
                break;
            }
        }
    }
    (page.deliveries(), read)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_of_any_size_say_of_everybody_what_all_lots_together_say(
        dice in vec(any::<u8>(), 16..200),
        recipients in 0_u32..60,
        passes in 0_i16..3,
        want in 1_usize..20,
        limit in 1_usize..12,
    ) {
        let streams = History { dice, thrown: 0, clock: 0 }.streams(recipients, passes);
        let mut read = Vec::new();
        loop {
            let after = read.last().map_or(RecipientId::BEFORE_ALL, |last: &Delivery| last.recipient);
            let (deliveries, _) = page(&streams, after, want, limit);
            prop_assert!(deliveries.len() <= want);
            let is_end = deliveries.len() < want;
            read.extend(deliveries);
            if is_end {
                break;
            }
        }
        prop_assert_eq!(read, obvious(&streams));
    }
}

#[test]
fn a_page_reads_no_more_of_a_long_log_than_it_takes() {
    let stream = (0..50_000)
        .map(|n| lot(0, FIRST, 0, &[(2 * n + 1, Outcome::Sent, ""), (2 * n + 2, Outcome::Sent, "")]));
    let streams = [stream.collect::<Vec<_>>(), Vec::new()];
    let (deliveries, read) = page(&streams, id(40_000), 10, 8);
    assert_eq!(deliveries.first().unwrap().recipient, id(40_001));
    assert_eq!((deliveries.len(), read), (10, 8));
}

#[test]
fn what_is_sent_in_a_later_pass_counts_and_the_last_words_stay() {
    let mut merged = Merged::default();
    merged.add(lot(0, 1, 1, &[(7, Outcome::Deferred, "450 later")]), |_| true);
    merged.add(lot(0, 2, 2, &[(7, Outcome::Superseded, "")]), |_| true);
    let [superseded] = merged.deliveries().try_into().unwrap();
    assert_eq!(
        (superseded.outcome, superseded.attempts, superseded.reply.as_str()),
        (Outcome::Superseded, 1, "450 later")
    );

    let mut merged = Merged::default();
    merged.add(lot(1, 1, 9, &[(7, Outcome::Sent, "250 taken")]), |_| true);
    merged.add(lot(0, 2, 2, &[(7, Outcome::Abandoned, "450 later")]), |_| true);
    let [sent] = merged.deliveries().try_into().unwrap();
    assert_eq!((sent.outcome, sent.attempts, sent.reply.as_str()), (Outcome::Sent, 1, "250 taken"));
}

#[test]
fn a_mail_that_came_back_has_bounced_in_the_words_that_came_back() {
    let feedback = |kind, second| Feedback {
        broadcast: BroadcastId::from_uuid(Uuid::nil()),
        recipient: id(7),
        kind,
        status: "5.1.1".into(),
        diagnostic: "no such user".into(),
        received_at: at(second),
    };
    let delivery = |outcome, heard: &[Feedback]| {
        let mut merged = Merged::default();
        merged.add(lot(0, 1, 1, &[(7, outcome, "250 taken")]), |_| true);
        let [mut delivery] = <[_; 1]>::try_from(merged.deliveries()).unwrap();
        delivery.hear(heard.to_vec());
        (delivery.outcome, delivery.reply, delivery.updated_at)
    };
    let complained = feedback(FeedbackKind::Complained, 5);
    let returned = feedback(FeedbackKind::Returned, 9);
    assert_eq!(
        delivery(Outcome::Sent, &[complained.clone(), returned.clone()]),
        (Outcome::Bounced, "no such user".into(), at(9))
    );
    assert_eq!(delivery(Outcome::Sent, &[complained]), (Outcome::Sent, "250 taken".into(), at(1)));
    assert_eq!(delivery(Outcome::Abandoned, &[returned]).0, Outcome::Abandoned);
}
