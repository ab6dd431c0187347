//! What every subscriber received.

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
    Ok(())
}
