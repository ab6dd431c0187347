//! The time, passed in: no code asks the system for it but this.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use uuid::{ContextV7, Uuid};

/// Where the time comes from. Cheap to clone; clones share the time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    /// Keeps ids sorted that are made within one millisecond.
    context: Mutex<ContextV7>,
}

#[derive(Debug)]
enum Source {
    System,
    Manual(Mutex<Timestamp>),
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(Source::System)
    }

    /// A clock that stands still until it is moved, for tests.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self::new(Source::Manual(Mutex::new(start)))
    }

    fn new(source: Source) -> Self {
        Self(Arc::new(Inner { source, context: Mutex::new(ContextV7::new()) }))
    }

    /// The time, in whole microseconds: what the database keeps of it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = match &self.0.source {
            #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
            Source::System => Timestamp::now(),
            Source::Manual(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
        };
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// Moves a manual clock on; the system's clock moves by itself.
    pub fn advance(&self, by: SignedDuration) {
        if let Source::Manual(now) = &self.0.source {
            let mut now = now.lock().unwrap_or_else(PoisonError::into_inner);
            *now = now.saturating_add(by).unwrap_or(*now);
        }
    }

    /// A new UUIDv7 (RFC 9562, section 5.7) of this moment, larger than those made before it here.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        let now = self.now();
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
        let context = self.0.context.lock().unwrap_or_else(PoisonError::into_inner);
        Uuid::new_v7(uuid::Timestamp::from_unix(&*context, seconds, nanoseconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_made_in_one_moment_are_sorted() {
        let clock = Clock::manual("2026-11-21T00:00:00Z".parse().unwrap());
        let ids = (0..1000).map(|_| clock.uuid()).collect::<Vec<_>>();
        assert!(ids.is_sorted());
    }

    #[test]
    fn a_manual_clock_moves_only_when_it_is_moved() {
        let clock = Clock::manual("2026-11-21T00:00:00Z".parse().unwrap());
        let before = clock.now();
        assert_eq!(clock.now(), before);
        clock.advance(SignedDuration::from_secs(5));
        assert_eq!(clock.now().duration_since(before), SignedDuration::from_secs(5));
    }
}
