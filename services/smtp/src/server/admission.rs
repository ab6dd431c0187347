//! Who may come in: connections counted, in all and by address.
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::limits::Limits;

/// The connections that are open.
#[derive(Debug, Default)]
pub(super) struct Admission(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    count: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection's place, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    admission: Arc<Admission>,
    address: IpAddr,
}

impl Admission {
    /// A place for a peer, or what to tell it.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr, limits: &Limits) -> Result<Place, &'static [u8]> {
        let address = network(peer);
        let mut open = self.open();
        if open.count >= limits.connections {
            return Err(b"421 4.3.2 too many connections, come back later\r\n");
        }
        let of_address = open.by_address.entry(address).or_default();
        if *of_address >= limits.connections_from_one_address {
            return Err(b"421 4.7.0 too many connections from your address\r\n");
        }
        *of_address += 1;
        open.count += 1;
        Ok(Place { admission: Arc::clone(self), address })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // Every step under the lock leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.admission.open();
        open.count -= 1;
        if let Some(count) = open.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}

/// One host has a whole IPv6 network of 64 bits to choose its address from (RFC 4291, section 2.5.4).
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(connections: usize, connections_from_one_address: usize) -> Limits {
        Limits { connections, connections_from_one_address, ..Limits::default() }
    }

    #[test]
    fn a_place_is_free_again_when_its_connection_is_gone() {
        let admission = Arc::new(Admission::default());
        let admit = |peer: &str, limits: &Limits| admission.admit(peer.parse().unwrap(), limits);
        let limits = limits(3, 2);
        let first = admit("192.0.2.1", &limits).unwrap();
        let _second = admit("::ffff:192.0.2.1", &limits).unwrap();
        assert!(admit("192.0.2.1", &limits).unwrap_err().starts_with(b"421 4.7.0"));
        let _third = admit("192.0.2.2", &limits).unwrap();
        assert!(admit("192.0.2.3", &limits).unwrap_err().starts_with(b"421 4.3.2"));
        drop(first);
        let _fourth = admit("192.0.2.1", &limits).unwrap();
        assert!(admit("192.0.2.1", &limits).is_err());
    }

    #[test]
    fn nobody_who_is_gone_or_turned_away_is_remembered() {
        let admission = Arc::new(Admission::default());
        for host in 0..100_u8 {
            let peer = IpAddr::from([192, 0, 2, host]);
            let place = admission.admit(peer, &limits(2, 1)).unwrap();
            assert!(admission.admit(peer, &limits(2, 1)).is_err());
            drop(place);
        }
        let open = admission.open();
        assert_eq!((open.count, open.by_address.len()), (0, 0));
    }

    #[test]
    fn a_network_of_one_host_counts_as_one_address() {
        let admission = Arc::new(Admission::default());
        let admit = |peer: &str| admission.admit(peer.parse().unwrap(), &limits(9, 1));
        let _first = admit("2001:db8:0:1::1").unwrap();
        assert!(admit("2001:db8:0:1:ffff::2").is_err());
        assert!(admit("2001:db8:0:2::1").is_ok());
    }
}
