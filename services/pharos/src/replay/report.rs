//! What every subscriber received, and what of the timeline could not be told.

use super::player::Player;

pub(super) async fn print(player: &Player<'_>) -> anyhow::Result<()> {
    println!("\nReceived");
    for subscriber in &player.timeline.subscribers {
        let mails = player.inbox.mails_to(&subscriber.email).await?;
        println!("  {} ({} mails)", subscriber.email, mails.len());
        for mail in mails {
            println!("    {}  {}", mail.received_at, mail.subject);
        }
    }
    let gaps = player.timeline.not_yet_sayable();
    if !gaps.is_empty() {
        println!("\nIn the timeline, but not to be said through the API yet");
        for gap in gaps {
            println!("  - {gap}");
        }
    }
    Ok(())
}
