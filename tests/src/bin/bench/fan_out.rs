//! A thousand mails of one update.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use pharos_tests::{Cluster, Mail, postgres};
use proto::incidents::v1::Phase;
use smtp::client::{Connection, Envelope, SmtpUrl, Timeouts};

use super::{ROUNDS, figures::spread};

/// Subscribers of the fan-out.
const READERS: usize = 1_000;
/// Connections to the mail server, on both sides of the comparison.
const CONNECTIONS: usize = 8;

/// From the reply to `PostUpdate` to the first and the last of a thousand mails at the sink; and the same
/// mails over the bare conversation, with no database and nothing to compose.
pub(crate) async fn run() -> anyhow::Result<()> {
    println!("{READERS} mails of one update, over {CONNECTIONS} connections");
    let folder = tempfile::Builder::new().prefix("pharos-bench-").tempdir_in("/tmp")?;
    let server = postgres::start_with(folder.path(), true).await?;
    let database = postgres::Database::create_on(server.socket()).await;
    let connections = CONNECTIONS.to_string();
    let settings =
        [("PHAROS__NOTIFICATIONS__CONNECTIONS", connections.as_str()), ("PHAROS__LOG__FILTER", "warn")];
    let cluster = Cluster::start_on(database, pharos_tests::Shape::AllInOne, &settings).await;
    let page = cluster.company("Bench").await.page("bench").await;
    page.given_confirmed_subscribers(&cluster, i32::try_from(READERS)?).await;
    let incident = page.incident("Slow", &[]).await;
    cluster.smtp.wait_for(READERS).await;

    let (mut first, mut last, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = cluster.smtp.accepted();
        let update = incident.post(Phase::Monitoring, "Better already.").await;
        let posted = Instant::now();
        cluster.smtp.wait_for(before + READERS).await;
        page.completed_broadcast(&update.update_id).await;
        let mails = cluster.smtp.mails().split_off(before);
        let after = |mail: Option<&Mail>| {
            mail.map_or(0.0, |mail| mail.at.saturating_duration_since(posted).as_secs_f64() * 1000.0)
        };
        first.push(after(mails.first()));
        last.push(after(mails.last()));

        let bare = bare_conversation(&cluster.smtp.url(), &mails).await?;
        ratios.push(after(mails.last()) / (bare.as_secs_f64() * 1000.0));
    }
    println!("  PostUpdate's reply to the first mail  {}", spread(&mut first, "ms"));
    println!("  PostUpdate's reply to the last mail   {}", spread(&mut last, "ms"));
    println!("  the last mail, in times of the bare conversation  {}", spread(&mut ratios, ""));
    drop(cluster);
    server.stop().await?;
    Ok(())
}

async fn bare_conversation(url: &str, mails: &[Mail]) -> anyhow::Result<Duration> {
    let url: SmtpUrl = url.parse()?;
    let lots = mails.chunks(mails.len().div_ceil(CONNECTIONS)).map(<[Mail]>::to_vec).collect::<Vec<_>>();
    let began = Instant::now();
    let senders = lots.into_iter().map(|lot| {
        let url = url.clone();
        tokio::spawn(async move {
            let mut connection = Connection::open(&url, &Timeouts::default(), "bench.localhost").await?;
            let compose = |index: usize, body: &mut Vec<u8>| {
                body.extend_from_slice(lot[index].raw.as_bytes());
                Envelope {
                    sender: lot[index].envelope.sender.clone(),
                    recipient: lot[index].recipient().to_owned(),
                }
            };
            connection.deliver(lot.len(), compose, |_, _| ControlFlow::Continue(())).await?;
            anyhow::Ok(())
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await??;
    }
    Ok(began.elapsed())
}
