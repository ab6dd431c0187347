//! How much a peer may ask for.
use std::time::Duration;

/// The limits of a server. The default suits a listener that the world can reach.
///
/// Fixed is the one of a command line, which has at most 512 octets and what its extensions add (RFC 5321, section
/// 4.5.3.1.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Largest message in octets, after unstuffing; larger ones are refused with 552. 10 MiB. A connection holds one
    /// message in memory, so that this times `connections` is what a server may need.
    pub message_octets: usize,
    /// Longest line of a message in octets with its CR LF, a leading dot that is only there for transparency not
    /// counted; a message with a longer one is refused with 500. 1000 (RFC 5321, section 4.5.3.1.6).
    pub text_line_octets: usize,
    /// Most recipients of one message, more are refused with 452. 100, the least a server must take (RFC 5321, section
    /// 4.5.3.1.8).
    pub recipients: usize,
    /// Most commands without a message received to its end between them, accepted recipients not counted; then 421.
    /// 100.
    pub commands_without_mail: usize,
    /// How long a peer may take for a line, and to read what it is told; then 421. 5 minutes (RFC 5321, section
    /// 4.5.3.2.7).
    pub idle: Duration,
    /// How long a message may take from DATA to its dot, however steadily its lines come; then 421. 10 minutes.
    pub text: Duration,
    /// How long a connection may last; then 421. 30 minutes.
    pub connection: Duration,
    /// Most messages of one connection, refused ones counted; the MAIL after them is told 421. 1000.
    pub mails_of_one_connection: usize,
    /// Most connections at a time; more are told 421. 500.
    pub connections: usize,
    /// Most connections at a time of one IPv4 address or one IPv6 network of 64 bits; more are told 421. 50.
    pub connections_from_one_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_octets: 10 * 1024 * 1024,
            text_line_octets: 1000,
            recipients: 100,
            commands_without_mail: 100,
            idle: Duration::from_secs(300),
            text: Duration::from_secs(600),
            connection: Duration::from_secs(1800),
            mails_of_one_connection: 1000,
            connections: 500,
            connections_from_one_address: 50,
        }
    }
}

impl Limits {
    /// For a listener on a loopback address, where every peer has the same address and means no harm: 4096 connections of
    /// up to a day, and as many commands and messages as they like.
    pub fn of_loopback() -> Self {
        Self {
            commands_without_mail: usize::MAX,
            connection: Duration::from_secs(24 * 3600),
            mails_of_one_connection: usize::MAX,
            connections: 4096,
            connections_from_one_address: 4096,
            ..Self::default()
        }
    }
}
