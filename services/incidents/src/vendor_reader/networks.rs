//! Which addresses may be asked.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// What IPv4 keeps for other uses than addresses on the Internet
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>), and multicast.
const NOT_PUBLIC_V4: [Ipv4Net; 15] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 4),
    v4([240, 0, 0, 0], 4),
];

/// Where IPv6 has addresses on the Internet …
const PUBLIC_V6: Ipv6Net = v6([0x2000, 0, 0], 3);
/// … and what it keeps there for other uses
/// (<https://www.iana.org/assignments/iana-ipv6-special-registry>).
const NOT_PUBLIC_V6: [Ipv6Net; 4] =
    [v6([0x2001, 0, 0], 23), v6([0x2001, 0xdb8, 0], 32), v6([0x2002, 0, 0], 16), v6([0x3fff, 0, 0], 20)];
/// IPv4 addresses, for those who have IPv6 only (RFC 6052, section 2.1).
const TRANSLATED: Ipv6Net = v6([0x64, 0xff9b, 0], 96);

const fn v4([a, b, c, d]: [u8; 4], length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6([a, b, c]: [u16; 3], length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), length)
}

fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) if TRANSLATED.contains(&address) => {
            let [.., a, b, c, d] = address.octets();
            is_public(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
        }
        IpAddr::V6(address) => {
            PUBLIC_V6.contains(&address) && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&address))
        }
    }
}

/// The installation's own networks that are asked too. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Networks(Arc<[IpNet]>);

impl Networks {
    pub(super) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks.into())
    }

    pub(super) fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn have(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address.to_canonical()))
    }
}

/// Who may be asked.
#[derive(Debug, Clone)]
pub(super) enum Reach {
    /// The Internet, and the installation's own networks.
    Internet(Networks),
    /// These networks only.
    Within(Networks),
}

impl Reach {
    pub(super) fn has(&self, address: IpAddr) -> bool {
        match self {
            Self::Internet(networks) => is_public(address) || networks.have(address),
            Self::Within(networks) => networks.have(address),
        }
    }
}

/// The name has no address that may be asked.
#[derive(Debug, thiserror::Error)]
#[error("the name has no address that may be asked")]
pub(super) struct OutOfReach;

/// Names resolve to addresses within reach only. It is the resolver that decides, and not a look beforehand: a name may
/// have another address the next moment.
impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let within = found.filter(|address| reach.has(address.ip())).collect::<Vec<SocketAddr>>();
            if within.is_empty() {
                return Err(OutOfReach.into());
            }
            Ok(Box::new(within.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        for public in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "2001:200::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for hidden in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.170",
            "192.168.1.1",
            "198.19.255.255",
            "203.0.113.7",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::8.8.8.8",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(hidden.parse().unwrap()), "{hidden}");
        }
    }

    #[test]
    fn an_installations_networks_are_asked_whichever_way_their_addresses_are_written() {
        let networks = Networks::new(vec!["127.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        let [inside, mapped, other, public] =
            ["127.1.2.3", "::ffff:127.0.0.1", "10.0.0.1", "1.1.1.1"].map(|text| text.parse().unwrap());
        let internet = Reach::Internet(networks.clone());
        let within = Reach::Within(networks);
        assert!(internet.has(inside) && internet.has(mapped) && internet.has(public) && !internet.has(other));
        assert!(within.has(inside) && within.has(mapped) && !within.has(public) && !within.has(other));
        assert!(!Reach::Internet(Networks::new(Vec::new())).has(inside));
    }

    #[tokio::test]
    async fn a_name_of_this_machine_resolves_to_nothing() {
        let resolve = |reach: Reach| async move { reach.resolve("localhost".parse().unwrap()).await };
        let none = Networks::new(Vec::new());
        let Err(refused) = resolve(Reach::Internet(none)).await else { panic!("it was found") };
        assert!(refused.is::<OutOfReach>());
        let loopback = Networks::new(vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
        assert!(resolve(Reach::Within(loopback)).await.is_ok());
    }
}
