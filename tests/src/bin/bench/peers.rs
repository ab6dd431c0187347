//! What others do the same job with: pg-boss for the queue and nodemailer for the mails, on the same Postgres.

use std::{process::Stdio, time::Duration};

use anyhow::Context as _;
use mail_parser::MessageParser;
use pharos_tests::Mail;
use serde_json::json;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _};

use super::{audience::Server, machine, mail_servers::Sink};

/// So many mails like this one by pg-boss and nodemailer: from the first insert to the last completion.
pub(crate) async fn tell(
    server: &Server,
    sink: &Sink,
    like: &Mail,
    count: usize,
    connections: usize,
) -> anyhow::Result<Duration> {
    let name = format!("peer_{}", uuid::Uuid::new_v4().simple());
    let mut postgres = server.postgres.options("postgres").connect().await?;
    postgres.execute(AssertSqlSafe(format!("create database {name}"))).await?;

    let message = MessageParser::default().parse(&like.raw).context("our own mail")?;
    let unsubscribe = like.header("List-Unsubscribe").context("a link to unsubscribe")?;
    let link = unsubscribe.split(['<', '>']).find(|part| part.contains("/u/")).context("a link")?;
    let (prefix, _) = link.rsplit_once('/').context("a token in the link")?;
    let templated = |part: Option<std::borrow::Cow<'_, str>>| {
        part.map(|text| text.replace(link, "{link}")).context("a part of our own mail")
    };
    let (config, report) = (server.folder.path().join("peer.json"), server.folder.path().join("report.json"));
    let settings = json!({
        "socket": server.postgres.socket(),
        "database": name,
        "port": sink.address.port(),
        "connections": connections,
        "count": count,
        "from": "Bench status <status@localhost>",
        "subject": message.subject().unwrap_or_default(),
        "text": templated(message.body_text(0))?,
        "html": templated(message.body_html(0))?,
        "link": format!("{prefix}/"),
        "report": report,
    });
    tokio::fs::write(&config, settings.to_string()).await?;
    let status = tokio::process::Command::new("node")
        .arg(machine::tree().join("tests/bench/peers/fan_out.cjs"))
        .arg(&config)
        .env("NODE_PATH", machine::tree().join(".tools/bench-node/node_modules"))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .status()
        .await
        .context("node is not there")?;
    anyhow::ensure!(status.success(), "the peer: {status}");
    postgres.execute(AssertSqlSafe(format!("drop database {name}"))).await?;

    let report: serde_json::Value = serde_json::from_slice(&tokio::fs::read(&report).await?)?;
    anyhow::ensure!(report["sent"] == json!(count), "the peer did not send them all: {report}");
    Ok(Duration::from_secs_f64(report["seconds"].as_f64().context("its time")?))
}
