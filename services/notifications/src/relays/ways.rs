//! The relays, and which of them a sender's connection goes to.

use std::{fmt, sync::Arc, time::Duration};

use smtp::client::{Connection, OpenError, Relay, RelayList, Timeouts};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::{
    RelayId,
    health::{Health, Look, Spell},
    line::{Line, Wire},
    pace::Pace,
};

/// How long a sender rests that finds every place of every relay taken.
const NO_PLACE: Duration = Duration::from_millis(500);
/// The shortest rest: whoever comes back at the moment of a relay's opening may find it not yet open.
const SHORTEST_REST: Duration = Duration::from_millis(50);
const LONGEST_REST: Duration = Duration::from_secs(60);

/// What one process may ask of a relay that does not say itself what it bears.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connections, at least 1.
    pub(crate) connections: u16,
}

/// The relays of a process, the preferred one first. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Relays {
    ways: Arc<[Arc<Way>]>,
    timeouts: Timeouts,
    /// What we call ourselves.
    client_name: Arc<str>,
}

/// One relay.
pub(super) struct Way {
    pub(super) id: RelayId,
    relay: Relay,
    pub(super) health: Health,
    places: Arc<Semaphore>,
    pub(super) pace: Option<Pace>,
    pub(super) mails_per_connection: Option<u32>,
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Way").field(&self.name()).finish()
    }
}

impl fmt::Debug for Relays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ways.iter()).finish()
    }
}

/// No relay can be used now.
#[derive(Debug, thiserror::Error)]
#[error("no mail server can be used: {why}")]
pub(crate) struct Unopened {
    /// When it is worth asking again: a minute at most.
    pub(crate) pause: Duration,
    /// What the one said that was asked last.
    pub(crate) why: String,
}

impl Relays {
    /// The relays of a list.
    pub(crate) fn new(list: &RelayList, limits: Limits, client_name: &str) -> Self {
        let now = Instant::now();
        let way = |(index, relay): (usize, &Relay)| {
            let (connections, rate, mails_per_connection) = match relay {
                Relay::Smtp(url) => (url.connections(), url.rate(), url.mails_per_connection()),
                Relay::Discard => (None, None, None),
            };
            let places = connections.map_or(usize::from(limits.connections), |most| {
                usize::try_from(most).unwrap_or(usize::MAX).min(usize::from(limits.connections))
            });
            Arc::new(Way {
                id: RelayId(index),
                relay: relay.clone(),
                health: Health::new(),
                places: Arc::new(Semaphore::new(places.max(1))),
                pace: rate.map(|rate| Pace::new(rate, now)),
                mails_per_connection,
            })
        };
        Self {
            ways: list.as_slice().iter().enumerate().map(way).collect(),
            timeouts: Timeouts::default(),
            client_name: client_name.into(),
        }
    }

    /// Their names for people, in order: host and port.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.ways.iter().map(|way| way.name())
    }

    /// How many connections they bear together.
    pub(crate) fn places(&self) -> usize {
        self.ways.iter().map(|way| way.places.available_permits()).sum()
    }

    /// How long none of them can be used by who has no line: a minute at most. `None` if one can, or is due to be tried.
    pub(crate) fn shut_for(&self) -> Option<Duration> {
        let mut shortest = LONGEST_REST;
        for way in self.ways.iter() {
            let pause = match way.health.look() {
                Look::Open(_) | Look::Due if way.places.available_permits() > 0 => return None,
                Look::Open(_) | Look::Due => NO_PLACE,
                Look::Closed(pause) => pause,
            };
            shortest = shortest.min(pause);
        }
        Some(shortest.max(SHORTEST_REST))
    }

    /// Sees to it that there is a line that can be used: to the first relay of the list that is open and has a place.
    /// A line to a less preferred relay is given up when a better one is open again. A relay that was closed is tried
    /// beside the mails while there is another, and by the sender itself where there is none.
    ///
    /// # Errors
    /// [`Unopened`], and there is no line.
    pub(crate) async fn open(&self, line: &mut Option<Line>) -> Result<(), Unopened> {
        if let Some(old) = line.take_if(|line| !line.is_good()) {
            old.quit().await;
        }
        let mut why = String::new();
        let before = line.as_ref().map_or(self.ways.len(), |line| line.relay().0);
        for way in &self.ways[..before] {
            let Look::Open(spell) = way.health.look() else { continue };
            let Some(place) = way.place() else { continue };
            match self.connect(way, spell, place).await {
                Ok(better) => {
                    if let Some(old) = line.replace(better) {
                        tokio::spawn(old.quit());
                    }
                    break;
                }
                Err(error) => {
                    way.failed(&error);
                    way.health.failed(spell);
                    why = error.to_string();
                }
            }
        }
        if let Some(line) = line {
            self.try_better_than(line.relay());
            return Ok(());
        }
        for way in self.ways.iter() {
            let Some(place) = way.place() else { continue };
            let Some(trial) = way.health.try_out() else { continue };
            match self.wire(way).await {
                Ok(wire) => {
                    *line = Some(Line::new(wire, Arc::clone(way), trial.passed(), place));
                    return Ok(());
                }
                Err(error) => {
                    way.failed(&error);
                    trial.failed();
                    why = error.to_string();
                }
            }
        }
        if why.is_empty() {
            "all their places are taken, or they are tried by others".clone_into(&mut why);
        }
        Err(Unopened { pause: self.shut_for().unwrap_or(NO_PLACE), why })
    }

    /// Tries, beside the mails, the relays before this one that were closed and may be open again.
    fn try_better_than(&self, relay: RelayId) {
        for way in &self.ways[..relay.0] {
            if way.health.look() != Look::Due {
                continue;
            }
            let (relays, way) = (self.clone(), Arc::clone(way));
            tokio::spawn(async move {
                let Some(_place) = way.place() else { return };
                let Some(trial) = way.health.try_out() else { return };
                match relays.wire(&way).await {
                    Ok(wire) => {
                        trial.passed();
                        if let Wire::Smtp(connection) = wire {
                            connection.quit().await;
                        }
                    }
                    Err(error) => {
                        way.failed(&error);
                        trial.failed();
                    }
                }
            });
        }
    }

    async fn connect(
        &self,
        way: &Arc<Way>,
        spell: Spell,
        place: OwnedSemaphorePermit,
    ) -> Result<Line, OpenError> {
        Ok(Line::new(self.wire(way).await?, Arc::clone(way), spell, place))
    }

    async fn wire(&self, way: &Way) -> Result<Wire, OpenError> {
        match &way.relay {
            Relay::Smtp(url) => {
                let connection = Connection::open(url, &self.timeouts, &self.client_name).await?;
                Ok(Wire::Smtp(Box::new(connection)))
            }
            Relay::Discard => Ok(Wire::Discard),
        }
    }
}

impl Way {
    fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    fn name(&self) -> String {
        match &self.relay {
            Relay::Smtp(url) => format!("{}:{}", url.host(), url.port()),
            Relay::Discard => "discard".to_owned(),
        }
    }

    fn failed(&self, error: &OpenError) {
        tracing::warn!(relay = self.name(), %error, "a mail server cannot be used for now");
    }
}
