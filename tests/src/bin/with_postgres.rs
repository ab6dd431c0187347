//! Runs a command with a throw-away Postgres: `with-postgres cargo nextest run`.
//!
//! The server lives as long as the command does; the command finds it by an environment variable.

use std::process::ExitCode;

use pharos_tests::postgres::{SOCKET_VARIABLE, start};

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1).peekable();
    arguments.next_if(|first| first == "--");
    let Some(program) = arguments.next() else {
        anyhow::bail!("usage: with-postgres <command> [argument]…");
    };
    let folder = tempfile::Builder::new().prefix("pharos-tests-").tempdir_in("/tmp")?;
    let server = start(folder.path()).await?;
    let status = tokio::process::Command::new(program)
        .args(arguments)
        .env(SOCKET_VARIABLE, server.socket())
        .status()
        .await;
    server.stop().await?;
    let code = status?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
