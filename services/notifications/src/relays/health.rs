//! Whether a relay can be used.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::pace::{doubled, jittered};

/// How long a relay is left alone after its first failure …
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// … and after many: it is found again within a minute.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// What is said of a relay that somebody tries at this moment.
const UNDER_TRIAL: Duration = Duration::from_secs(1);

/// The health of one relay. What is reported names the spell in which it began: thirty connections that a relay drops
/// together are one failure.
#[derive(Debug)]
pub(super) struct Health(Mutex<State>);

#[derive(Debug)]
struct State {
    standing: Standing,
    /// Failures since mails last went through.
    failures: u32,
    /// Whether it took its leave over a mail since mails last went through.
    stumbled: bool,
    spell: Spell,
}

/// A time in which the relay stood the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spell(u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Open,
    Closed {
        until: Instant,
    },
    /// One sender tries it; the others wait for what comes of that.
    Trial,
}

/// Whether a relay may be used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// By everybody.
    Open(Spell),
    /// By whoever tries it first.
    Due,
    /// After so long.
    Closed(Duration),
}

impl Health {
    /// Of a relay that nobody has tried.
    pub(super) fn new() -> Self {
        Self(Mutex::new(State { standing: Standing::Open, failures: 0, stumbled: false, spell: Spell(0) }))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn look(&self) -> Look {
        let (now, state) = (Instant::now(), self.state());
        match state.standing {
            Standing::Open => Look::Open(state.spell),
            Standing::Trial => Look::Closed(UNDER_TRIAL),
            Standing::Closed { until } if until <= now => Look::Due,
            Standing::Closed { until } => Look::Closed(until - now),
        }
    }

    /// Begins a trial if none runs. Dropped without a word, it counts as not begun.
    pub(super) fn try_out(&self) -> Option<Trial<'_>> {
        let mut state = self.state();
        let Standing::Closed { until } = state.standing else { return None };
        if until > Instant::now() {
            return None;
        }
        state.turn(Standing::Trial);
        Some(Trial { health: self, spell: state.spell })
    }

    /// It failed: closed for a time that doubles with each failure.
    pub(super) fn failed(&self, spell: Spell) {
        let mut state = self.state();
        if state.spell == spell {
            state.fail();
        }
    }

    /// It took its leave with 421, or dropped the connection, over a mail. It may mean that mail alone: the second time
    /// without a mail going through between, it is closed.
    pub(super) fn stumbled(&self, spell: Spell) {
        let mut state = self.state();
        if state.spell == spell && std::mem::replace(&mut state.stumbled, true) {
            state.fail();
        }
    }

    /// Mails went through. That a connection opened says little: the next 421 may follow.
    pub(super) fn served(&self) {
        let mut state = self.state();
        (state.failures, state.stumbled) = (0, false);
    }
}

impl State {
    fn turn(&mut self, standing: Standing) {
        self.standing = standing;
        self.spell = Spell(self.spell.0 + 1);
    }

    fn fail(&mut self) {
        let now = Instant::now();
        self.failures = self.failures.saturating_add(1);
        self.stumbled = false;
        let pause = jittered(doubled(FIRST_PAUSE, self.failures, LONGEST_PAUSE), now).min(LONGEST_PAUSE);
        self.turn(Standing::Closed { until: now + pause });
    }
}

/// The trial of a relay that was closed.
#[derive(Debug)]
pub(super) struct Trial<'a> {
    health: &'a Health,
    spell: Spell,
}

impl Trial<'_> {
    /// It took the connection: it is open, in the spell that is answered.
    pub(super) fn passed(self) -> Spell {
        let mut state = self.health.state();
        state.turn(Standing::Open);
        state.spell
    }

    /// It did not.
    pub(super) fn failed(self) {
        self.health.failed(self.spell);
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        let mut state = self.health.state();
        if state.spell == self.spell && state.standing == Standing::Trial {
            state.turn(Standing::Closed { until: Instant::now() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spell(health: &Health) -> Spell {
        let Look::Open(spell) = health.look() else { panic!("{:?}", health.look()) };
        spell
    }

    async fn pause(health: &Health) -> Duration {
        let Look::Closed(pause) = health.look() else { panic!("{:?}", health.look()) };
        tokio::time::sleep(pause).await;
        assert_eq!(health.look(), Look::Due);
        pause
    }

    #[tokio::test(start_paused = true)]
    async fn a_relay_that_fails_is_left_alone_longer_and_longer_and_a_minute_at_most() {
        let health = Health::new();
        health.failed(spell(&health));
        for wanted in [1, 2, 4, 8, 16, 32, 60, 60] {
            let (pause, wanted) = (pause(&health).await.as_secs_f64(), f64::from(wanted));
            assert!(pause >= 0.79 * wanted && pause <= (1.21 * wanted).min(60.001), "{pause} for {wanted}");
            health.try_out().unwrap().failed();
        }
        pause(&health).await;
        health.try_out().unwrap().passed();
        health.served();
        health.failed(spell(&health));
        assert!(pause(&health).await < Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn connections_dropped_together_are_one_failure() {
        let health = Health::new();
        let before = spell(&health);
        for _ in 0..30 {
            health.failed(before);
        }
        assert!(pause(&health).await < Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn one_tries_a_relay_that_was_closed_and_the_others_wait() {
        let health = Health::new();
        health.failed(spell(&health));
        pause(&health).await;
        let trial = health.try_out().unwrap();
        assert!(health.try_out().is_none());
        assert_eq!(health.look(), Look::Closed(UNDER_TRIAL));
        drop(trial);
        assert_eq!(health.look(), Look::Due, "a trial that was given up leaves the place to another");
        health.try_out().unwrap().passed();
        assert!(matches!(health.look(), Look::Open(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_421_over_one_mail_is_forgiven_and_over_two_in_a_row_is_not() {
        let health = Health::new();
        let now = spell(&health);
        health.stumbled(now);
        health.served();
        health.stumbled(now);
        assert!(matches!(health.look(), Look::Open(_)));
        health.stumbled(now);
        assert!(matches!(health.look(), Look::Closed(_)));
    }
}
