//! Mail servers and networks that misbehave.

use pharos_tests::{Crowd, Proxy, Shape, Stage, Trouble, eventually};
use proto::incidents::v1::Phase;
use smtp::server::Reply;

use super::{CONNECTIONS, Given};

const ALL: usize = 1_000;

/// One conversation after another is in this trouble, at each of these stages, and everybody is told nevertheless.
async fn troubled(stages: &[Stage], trouble: Trouble, fault: &str) {
    let proxy = Proxy::start().await;
    let given = Given::behind(&proxy, Crowd::of(ALL), &[("PHAROS__NOTIFICATIONS__SEGMENT_SIZE", "50")]).await;
    let mut most_doubled = 0;
    for (count, stage) in stages.iter().enumerate() {
        match stage {
            // A connection is opened at the beginning for sure, and later only after another was lost.
            Stage::Greeting | Stage::Ehlo => proxy.plan(0, *stage, trouble),
            Stage::Mail | Stage::Rcpt | Stage::Data | Stage::Body | Stage::Dot | Stage::Other => {
                // Of one mail for each lost connection nobody knows whether it was taken: its dot was on the way.
                most_doubled += 1;
                proxy.plan(100 * count, *stage, trouble);
            }
        }
    }
    let incident = given.incident().await;
    let updates = [incident.first.update_id.as_str()];
    let telling = given.telling(&updates, fault, most_doubled);
    telling.finish(true).await;
    assert_eq!(proxy.struck().len(), stages.len(), "only these came: {:?}", proxy.struck());
    assert_eq!(telling.check().await.count(0, "sent"), ALL);
}

#[tokio::test]
async fn connections_cut_at_every_stage_and_in_the_middle_of_a_text_lose_nobody() {
    let stages = [Stage::Ehlo, Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Body, Stage::Body, Stage::Dot];
    troubled(&stages, Trouble::Reset, "reset before the server heard it").await;
}

#[tokio::test]
async fn a_reply_lost_after_the_dot_is_asked_for_again_under_the_same_message_id() {
    let stages = [Stage::Dot; 5];
    troubled(&stages, Trouble::ResetAfter, "reset after the dot, the reply lost").await;
}

#[tokio::test]
async fn connections_cut_after_every_reply_lose_nobody() {
    let stages = [Stage::Greeting, Stage::Ehlo, Stage::Mail, Stage::Rcpt, Stage::Data];
    troubled(&stages, Trouble::ResetAfter, "reset after the server replied").await;
}

#[tokio::test]
async fn a_server_that_stops_speaking_and_goes_on_listening_holds_nobody_up() {
    let stages = [Stage::Greeting, Stage::Ehlo, Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Dot];
    troubled(&stages, Trouble::HalfClose, "half-close").await;
}

#[tokio::test]
async fn a_server_that_goes_down_at_every_stage_costs_nobody_a_strike() {
    let stages = [Stage::Greeting, Stage::Ehlo, Stage::Mail, Stage::Rcpt, Stage::Data];
    troubled(&stages, Trouble::Says("421 4.3.2 going down"), "421 at every stage").await;
}

#[tokio::test]
async fn a_server_that_takes_nothing_more_from_the_middle_on_delays_the_rest() {
    let given = Given::crowd(Shape::AllInOne, Crowd::of(ALL), &[]).await;
    let sink = &given.cluster.smtp;
    sink.answer_after(Some((ALL / 2, Reply::say(421, "4.3.2 going down"))));
    let incident = given.incident().await;
    let updates = [incident.first.update_id.as_str()];
    let telling = given.telling(&updates, "421 to every mail from the middle on", 0);
    eventually("all connections to be told so", || async { (sink.refused() >= CONNECTIONS).then_some(()) })
        .await;
    sink.answer_after(None);
    telling.finish(true).await;
    assert_eq!(telling.check().await.count(0, "sent"), ALL);
}

#[tokio::test]
async fn who_is_put_off_is_told_later_and_who_is_not_there_is_not() {
    let mut given = Given::crowd(Shape::AllInOne, Crowd::of(ALL), &[]).await;
    let everybody = (1..=ALL).map(|number| format!("told{number}@example.net")).collect();
    let chosen = given.seed.some(120, everybody);
    let sink = &given.cluster.smtp;
    for reader in &chosen[..40] {
        let later = Reply::say(451, "4.7.1 greylisted, come back later");
        sink.answer(reader, [later, Reply::say(450, "4.2.1 mailbox busy")]);
    }
    for reader in &chosen[40..80] {
        sink.answer(reader, [Reply::say(452, "4.2.2 full")]);
    }
    for reader in &chosen[80..] {
        sink.answer(reader, [Reply::say(550, "5.1.1 no such mailbox")]);
    }
    let incident = given.incident().await;
    let updates = [incident.first.update_id.as_str()];
    let telling = given.telling(&updates, "45x for 80, 550 for 40", 0);
    telling.finish(true).await;
    let found = telling.check().await;
    assert_eq!((found.count(0, "sent"), found.count(0, "bounced")), (ALL - 40, 40));
}

#[tokio::test]
async fn a_silent_server_holds_up_its_own_mails_alone_and_its_lease_does_not_lapse() {
    let proxy = Proxy::start().await;
    let settings =
        [("PHAROS__NOTIFICATIONS__CONNECTIONS", "8"), ("PHAROS__NOTIFICATIONS__SEGMENT_SIZE", "50")];
    let given = Given::behind(&proxy, Crowd::of(ALL), &settings).await;
    let stages = [Stage::Greeting, Stage::Ehlo, Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Dot];
    for stage in stages {
        proxy.plan(0, stage, Trouble::Silence);
    }
    let incident = given.incident().await;
    let updates = [incident.first.update_id.as_str()];
    let telling = given.telling(&updates, "silence at every stage", 0);
    // All but those whose segments are in silent hands.
    telling.taken(ALL - stages.len() * 50).await;
    assert_eq!(proxy.struck().len(), stages.len());
    // Who waits for the reply to a dot waits longer than a lease lasts, and keeps it.
    let mut database = given.cluster.database.connect().await;
    let leases = sqlx::query!(
        r#"select segment_id, epoch, leased_until::text as "leased_until!" from notifications.segment
           where state = 'leased'"#
    );
    let leases = leases.fetch_all(&mut database).await.unwrap();
    let kept = eventually("the leases to be over, but for those that were prolonged", || async {
        let mut database = given.cluster.database.connect().await;
        let ids = leases.iter().map(|lease| lease.segment_id).collect::<Vec<_>>();
        let epochs = leases.iter().map(|lease| lease.epoch).collect::<Vec<_>>();
        let untils = leases.iter().map(|lease| lease.leased_until.clone()).collect::<Vec<_>>();
        let row = sqlx::query!(
            r#"select bool_and(now() > was.until::timestamptz) as "is_over!",
                      count(*) filter (where s.state = 'leased' and s.leased_until > now()) as "kept!"
               from unnest($1::uuid[], $2::integer[], $3::text[]) as was (segment_id, epoch, until)
               left join notifications.segment s on s.segment_id = was.segment_id and s.epoch = was.epoch"#,
            &ids,
            &epochs,
            &untils,
        );
        let row = row.fetch_one(&mut database).await.unwrap();
        row.is_over.then_some(row.kept)
    })
    .await;
    assert!(kept > 0, "no lease was kept");
    proxy.heal();
    telling.finish(true).await;
    assert_eq!(telling.check().await.count(0, "sent"), ALL);
}

#[tokio::test]
async fn a_server_that_speaks_a_byte_a_second_holds_up_its_own_mails_alone() {
    let proxy = Proxy::start().await;
    let given = Given::behind(&proxy, Crowd::of(ALL), &[("PHAROS__NOTIFICATIONS__SEGMENT_SIZE", "50")]).await;
    let stages = [Stage::Mail, Stage::Dot];
    for stage in stages {
        proxy.plan(0, stage, Trouble::OneByteASecond);
    }
    let incident = given.incident().await;
    let updates = [incident.first.update_id.as_str()];
    let telling = given.telling(&updates, "one byte a second", 0);
    telling.taken(ALL - stages.len() * 50).await;
    assert_eq!(proxy.struck().len(), stages.len());
    proxy.heal();
    telling.finish(true).await;
    assert_eq!(telling.check().await.count(0, "sent"), ALL);
}

#[tokio::test]
async fn a_poisonous_address_ends_somehow_and_stops_nobody() {
    const WELL: usize = 300;
    let given = Given::crowd(Shape::AllInOne, Crowd::of(WELL), &[]).await;
    let poison =
        ["a\r\nRCPT TO:<b@example.org>", "no at sign", "<>@", "a b@example.org", "\u{e4}\u{f6}@\u{fc}"];
    for email in poison {
        sqlx::query!(
            "insert into subscriptions.subscriber
                 (tenant_id, subscriber_id, page_id, email, locale, state, confirmation_round, created_at, confirmed_at)
             select tenant_id, gen_random_uuid(), page_id, $1, 'en', 'confirmed', 1, now(), now()
             from subscriptions.subscriber where email = 'told1@example.net'",
            email,
        )
        .execute(&mut given.cluster.database.connect().await)
        .await
        .unwrap();
    }
    let incident = given.incident().await;
    let first = incident.first.update_id.clone();
    given.telling(&[&first], "poison", 0).taken(WELL).await;
    let second = incident.post(Phase::Resolved, "Over.").await.update_id;
    let updates = [first.as_str(), second.as_str()];
    let telling = given.telling(&updates, "poisonous addresses", 0);
    telling.taken(2 * WELL).await;
    // What can never be sent is tried for a day at most; it is over, as the database sees it.
    sqlx::query!("update notifications.segment set created_at = created_at - interval '25 hours'")
        .execute(&mut given.cluster.database.connect().await)
        .await
        .unwrap();
    telling.finish(true).await;
    let found = telling.check().await;
    assert_eq!((found.count(0, "sent"), found.count(1, "sent")), (WELL, WELL), "{found:?}");
}
