//! The same mails over the conversation alone, with nothing to compose and nothing to keep: ours, and lettre's.

use std::{
    net::SocketAddr,
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use lettre::transport::smtp::{client::AsyncSmtpConnection, extension::ClientId};
use pharos_tests::Mail;
use smtp::client::{Connection, Envelope, SmtpUrl, Timeouts};
use tokio::{net::TcpStream, task::JoinSet};

/// So many of these mails, over and over, by our conversation: one round trip a mail.
pub(crate) async fn ours(
    url: &str,
    mails: &Arc<Vec<Mail>>,
    count: usize,
    connections: usize,
) -> anyhow::Result<Duration> {
    let url: SmtpUrl = url.parse()?;
    let began = Instant::now();
    each(count, connections, |from, share| {
        let (url, mails) = (url.clone(), Arc::clone(mails));
        async move {
            let mut connection = Connection::open(&url, &Timeouts::default(), "bench.localhost").await?;
            let compose = |index: usize, body: &mut Vec<u8>| {
                let mail = &mails[(from + index) % mails.len()];
                body.extend_from_slice(mail.raw.as_bytes());
                Envelope { sender: mail.envelope.sender.clone(), recipient: mail.recipient().to_owned() }
            };
            connection.deliver(share, compose, |_, _| ControlFlow::Continue(())).await?;
            connection.quit().await;
            Ok(())
        }
    })
    .await?;
    Ok(began.elapsed())
}

/// The same by lettre's connections, with the socket's `TCP_NODELAY` set for them: they do not set it themselves, and
/// would then wait 40 ms for each mail.
pub(crate) async fn lettre(
    address: SocketAddr,
    mails: &Arc<Vec<Mail>>,
    count: usize,
    connections: usize,
) -> anyhow::Result<Duration> {
    let began = Instant::now();
    each(count, connections, |from, share| {
        let mails = Arc::clone(mails);
        async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let name = ClientId::Domain("bench.localhost".to_owned());
            let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &name).await?;
            for index in 0..share {
                let mail = &mails[(from + index) % mails.len()];
                let recipient = mail.recipient().parse()?;
                let sender = mail.envelope.sender.parse().ok();
                let envelope = lettre::address::Envelope::new(sender, vec![recipient])?;
                connection.send(&envelope, mail.raw.as_bytes()).await?;
            }
            connection.quit().await?;
            Ok(())
        }
    })
    .await?;
    Ok(began.elapsed())
}

/// Divides the mails among the connections, each in a task of its own.
async fn each<F>(count: usize, connections: usize, send: impl Fn(usize, usize) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    let share = count.div_ceil(connections);
    for from in (0..count).step_by(share) {
        tasks.spawn(send(from, share.min(count - from)));
    }
    while let Some(ended) = tasks.join_next().await {
        ended.context("a sender")??;
    }
    Ok(())
}
