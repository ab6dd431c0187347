//! Places of which there are few, and how many of them one machine may have.
//!
//! A machine is known by the address that its connection comes from: whatever a request says of its way could be made up.
//! Everybody behind a proxy of ours has the proxy's address, which is one of those that only we can have, and has no limit.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// One machine has at most one of so many parts of all places: a quarter, so that no three of them can have all.
pub const PART: usize = 4;

/// What is counted as one machine: an address, of IPv6 all that one link has (RFC 4291, section 2.5.1), any of which a
/// machine may take for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Machine(IpAddr);

impl Machine {
    /// Nothing for what only a proxy of ours can have: addresses of this machine, private ones (RFC 1918, RFC 4193), those
    /// that providers share among their customers' networks (RFC 6598), and those of a link.
    fn of(address: IpAddr) -> Option<Self> {
        match address.to_canonical() {
            IpAddr::V4(own) if own.octets()[0] == 100 && own.octets()[1] & 0xc0 == 64 => None,
            IpAddr::V4(own) if own.is_loopback() || own.is_private() || own.is_link_local() => None,
            IpAddr::V6(own) if own.is_loopback() || own.is_unique_local() || own.is_unicast_link_local() => {
                None
            }
            IpAddr::V4(address) => Some(Self(address.into())),
            IpAddr::V6(address) => Some(Self(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into())),
        }
    }
}

/// How many of something each machine has. Nothing is remembered of a machine that has none.
#[derive(Debug)]
pub struct Shares {
    most: usize,
    taken: Mutex<HashMap<Machine, usize>>,
}

/// One of what a machine may have, until this is dropped.
#[derive(Debug)]
pub struct Share {
    shares: Arc<Shares>,
    machine: Option<Machine>,
}

impl Shares {
    /// So many for each machine.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default() })
    }

    /// One more for whoever is at this address; nothing if that machine has all that it may have. Nobody counts for an
    /// address that is not known.
    pub fn take(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Share> {
        let machine = address.and_then(Machine::of);
        if let Some(machine) = machine {
            let mut taken = self.taken();
            let count = taken.get(&machine).copied().unwrap_or_default();
            if count >= self.most {
                return None;
            }
            taken.insert(machine, count + 1);
        }
        Some(Share { shares: Arc::clone(self), machine })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Machine, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some(machine) = self.machine else { return };
        let mut taken = self.shares.taken();
        match taken.get_mut(&machine) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => drop(taken.remove(&machine)),
        }
    }
}

/// Places for all, a quarter of them at most for one machine. Cheap to clone; clones share them.
#[derive(Debug, Clone)]
pub struct Places {
    all: Arc<Semaphore>,
    shares: Arc<Shares>,
}

/// A place, until this is dropped.
#[derive(Debug)]
pub struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_one: Share,
}

impl Places {
    /// So many places.
    pub fn new(count: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(count)), shares: Shares::new(count / PART) }
    }

    /// A place for whoever is at this address; nothing if there is none, for all or for that machine.
    pub fn take(&self, address: Option<IpAddr>) -> Option<Place> {
        let of_one = self.shares.take(address)?;
        let of_all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(Place { _of_all: of_all, _of_one: of_one })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(places: &Places, address: &str, count: usize) -> Vec<Option<Place>> {
        (0..count).map(|_| places.take(Some(address.parse().unwrap()))).collect()
    }

    #[test]
    fn one_machine_has_a_quarter_of_the_places_and_others_find_theirs() {
        let places = Places::new(8);
        let mut first = taken(&places, "203.0.113.1", 3);
        assert!(first[1].is_some() && first[2].is_none());
        assert!(taken(&places, "203.0.113.2", 2).iter().all(Option::is_some));
        drop(first.remove(0));
        assert!(taken(&places, "203.0.113.1", 2)[0].is_some());
    }

    #[test]
    fn a_proxy_of_ours_has_all_the_places_that_there_are() {
        for proxy in [
            "127.0.0.1",
            "::1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.0.1",
            "169.254.1.1",
            "100.64.0.1",
            "100.127.255.255",
            "fd00::1",
            "fe80::1",
        ] {
            let places = Places::new(8);
            let taken = taken(&places, proxy, 9);
            assert!(taken[7].is_some() && taken[8].is_none(), "{proxy}");
        }
        let places = Places::new(8);
        assert!((0..8).map(|_| places.take(None)).collect::<Vec<_>>().iter().all(Option::is_some));
    }

    #[test]
    fn what_one_machine_can_have_as_its_address_is_one_machine() {
        let is_same = |one: &str, other: &str| {
            Machine::of(one.parse().unwrap()).unwrap() == Machine::of(other.parse().unwrap()).unwrap()
        };
        assert!(is_same("2001:db8::1", "2001:db8::ffff:0:0:1"));
        assert!(!is_same("2001:db8::1", "2001:db8:0:1::1"));
        assert!(is_same("::ffff:203.0.113.1", "203.0.113.1"));
        assert!(!is_same("203.0.113.1", "203.0.113.2"));
        assert_eq!(Machine::of("::ffff:10.0.0.1".parse().unwrap()), None);
    }

    #[test]
    fn nothing_is_remembered_of_a_machine_that_has_left() {
        let places = Places::new(8);
        drop(taken(&places, "203.0.113.1", 3));
        assert!(places.shares.taken().is_empty());
    }

    #[test]
    fn who_finds_no_place_counts_for_nothing() {
        let places = Places::new(8);
        let _others = taken(&places, "10.0.0.1", 8);
        assert!(taken(&places, "203.0.113.1", 1)[0].is_none());
        assert!(places.shares.taken().is_empty());
    }
}
