//! Mails that their sender takes back.

use super::*;
use Verdict::NotTried;

/// Says yes to so many announcements and so many bodies, then no.
fn yes(mut announced: usize, mut handed_over: usize) -> impl FnMut(Step) -> bool + Send {
    move |step| {
        let left = match step {
            Step::Announce => &mut announced,
            Step::HandOver => &mut handed_over,
        };
        let may_go = *left > 0;
        *left = left.saturating_sub(1);
        may_go
    }
}

#[tokio::test]
async fn a_mail_taken_back_after_its_invitation_is_not_handed_over() {
    for offer in [PIPELINING, NO_PIPELINING] {
        let (url, server) = serve(move |mut peer| async move {
            peer.greet(offer).await;
            for (command, reply) in [
                ("MAIL FROM:<b@bounces.example.com>".to_owned(), "250 ok\r\n"),
                (format!("RCPT TO:<{}>", recipient(0)), "250 ok\r\n"),
                ("DATA".to_owned(), "354 go on\r\n"),
            ] {
                peer.expect(&command).await;
                peer.say(reply).await;
            }
            peer.expect_end().await;
        })
        .await;
        let mut connection = open(&url).await;
        let mut reports = Reports::default();
        let outcome =
            connection.deliver_while(yes(1, 0), 2, compose, |i, report| reports.take(i, report)).await;
        assert!(matches!(outcome, Err(Lost(Fault::Withdrawn))), "{offer}");
        assert_eq!(reports.verdicts(), [NotTried, NotTried], "{offer}");
        assert!(!connection.is_usable());
        drop(connection);
        server.await.unwrap();
    }
}

#[tokio::test]
async fn what_was_not_announced_costs_nothing_and_leaves_the_connection_as_it_was() {
    let (url, server) = serve(|mut peer| async move {
        peer.greet(PIPELINING).await;
        peer.expect_end().await;
    })
    .await;
    let mut connection = open(&url).await;
    let mut reports = Reports::default();
    let outcome = connection.deliver_while(yes(0, 9), 2, compose, |i, report| reports.take(i, report)).await;
    assert!(outcome.is_ok() && reports.verdicts().is_empty());
    assert!(connection.is_usable());
    drop(connection);
    server.await.unwrap();
}

#[tokio::test]
async fn whoever_may_announce_no_more_hands_over_what_was_announced_and_keeps_the_connection() {
    for offer in [PIPELINING, NO_PIPELINING] {
        let (url, server) = serve(move |peer| relay(peer, offer, false, |_| Answers::default())).await;
        let mut connection = open(&url).await;
        let mut reports = Reports::default();
        let outcome =
            connection.deliver_while(yes(2, 9), 5, compose, |i, report| reports.take(i, report)).await;
        assert!(outcome.is_ok() && connection.is_usable(), "{offer}");
        assert_eq!(reports.verdicts(), [Verdict::Sent; 2], "{offer}");
        assert_eq!(connection.delivered(), 2);
        connection.quit().await;
        assert_eq!(server.await.unwrap().len(), 2);
    }
}
