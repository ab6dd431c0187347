//! How much one provider takes.
//!
//! Both the mails in flight and the mails a second begin without a limit. When a share of the mails is refused for now,
//! both are halved, at most once a second; each mail that is taken adds a little. When nothing but refusals comes, the
//! lane rests, and after that one mail tries it. Nothing here waits or looks at a clock: the time is the caller's.

use std::time::Duration;

use tokio::time::Instant;

use super::pace::{doubled, jittered, refilled};

/// Fewer refusals say nothing: greylisting refuses each address once.
const FEWEST_REFUSALS: u32 = 3;
/// A lane slows down when one in so many is refused.
const SHARE: u32 = 10;
/// Of so many mails the share is taken; half of them are forgotten then.
const COUNTED: u32 = 200;
/// After so many refusals in a row, and none taken, a lane rests.
const CLOSE_AFTER: u32 = 10;
const SLOW_EVERY: Duration = Duration::from_secs(1);
const FIRST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_secs(60);
/// How long a lane rests that refuses us for our reputation.
const FIRST_PAUSE: Duration = Duration::from_secs(600);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// What a mail that is taken adds to the mails in flight.
const MORE_IN_FLIGHT: f64 = 0.5;
/// What a mail that is taken adds to the mails a second: a lane that takes all gets faster by a factor of e in four
/// seconds.
const MORE_A_SECOND: f64 = 0.25;
/// A lane that takes so many mails a second has no limit.
const UNLIMITED: f64 = 10_000.0;
/// How many seconds' mails may go at once after a time without any: those who wait come back once a second.
const BURST: f64 = 2.0;
/// How many mails a place in flight lets through in a second, for those who wait for one.
const TURNS_A_SECOND: f64 = 5.0;
const SHORTEST_WAIT: Duration = Duration::from_millis(200);
/// Nobody is put off for longer because others wait: the lane may be faster by then.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// What a reply says of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lesson {
    /// The provider dealt with the mail.
    Taken,
    /// It refused it for now, and not for the address's sake.
    Refused,
    /// It refused it for our reputation.
    Reputation,
    /// Nothing.
    Nothing,
}

/// Why a mail must wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    InFlight,
    Rate,
    Rest,
    Reputation,
}

/// The state of one lane.
#[derive(Debug)]
pub(super) struct Lane {
    in_flight: u32,
    /// The most in flight, 1 to `most`.
    limit: f64,
    most: f64,
    /// Mails a second; infinite if there is no limit.
    rate: f64,
    left: f64,
    refilled_at: Instant,
    seen: u32,
    refused: u32,
    disliked: u32,
    refused_in_a_row: u32,
    slowed_at: Option<Instant>,
    rest: Option<(Instant, Why)>,
    /// One mail tries whether the rest is over.
    trial: bool,
    rests: u32,
    pauses: u32,
    speed: Speed,
    /// When the last of those who wait has its turn.
    queue_ends: Instant,
    pub(super) used_at: Instant,
}

impl Lane {
    /// A lane without limits but `most` in flight.
    pub(super) fn new(most: u32, now: Instant) -> Self {
        Self {
            in_flight: 0,
            limit: f64::from(most),
            most: f64::from(most),
            rate: f64::INFINITY,
            left: 1.0,
            refilled_at: now,
            seen: 0,
            refused: 0,
            disliked: 0,
            refused_in_a_row: 0,
            slowed_at: None,
            rest: None,
            trial: false,
            rests: 0,
            pauses: 0,
            speed: Speed { began: now, this: 0, last: 0 },
            queue_ends: now,
            used_at: now,
        }
    }

    /// Whether it may be forgotten without harm.
    pub(super) fn is_forgettable(&self) -> bool {
        self.in_flight == 0 && self.rest.is_none() && !self.trial && self.rate.is_infinite()
    }

    #[cfg(test)]
    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight
    }

    #[cfg(test)]
    pub(super) fn rate(&self) -> f64 {
        self.rate
    }

    /// Lets a mail go, or says how long it waits. Those who wait get times one after the other, as fast as the lane is:
    /// they do not come back together.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(), (Duration, Why)> {
        self.used_at = now;
        if let Some((until, why)) = self.rest {
            if now < until {
                return Err((self.wait(until, now), why));
            }
            (self.rest, self.trial) = (None, true);
        }
        let places = if self.trial { 1.0 } else { self.limit.floor() };
        if f64::from(self.in_flight) + 1.0 > places {
            return Err((self.wait(now, now), Why::InFlight));
        }
        if self.rate.is_finite() {
            let elapsed = now.saturating_duration_since(self.refilled_at);
            self.left = refilled(self.left, self.rate, elapsed, BURST);
            self.refilled_at = now;
            if self.left < 1.0 {
                return Err((self.wait(now, now), Why::Rate));
            }
            self.left -= 1.0;
        }
        self.in_flight += 1;
        self.speed.count(now);
        Ok(())
    }

    fn wait(&mut self, from: Instant, now: Instant) -> Duration {
        let speed = self.rate.min(self.limit * TURNS_A_SECOND);
        self.queue_ends = self.queue_ends.max(from) + Duration::from_secs_f64(1.0 / speed);
        let last = from + LONGEST_WAIT;
        if self.queue_ends > last {
            self.queue_ends = last;
        }
        self.queue_ends.saturating_duration_since(now).max(SHORTEST_WAIT)
    }

    /// A mail that was let go is not in flight any more.
    pub(super) fn leave(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Learns from a reply. Answers how long the lane pauses, if it begins to pause for our reputation.
    pub(super) fn learn(&mut self, lesson: Lesson, now: Instant) -> Option<Duration> {
        // What was in flight when a rest began says nothing new.
        let rests = self.rest.is_some_and(|(until, _)| now < until);
        match lesson {
            Lesson::Nothing => {}
            Lesson::Taken if rests => {}
            Lesson::Taken => self.take(),
            Lesson::Refused if rests => {}
            Lesson::Refused => self.refuse(now),
            Lesson::Reputation => {
                self.see();
                self.disliked += 1;
                // One mailbox of many speaks for itself.
                if self.disliked * SHARE < self.seen {
                    return None;
                }
                if self.rest.is_some_and(|(until, why)| now < until && why == Why::Reputation) {
                    return None;
                }
                self.pauses = self.pauses.saturating_add(1);
                let pause = doubled(FIRST_PAUSE, self.pauses, LONGEST_PAUSE);
                self.close(now + pause, Why::Reputation);
                return Some(pause);
            }
        }
        None
    }

    fn take(&mut self) {
        self.see();
        (self.refused_in_a_row, self.rests, self.pauses, self.trial) = (0, 0, 0, false);
        self.limit = (self.limit + MORE_IN_FLIGHT).min(self.most);
        self.rate += MORE_A_SECOND;
        if self.rate > UNLIMITED {
            self.rate = f64::INFINITY;
        }
    }

    fn refuse(&mut self, now: Instant) {
        self.see();
        self.refused += 1;
        self.refused_in_a_row += 1;
        if self.trial || self.refused_in_a_row >= CLOSE_AFTER {
            self.slow(now);
            self.rests = self.rests.saturating_add(1);
            let rest = jittered(doubled(FIRST_REST, self.rests, LONGEST_REST), now).min(LONGEST_REST);
            self.close(now + rest, Why::Rest);
        } else if self.refused >= FEWEST_REFUSALS && self.refused * SHARE >= self.seen {
            self.slow(now);
        }
    }

    fn see(&mut self) {
        self.seen += 1;
        if self.seen >= COUNTED {
            (self.seen, self.refused, self.disliked) = (self.seen / 2, self.refused / 2, self.disliked / 2);
        }
    }

    fn slow(&mut self, now: Instant) {
        if self.slowed_at.is_some_and(|at| now < at + SLOW_EVERY) {
            return;
        }
        self.slowed_at = Some(now);
        (self.seen, self.refused, self.disliked) = (0, 0, 0);
        let used = f64::from(self.in_flight.max(1));
        self.limit = (self.limit.min(used) / 2.0).max(1.0);
        self.rate = (self.rate.min(self.speed.mails()) / 2.0).max(1.0);
    }

    fn close(&mut self, until: Instant, why: Why) {
        self.rest = Some((until, why));
        (self.trial, self.refused_in_a_row) = (false, 0);
        self.limit = 1.0;
    }
}

/// Mails let go in a second.
#[derive(Debug)]
struct Speed {
    began: Instant,
    this: u32,
    last: u32,
}

impl Speed {
    fn count(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.began);
        if elapsed >= Duration::from_secs(1) {
            self.last = if elapsed < Duration::from_secs(2) { self.this } else { 0 };
            (self.this, self.began) = (0, now);
        }
        self.this += 1;
    }

    fn mails(&self) -> f64 {
        f64::from(self.this.max(self.last).max(1))
    }
}
