//! The door for mails that come back: a policy on the SMTP or LMTP server.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use kit::deadline;
use smtp::server::{Answer, Envelope, Limits, Policy, Protocol, Received, Reply, SmtpServer};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::{
    came_back::CameBack,
    report::{self, Complaint, Read},
    taker::Taker,
};
use crate::{error::Error, verp::Bounce};

/// Reports hold the mail that they are about, or its headers; no mail of ours is nearly as large.
const MAX_MESSAGE_OCTETS: usize = 1024 * 1024;
/// Not all who report keep to the 1000 of RFC 5321; the mail server in front of us has let it pass.
const MAX_TEXT_LINE_OCTETS: usize = 64 * 1024;
/// Peers are few: the mail server in front of us, or those that return our mails.
const MAX_CONNECTIONS: usize = 100;
/// Over LMTP there is but the one mail server in front of us, which may have all of them.
const MAX_CONNECTIONS_FROM_ONE_ADDRESS: usize = 10;
/// How long one recipient's mail may take, with waiting; then it is put off.
const PATIENCE: Duration = Duration::from_secs(60);
/// The place that mailbox providers send complaints to: they want one address for all.
const COMPLAINTS: &str = "complaints";
/// Whoever takes mail has this place (RFC 5321, section 4.5.1), with and without a domain.
const POSTMASTER: &str = "postmaster";
/// The longest token that is looked at, in characters: all that a local part has room for.
const MAX_TOKEN: usize = 62;

const NO_SUCH_MAILBOX: &str = "5.1.1 no such mailbox";
const TAKEN: &str = "2.0.0 taken";
const LATER: &str = "4.3.0 it cannot be worked off now, try again";

/// The policy.
#[derive(Debug)]
pub(crate) struct Door {
    taker: Arc<Taker>,
    bounce_domain: String,
}

/// Whom a mail is for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Recipient {
    /// The envelope sender of a mail of ours.
    Sender(Bounce),
    /// Who wants no more mails, by the token of the mail's link.
    Unsubscribe(String),
    /// Where complaints go.
    Complaints,
    /// Who runs the mail server. Nobody reads it here.
    Postmaster,
}

impl Door {
    /// For mails to this domain.
    pub(crate) fn new(taker: Arc<Taker>, bounce_domain: String) -> Self {
        Self { taker, bounce_domain }
    }

    /// Serves until `stop`.
    pub(crate) async fn serve(self, listener: TcpListener, protocol: Protocol, stop: CancellationToken) {
        let limits = Limits {
            message_octets: MAX_MESSAGE_OCTETS,
            text_line_octets: MAX_TEXT_LINE_OCTETS,
            connections: MAX_CONNECTIONS,
            connections_from_one_address: match protocol {
                Protocol::Smtp => MAX_CONNECTIONS_FROM_ONE_ADDRESS,
                Protocol::Lmtp => MAX_CONNECTIONS,
            },
            ..Limits::default()
        };
        let server = SmtpServer { name: self.bounce_domain.clone(), protocol, limits };
        server.serve(listener, Arc::new(self), stop).await;
    }

    fn read(&self, address: &str) -> Option<Recipient> {
        recipient(address, &self.bounce_domain, |address| self.taker.verify(address))
    }

    /// Works a mail off for one recipient.
    async fn work_off(&self, recipient: &Recipient, said: &Read) -> Reply {
        let work = async {
            let _place = self.taker.place().await;
            deadline::within(deadline::LIMIT, self.take(recipient, said)).await
        };
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => {
                // As callers would be told; it writes down what is ours to mend.
                let status = Status::from(error);
                tracing::warn!(code = ?status.code(), "a mail that came back was put off");
                Reply::say(451, LATER)
            }
            Err(_) => Reply::say(451, LATER),
        }
    }

    async fn take(&self, recipient: &Recipient, said: &Read) -> Result<Reply, Error> {
        let taken = || Reply::say(250, TAKEN);
        let said = match recipient {
            Recipient::Unsubscribe(token) => {
                let is_good = self.taker.unsubscribe(token).await?;
                return Ok(if is_good { taken() } else { Reply::say(550, NO_SUCH_MAILBOX) });
            }
            Recipient::Sender(of) => match said {
                Read::Delivery(back) => Some((*of, back.clone())),
                Read::Complaint(complaint) => Some((*of, complained(complaint))),
                Read::Nothing | Read::Holding(_) => None,
            },
            Recipient::Complaints => match said {
                Read::Complaint(complaint) | Read::Holding(complaint) => {
                    let of = complaint.names.iter().find_map(|name| self.taker.find_sender(name));
                    of.map(|of| (of, complained(complaint)))
                }
                Read::Nothing | Read::Delivery(_) => None,
            },
            Recipient::Postmaster => None,
        };
        match said {
            Some((of, back)) => self.taker.take(of, back).await?,
            None => tracing::info!(
                is_to_postmaster = *recipient == Recipient::Postmaster,
                "a mail came that reports nothing"
            ),
        }
        Ok(taken())
    }
}

/// Whom an address means; `None` if it is none of ours.
fn recipient(
    address: &str,
    bounce_domain: &str,
    verify: impl FnOnce(&str) -> Option<Bounce>,
) -> Option<Recipient> {
    if address.eq_ignore_ascii_case(POSTMASTER) {
        return Some(Recipient::Postmaster);
    }
    let (local, domain) = address.rsplit_once('@')?;
    if !domain.eq_ignore_ascii_case(bounce_domain) {
        return None;
    }
    if local.eq_ignore_ascii_case(COMPLAINTS) {
        return Some(Recipient::Complaints);
    }
    if local.eq_ignore_ascii_case(POSTMASTER) {
        return Some(Recipient::Postmaster);
    }
    // The token keeps its case, which means something; `u` may have lost its own.
    match local.split_at_checked(2)? {
        ("u+" | "U+", token) if (1..=MAX_TOKEN).contains(&token.len()) => {
            Some(Recipient::Unsubscribe(token.to_owned()))
        }
        _ => verify(address).map(Recipient::Sender),
    }
}

/// What a mail says, if it is for anybody who wants to know. It is read beside the tasks that wait for sockets; `None`
/// if it was not, by a fault of ours.
async fn read(recipients: &[Option<Recipient>], data: Bytes) -> Option<Read> {
    let wants = |recipient: &Recipient| matches!(recipient, Recipient::Sender(_) | Recipient::Complaints);
    if !recipients.iter().flatten().any(wants) {
        return Some(Read::Nothing);
    }
    let read = tokio::task::spawn_blocking(move || report::read(&data)).await;
    read.inspect_err(|fault| tracing::error!(error = %fault, "a mail that came back could not be read")).ok()
}

fn complained(complaint: &Complaint) -> CameBack {
    CameBack::complained(&complaint.by)
}

impl Policy for Door {
    fn greeting(&self, _: SocketAddr) -> Reply {
        Reply::say(220, format!("{} ready", self.bounce_domain))
    }

    fn recipient(&self, envelope: &Envelope) -> Reply {
        if self.read(envelope.latest_recipient()).is_some() {
            Reply::say(250, "2.1.5 ok")
        } else {
            Reply::say(550, NO_SUCH_MAILBOX)
        }
    }

    async fn message(&self, received: Received) -> Answer {
        let addresses = received.envelope.recipients.iter();
        let recipients = addresses.map(|address| self.read(address)).collect::<Vec<_>>();
        let Some(said) = read(&recipients, received.data).await else {
            return Reply::say(451, LATER).into();
        };
        let mut replies: Vec<Reply> = Vec::with_capacity(recipients.len());
        for (at, recipient) in recipients.iter().enumerate() {
            // Whom a mail names twice it is for once.
            let earlier = recipients[..at].iter().position(|earlier| earlier == recipient);
            let reply = match (earlier, recipient) {
                (Some(earlier), _) => replies[earlier].clone(),
                (None, Some(recipient)) => self.work_off(recipient, &said).await,
                (None, None) => Reply::say(550, NO_SUCH_MAILBOX),
            };
            if reply == Reply::say(451, LATER) {
                // What is away for one is away for all: the others are not tried, lest the peer waits for each.
                replies.resize(recipients.len(), reply);
                break;
            }
            replies.push(reply);
        }
        Answer::Each(replies)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const OF: Bounce = Bounce { broadcast: Uuid::nil(), recipient: Uuid::nil() };

    #[test]
    fn an_address_says_whom_a_mail_is_for() {
        let read = |address: &str| {
            recipient(address, "bounces.example", |of| of.starts_with("b+good@").then_some(OF))
        };
        for (address, expected) in [
            ("postmaster", Some(Recipient::Postmaster)),
            ("PostMaster@Bounces.example", Some(Recipient::Postmaster)),
            ("postmaster@other.example", None),
            ("Complaints@bounces.example", Some(Recipient::Complaints)),
            ("complaints", None),
            ("U+tOken@bounces.example", Some(Recipient::Unsubscribe("tOken".to_owned()))),
            ("u+@bounces.example", None),
            ("b+good@bounces.example", Some(Recipient::Sender(OF))),
            ("b+good@other.example", None),
            ("b+bad@bounces.example", None),
        ] {
            assert_eq!(read(address), expected, "{address}");
        }
    }

    #[tokio::test]
    async fn a_mail_is_read_only_for_those_who_want_to_know() {
        let mail = Bytes::from_static(
            b"Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: x\r\n",
        );
        let said = |recipients: Vec<Option<Recipient>>| {
            let mail = mail.clone();
            async move { super::read(&recipients, mail).await.unwrap() }
        };
        assert!(matches!(said(vec![None, Some(Recipient::Complaints)]).await, Read::Complaint(_)));
        assert!(matches!(said(vec![Some(Recipient::Sender(OF))]).await, Read::Complaint(_)));
        assert_eq!(said(vec![None, Some(Recipient::Postmaster)]).await, Read::Nothing);
        assert_eq!(said(vec![Some(Recipient::Unsubscribe("t".to_owned()))]).await, Read::Nothing);
    }
}
