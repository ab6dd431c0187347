//! The loop around a worker's step, and what wakes it.
//!
//! A step is public and says whether it did something; tests call it, the loop only waits. A wake-up is a
//! hint: the slow poll finds what a lost one missed, by the same path.

use std::{fmt::Display, sync::Arc, time::Duration};

use sqlx::{Acquire as _, Connection as _, postgres::PgListener};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::Db;

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Something; there may be more.
    Did,
    /// Nothing: there is nothing to do.
    Idle,
}

/// How long a failed step is waited after.
const ERROR_PAUSE: Duration = Duration::from_secs(1);

/// Steps until told to stop. Between steps that found nothing it waits for a wake-up, at most `poll` long.
pub async fn run<S, F, E>(
    name: &'static str,
    wake: Arc<Notify>,
    poll: Duration,
    stop: CancellationToken,
    step: S,
) where
    S: Fn() -> F,
    F: Future<Output = Result<Step, E>>,
    E: Display,
{
    while !stop.is_cancelled() {
        let mut woken = std::pin::pin!(wake.notified());
        // Registered before looking, so that a wake-up during the look is not lost.
        woken.as_mut().enable();
        let pause = match step().await {
            Ok(Step::Did) => continue,
            Ok(Step::Idle) => poll,
            Err(error) => {
                tracing::warn!(worker = name, %error, "a worker's step failed and will be repeated");
                ERROR_PAUSE
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = woken => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// How long nothing is heard before the connection is asked whether it is still there.
const QUIET: Duration = Duration::from_secs(1);
/// How long the answer may take, and that to the wish to listen.
const ANSWER: Duration = Duration::from_secs(3);

/// What comes over a channel of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard<'a> {
    /// Listening began, or began anew: what was said before may have been missed.
    Began,
    /// Somebody said this, with `NOTIFY` or `pg_notify`.
    Said(&'a str),
    /// Listening ended, or could not begin: what is said until it begins is missed.
    Lost,
}

/// Turns `NOTIFY` on a channel of the database into wake-ups. A lost connection is one wake-up too, as soon as
/// it is made anew, since it may have swallowed some.
pub async fn listen(db: Db, channel: &'static str, wake: Arc<Notify>, stop: CancellationToken) {
    hear(db, channel, stop, |heard| match heard {
        Heard::Began | Heard::Said(_) => wake.notify_waiters(),
        Heard::Lost => {}
    })
    .await;
}

/// Tells what comes over a channel of the database until told to stop.
///
/// A lost connection is made anew; while that fails, it is tried again every second. One that is lost without a
/// word is noticed within 4 s.
pub async fn hear(
    db: Db,
    channel: &'static str,
    stop: CancellationToken,
    mut tell: impl FnMut(Heard<'_>) + Send,
) {
    while !stop.is_cancelled() {
        let ended = stop.run_until_cancelled(hear_until_lost(&db, channel, &mut tell)).await;
        tell(Heard::Lost);
        if let Some(Err(error)) = ended {
            tracing::debug!(channel, %error, "listening for wake-ups ended and begins again");
            stop.run_until_cancelled(tokio::time::sleep(ERROR_PAUSE)).await;
        }
    }
}

async fn hear_until_lost(
    db: &Db,
    channel: &str,
    tell: &mut (impl FnMut(Heard<'_>) + Send),
) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(db.pool()).await?;
    listener.ignore_pool_close_event(true);
    // That it is lost is told before it is made anew, which may take long.
    listener.eager_reconnect(false);
    answered(listener.listen(channel)).await?;
    tell(Heard::Began);
    loop {
        match tokio::time::timeout(QUIET, listener.try_recv()).await {
            Ok(heard) => match heard? {
                Some(notification) => tell(Heard::Said(notification.payload())),
                None => return Ok(()),
            },
            Err(_) => {
                // What is said meanwhile is kept for `try_recv`.
                answered(listener.acquire().await?.ping()).await?;
            }
        }
    }
}

async fn answered(asked: impl Future<Output = sqlx::Result<()>>) -> sqlx::Result<()> {
    let answered = tokio::time::timeout(ANSWER, asked).await;
    answered.unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
}
