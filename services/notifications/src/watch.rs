//! Watching broadcasts: each watcher hears how far a broadcast is, however many watch.
//!
//! All watched broadcasts are looked at every half second, those of a tenant in one query, and only while somebody
//! watches them; a database that told of each delivery would do nothing else.

use std::{
    collections::HashMap,
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, ready},
    time::Duration,
};

use kit::{
    Db,
    ids::{BroadcastId, TenantId},
    worker::{self, Step},
};
use tokio::sync::{Notify, watch};
use tokio_stream::{Stream, wrappers::WatchStream};
use tokio_util::sync::CancellationToken;

use crate::store::broadcasts::{self, Standing};

/// How often watched broadcasts are looked at: nobody hears of changes more often, from the contract.
const PAUSE: Duration = Duration::from_millis(500);
/// So many broadcasts are watched in one process at once.
const MAX_WATCHED: usize = 1000;

/// The broadcasts that are watched. Cheap to clone; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    watched: Mutex<HashMap<BroadcastId, Weak<Watched>>>,
}

/// A watched broadcast. It leaves the hub with its last watcher.
#[derive(Debug)]
struct Watched {
    tenant: TenantId,
    broadcast: BroadcastId,
    standing: watch::Sender<Standing>,
    hub: Weak<Inner>,
}

impl Hub {
    pub(crate) fn new(db: Db) -> Self {
        Self(Arc::new(Inner { db, watched: Mutex::default() }))
    }

    /// What becomes of a broadcast of this tenant, which was just looked at: how it stands, as it was seen within the
    /// last half second, and then each change until it has ended. `None` if too many others are watched.
    pub(crate) fn watch(&self, tenant: TenantId, standing: Standing) -> Option<Changes> {
        let watched = self.enter(tenant, standing)?;
        let changes = WatchStream::new(watched.standing.subscribe());
        Some(Changes { changes, _watched: watched, has_ended: false })
    }

    fn enter(&self, tenant: TenantId, standing: Standing) -> Option<Arc<Watched>> {
        let broadcast = standing.broadcast.broadcast;
        let has_ended = standing.broadcast.completed_at.is_some();
        let mut all = self.0.watched();
        if !has_ended && let Some(watched) = all.get(&broadcast).and_then(Weak::upgrade) {
            // It was sent again since.
            if watched.standing.borrow().broadcast.completed_at.is_some() {
                watched.learn(standing);
            }
            return Some(watched);
        }
        let hub = Arc::downgrade(&self.0);
        let watched = Arc::new(Watched { tenant, broadcast, standing: watch::Sender::new(standing), hub });
        // Of one that has ended there is nothing more to see.
        if !has_ended {
            if all.len() >= MAX_WATCHED {
                // Let go of the others first: dropped, it looks for itself among them.
                drop(all);
                return None;
            }
            all.insert(broadcast, Arc::downgrade(&watched));
        }
        Some(watched)
    }

    /// Looks at all watched broadcasts. That it fails for one tenant keeps no other's from being looked at.
    async fn look(&self) -> Step {
        let watched = self.0.watched().values().filter_map(Weak::upgrade).collect::<Vec<_>>();
        let mut by_tenant = HashMap::<_, HashMap<_, &Watched>>::new();
        for watched in &watched {
            by_tenant.entry(watched.tenant).or_default().insert(watched.broadcast, watched);
        }
        for (tenant, watched) in by_tenant {
            if let Err(error) = self.look_at(tenant, &watched).await {
                tracing::warn!(tenant.id = %tenant, %error, "watched broadcasts could not be looked at");
            }
        }
        Step::Idle
    }

    async fn look_at(&self, tenant: TenantId, watched: &HashMap<BroadcastId, &Watched>) -> sqlx::Result<()> {
        let ids = watched.keys().copied().collect::<Vec<_>>();
        let mut tx = self.0.db.tenant(tenant).await?;
        let standings = broadcasts::find_all(&mut tx, tenant, &ids).await?;
        tx.commit().await?;
        for standing in standings {
            if let Some(watched) = watched.get(&standing.broadcast.broadcast) {
                watched.learn(standing);
            }
        }
        Ok(())
    }
}

impl Inner {
    fn watched(&self) -> MutexGuard<'_, HashMap<BroadcastId, Weak<Watched>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    fn learn(&self, standing: Standing) {
        self.standing.send_if_modified(|known| {
            let is_news = *known != standing;
            *known = standing;
            is_news
        });
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(hub) = self.hub.upgrade() {
            let mut all = hub.watched();
            // By now the broadcast may be watched anew.
            if all.get(&self.broadcast).is_some_and(|watched| watched.strong_count() == 0) {
                all.remove(&self.broadcast);
            }
        }
    }
}

/// What one watcher hears: the broadcast as it is, then the newest whenever there is a newer one, until it has ended.
pub(crate) struct Changes {
    changes: WatchStream<Standing>,
    /// Keeps the broadcast in the hub.
    _watched: Arc<Watched>,
    has_ended: bool,
}

impl Stream for Changes {
    type Item = Standing;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Standing>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        let standing = ready!(Pin::new(&mut self.changes).poll_next(context));
        self.has_ended = standing.as_ref().is_none_or(|standing| standing.broadcast.completed_at.is_some());
        Poll::Ready(standing)
    }
}

/// Follows watched broadcasts until told to stop.
pub(crate) async fn follow(hub: Hub, stop: CancellationToken) {
    let never = Arc::new(Notify::new());
    worker::run("watch_broadcasts", never, PAUSE, stop, || async { Ok::<_, Infallible>(hub.look().await) })
        .await;
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use kit::{Clock, ids::PageId};
    use sqlx::postgres::PgConnectOptions;
    use tokio_stream::StreamExt as _;

    use super::*;
    use crate::domain::{Broadcast, Kind, Progress};

    /// A hub whose database is never asked.
    fn hub() -> Hub {
        Hub::new(Db::lazy(PgConnectOptions::new(), 1))
    }

    fn tenant() -> TenantId {
        TenantId::new(&Clock::system())
    }

    fn standing(sent: i64) -> Standing {
        let clock = Clock::system();
        Standing {
            broadcast: Broadcast {
                broadcast: BroadcastId::new(&clock),
                page: PageId::new(&clock),
                kind: Kind::IncidentUpdate,
                incident: None,
                maintenance: None,
                update: None,
                planned: 3,
                created_at: Timestamp::UNIX_EPOCH,
                completed_at: None,
            },
            paused_at: None,
            resent_at: None,
            passes: 0,
            progress: Progress { sent, ..Progress::default() },
            returned: 0,
            complained: 0,
        }
    }

    fn with(mut standing: Standing, sent: i64) -> Standing {
        standing.progress.sent = sent;
        standing
    }

    fn ended(mut standing: Standing) -> Standing {
        standing.broadcast.completed_at = Some(Timestamp::UNIX_EPOCH);
        standing
    }

    fn count(hub: &Hub) -> usize {
        hub.0.watched().len()
    }

    async fn is_silent(changes: &mut Changes) -> bool {
        std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut *changes).poll_next(context).is_pending()))
            .await
    }

    #[tokio::test]
    async fn a_watcher_hears_how_it_is_then_the_newest_change_and_the_end() {
        let (hub, tenant, first) = (hub(), tenant(), standing(0));
        let mut changes = hub.watch(tenant, first.clone()).unwrap();
        assert_eq!(changes.next().await, Some(first.clone()));
        let watched = hub.enter(tenant, first.clone()).unwrap();
        watched.learn(first.clone());
        assert!(is_silent(&mut changes).await, "nothing has changed");
        for sent in 1..=3 {
            watched.learn(with(first.clone(), sent));
        }
        assert_eq!(changes.next().await, Some(with(first.clone(), 3)));
        assert!(is_silent(&mut changes).await);
        watched.learn(ended(with(first.clone(), 3)));
        assert_eq!(changes.next().await, Some(ended(with(first, 3))));
        assert_eq!(changes.next().await, None);
    }

    #[tokio::test]
    async fn one_that_has_ended_is_told_once_and_takes_no_room() {
        let (hub, last) = (hub(), ended(standing(3)));
        let mut changes = hub.watch(tenant(), last.clone()).unwrap();
        assert_eq!(count(&hub), 0);
        assert_eq!(changes.next().await, Some(last));
        assert_eq!(changes.next().await, None);
    }

    #[tokio::test]
    async fn watchers_share_a_broadcast_and_it_leaves_with_the_last_of_them() {
        let (hub, tenant, standing) = (hub(), tenant(), standing(0));
        let first = hub.watch(tenant, standing.clone()).unwrap();
        let second = hub.watch(tenant, standing.clone()).unwrap();
        assert_eq!(count(&hub), 1);
        drop(first);
        assert_eq!(count(&hub), 1);
        drop(second);
        assert_eq!(count(&hub), 0);
    }

    #[tokio::test]
    async fn so_many_are_watched_and_no_more() {
        let (hub, tenant, first) = (hub(), tenant(), standing(0));
        let mut all = vec![hub.watch(tenant, first.clone()).unwrap()];
        all.extend((1..MAX_WATCHED).map(|_| hub.watch(tenant, standing(0)).unwrap()));
        assert!(hub.watch(tenant, standing(0)).is_none());
        assert!(hub.watch(tenant, first).is_some(), "one more watcher of a watched one needs no room");
        assert!(hub.watch(tenant, ended(standing(0))).is_some());
        all.pop();
        assert!(hub.watch(tenant, standing(0)).is_some());
    }
}
