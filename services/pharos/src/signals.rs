//! Stopping on Ctrl-C and SIGTERM.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled by SIGINT or SIGTERM.
///
/// A second Ctrl-C ends the process at once, for whoever does not want to wait; a second SIGTERM does not,
/// because tools such as make send it twice.
///
/// # Errors
/// If the system refuses to tell signals.
pub fn stop_on_signal() -> std::io::Result<CancellationToken> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        token.cancel();
        interrupt.recv().await;
        // 128 + SIGINT, as a shell reports it.
        std::process::exit(130);
    });
    Ok(stop)
}
