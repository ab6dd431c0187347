//! `pharos replay`: plays a timeline through the public API of a running system.

mod inbox;
mod player;
mod report;
pub mod timeline;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

use crate::cli::ReplayArgs;
use player::Player;
use timeline::Timeline;

/// Plays a timeline and prints what every subscriber received.
///
/// # Errors
/// If the timeline cannot be read, the system does not answer, or it refuses a call.
pub async fn replay(args: &ReplayArgs, stop: CancellationToken) -> anyhow::Result<()> {
    let path = args.timeline.display();
    let text = std::fs::read_to_string(&args.timeline).with_context(|| format!("{path} cannot be read"))?;
    let timeline = Timeline::parse(&text).with_context(|| format!("{path} is no timeline"))?;
    if args.speed.is_some_and(|speed| !speed.is_finite() || speed <= 0.0) {
        anyhow::bail!("--speed must be a number above 0");
    }
    let play = async {
        let mut player = Player::begin(&timeline, &args.to).await?;
        player.subscribe_all().await?;
        player.tell(args.speed).await?;
        report::print(&player).await
    };
    match stop.run_until_cancelled(play).await {
        Some(played) => played,
        None => anyhow::bail!("stopped before the end"),
    }
}
