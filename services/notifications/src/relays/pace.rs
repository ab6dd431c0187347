//! Pauses that grow, and a number of mails a second.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{LazyLock, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How much of a second's mails may go to a relay at once after a time without any.
const BURST: f64 = 0.1;

/// The pause after so many failures in a row (1 is the first): `first`, doubled with each, `longest` at most.
pub(super) fn doubled(first: Duration, failures: u32, longest: Duration) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(longest)
}

/// The pause moved by up to a fifth to either side, so that those who stopped together do not come back together.
pub(super) fn jittered(pause: Duration, at: Instant) -> Duration {
    static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    let random = u32::try_from(SEED.hash_one(at) & 0xffff).unwrap_or(0);
    pause.mul_f64(0.8 + 0.4 * f64::from(random) / 65_535.0)
}

/// Keeps mails to a number a second; the time is the caller's.
#[derive(Debug)]
pub(super) struct Pace {
    a_second: f64,
    mails: Mutex<Mails>,
}

/// How many may go now.
#[derive(Debug)]
struct Mails {
    left: f64,
    at: Instant,
}

impl Pace {
    /// So many a second, more than 0; a tenth of them at once, one at least.
    pub(super) fn new(a_second: u32, now: Instant) -> Self {
        let a_second = f64::from(a_second);
        let mails = Mutex::new(Mails { left: (a_second * BURST).max(1.0), at: now });
        Self { a_second, mails }
    }

    /// Takes as many as may go now, `wanted` at most, 1 at least.
    ///
    /// # Errors
    /// If there is none, when the next may go.
    pub(super) fn take(&self, wanted: usize, now: Instant) -> Result<usize, Duration> {
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = now.saturating_duration_since(mails.at);
        mails.left = refilled(mails.left, self.a_second, elapsed, BURST);
        mails.at = now;
        if mails.left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - mails.left) / self.a_second));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 10,000 by now")]
        let taken = (mails.left as usize).min(wanted);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let spent = taken as f64;
        mails.left -= spent;
        Ok(taken)
    }
}

/// What may go after `elapsed`, at so many a second; the mails of `burst` seconds at most, and one at least.
pub(super) fn refilled(left: f64, a_second: f64, elapsed: Duration, burst: f64) -> f64 {
    (left + elapsed.as_secs_f64() * a_second).min((a_second * burst).max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_more_go_than_a_seconds_mails_and_those_who_wait_are_told_how_long() {
        let start = Instant::now();
        let pace = Pace::new(50, start);
        assert_eq!(pace.take(20, start), Ok(5));
        let pause = pace.take(20, start).unwrap_err();
        assert_eq!(pause, Duration::from_millis(20));
        assert_eq!(pace.take(20, start + pause), Ok(1));
        assert_eq!(pace.take(2, start + Duration::from_secs(60)), Ok(2));

        let (mut now, mut gone) = (start + Duration::from_secs(60), 0);
        let end = now + Duration::from_secs(10);
        while now < end {
            match pace.take(7, now) {
                Ok(taken) => gone += taken,
                Err(pause) => now += pause,
            }
        }
        assert!((495..=505).contains(&gone), "{gone}");
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pause = |failures| doubled(Duration::from_secs(1), failures, Duration::from_secs(60)).as_secs();
        assert_eq!([1, 2, 3, 6, 7, 8, 40, u32::MAX].map(pause), [1, 2, 4, 32, 60, 60, 60, 60]);
    }
}
