//! Lanes, with the time standing still but for what a test lets pass; relays, over sockets.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use smtp::{
    client::{EnhancedStatus, Envelope, RelayList, Report, Step, Verdict},
    server::{self, Policy, Received, SmtpServer},
};
use tokio::{net::TcpListener, time::Instant};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    lane::{Lane, Lesson},
    *,
};

const HERE: RelayId = RelayId(0);

fn report(verdict: Verdict, status: Option<(u8, u16, u16)>, reply: &str) -> Report {
    let status = status.map(|(class, subject, detail)| EnhancedStatus { class, subject, detail });
    Report { verdict, status, reply: reply.to_owned() }
}

fn sent() -> Report {
    report(Verdict::Sent, Some((2, 0, 0)), "250 2.0.0 taken")
}

fn later() -> Report {
    report(Verdict::Deferred, Some((4, 7, 0)), "421 4.7.0 slow down")
}

fn lanes(most: u32) -> Lanes {
    Lanes::new(["relay.example:25".to_owned()], most)
}

fn hold(lanes: &Lanes, email: &str) -> Option<Duration> {
    match lanes.admit(HERE, email) {
        Admission::Go(_) => None,
        Admission::Hold { pause, .. } => Some(Duration::try_from(pause).unwrap()),
    }
}

/// Mails that go through one after the other, with what becomes of each.
fn pass(lanes: &Lanes, email: &str, reports: impl IntoIterator<Item = Report>) -> usize {
    let pass_one = |report: Report| match lanes.admit(HERE, email) {
        Admission::Go(_ticket) => {
            lanes.learn(HERE, email, &report, Name::Ours);
            true
        }
        Admission::Hold { .. } => false,
    };
    reports.into_iter().map(pass_one).filter(|went| *went).count()
}

#[tokio::test(start_paused = true)]
async fn a_lane_has_no_limit_until_its_provider_refuses() {
    let lanes = lanes(640);
    let tickets = (0..640).map(|_| lanes.admit(HERE, "ann@gmail.com")).collect::<Vec<_>>();
    assert!(tickets.iter().all(|admission| matches!(admission, Admission::Go(_))));
    assert!(hold(&lanes, "bob@googlemail.com").is_some(), "one provider, one lane");
    assert!(hold(&lanes, "bob@example.net").is_none());
    drop(tickets);
    assert!(hold(&lanes, "bob@gmail.com").is_none());
}

#[tokio::test(start_paused = true)]
async fn one_refusal_among_many_slows_nothing() {
    let lanes = lanes(640);
    for _ in 0..50 {
        let many = (0..199).map(|_| sent()).chain([later()]);
        assert_eq!(pass(&lanes, "ann@gmail.com", many), 200);
    }
    let greylisted = report(Verdict::Deferred, Some((4, 7, 1)), "451 4.7.1 Greylisting in action");
    let full = report(Verdict::Deferred, Some((4, 2, 2)), "452 4.2.2 mailbox full");
    for told in [greylisted, full] {
        assert_eq!(pass(&lanes, "ann@gmail.com", (0..500).map(|_| told.clone())), 500);
    }
}

#[tokio::test(start_paused = true)]
async fn a_share_of_refusals_slows_that_lane_alone_and_successes_speed_it_up_again() {
    let lanes = lanes(640);
    pass(&lanes, "ann@slow.example", (0..100).map(|_| sent()));
    let mixed = (0..100).map(|n| if n % 4 == 0 { later() } else { sent() });
    let went = pass(&lanes, "ann@slow.example", mixed);
    assert!(went < 100, "{went}");
    assert_eq!(pass(&lanes, "ann@quick.example", (0..1000).map(|_| sent())), 1000);

    // A lane that takes all is at full speed again after a while.
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(90) {
        pass(&lanes, "ann@slow.example", (0..500).map(|_| sent()));
        tokio::time::advance(Duration::from_millis(100)).await;
    }
    assert_eq!(pass(&lanes, "ann@slow.example", (0..20_000).map(|_| sent())), 20_000);
}

#[tokio::test(start_paused = true)]
async fn a_lane_that_only_refuses_rests_longer_and_longer_and_one_mail_tries_it() {
    let lanes = lanes(640);
    let email = "ann@slow.example";
    let is_rest = |why: &str| why.contains("refuses mails for now");
    let mut lengths = Vec::new();
    for round in 0..9 {
        let mut refused = 0;
        loop {
            match lanes.admit(HERE, email) {
                Admission::Go(ticket) => {
                    if round > 0 {
                        assert!(hold(&lanes, "bob@slow.example").is_some(), "one tries it");
                    }
                    lanes.learn(HERE, email, &later(), Name::Ours);
                    drop(ticket);
                    refused += 1;
                }
                Admission::Hold { why, .. } if is_rest(&why) => break,
                Admission::Hold { .. } => tokio::time::advance(Duration::from_millis(100)).await,
            }
        }
        assert_eq!(refused, if round == 0 { 10 } else { 1 });
        let begun = Instant::now();
        while let Admission::Hold { why, .. } = lanes.admit(HERE, email)
            && is_rest(&why)
        {
            tokio::time::advance(Duration::from_millis(10)).await;
        }
        lengths.push(begun.elapsed().as_secs_f64());
    }
    for (length, wanted) in lengths.iter().zip([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]) {
        assert!(*length >= wanted * 0.79 && *length <= (wanted * 1.21_f64).min(60.02), "{lengths:?}");
    }
    tokio::time::advance(Duration::from_secs(1)).await;
    lanes.learn(HERE, email, &sent(), Name::Ours);
    assert!(hold(&lanes, email).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_our_reputation_pauses_the_lane_for_ten_minutes_and_up_to_an_hour() {
    let lanes = lanes(640);
    let blocked = report(Verdict::Rejected, Some((5, 7, 1)), "550 5.7.1 blocked");
    let mut pauses = Vec::new();
    for _ in 0..4 {
        for _ in 0..3 {
            lanes.learn(HERE, "ann@outlook.com", &blocked, Name::Ours);
        }
        let pause = hold(&lanes, "bob@hotmail.com").unwrap();
        let Admission::Hold { why, .. } = lanes.admit(HERE, "ann@outlook.com") else { panic!("it goes") };
        assert!(why.contains("outlook.com"), "{why}");
        pauses.push(pause.as_secs() / 60);
        assert!(hold(&lanes, "ann@example.net").is_none());
        tokio::time::advance(pause + Duration::from_secs(1)).await;
        assert!(hold(&lanes, "ann@outlook.com").is_none(), "one tries it");
    }
    assert_eq!(pauses, [10, 20, 40, 60]);
    assert_eq!(pass(&lanes, "ann@outlook.com", [sent()]), 1);
    lanes.learn(HERE, "ann@outlook.com", &blocked, Name::Ours);
    assert_eq!(hold(&lanes, "ann@outlook.com").unwrap().as_secs() / 60, 10);
}

#[tokio::test(start_paused = true)]
async fn a_tenants_domain_that_fails_its_checks_holds_up_nobody_else() {
    for (detail, name, holds) in [
        (20, Name::Tenants, false),
        (22, Name::Tenants, false),
        (26, Name::Tenants, false),
        (26, Name::Ours, true),
        // SPF and the name of our address
        (23, Name::Tenants, true),
        (25, Name::Tenants, true),
        (1, Name::Tenants, true),
    ] {
        let lanes = lanes(640);
        for verdict in [Verdict::Rejected, Verdict::Deferred] {
            let failed = report(verdict, Some((5, 7, detail)), "550 5.7.x checks failed");
            for _ in 0..20 {
                lanes.learn(HERE, "ann@gmail.com", &failed, name);
            }
        }
        assert_eq!(hold(&lanes, "bob@gmail.com").is_some(), holds, "5.7.{detail} {name:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_come_back_one_after_the_other() {
    let lanes = lanes(10);
    let _tickets = (0..10).map(|_| lanes.admit(HERE, "ann@gmail.com")).collect::<Vec<_>>();
    let pauses = (0..5000).map(|_| hold(&lanes, "ann@gmail.com").unwrap()).collect::<Vec<_>>();
    assert!(pauses.is_sorted());
    assert!(pauses[0] < Duration::from_secs(1) && pauses[4999] > Duration::from_secs(90));
    assert!(pauses[4999] <= Duration::from_secs(120));
}

#[tokio::test(start_paused = true)]
async fn lanes_are_bounded_and_one_that_pauses_is_not_forgotten() {
    let lanes = Lanes::with_room(["relay.example:25".to_owned()], 10, 320);
    let blocked = report(Verdict::Rejected, Some((5, 7, 1)), "550 5.7.1 no");
    lanes.learn(HERE, "ann@blocked.example", &blocked, Name::Ours);
    for n in 0..10_000 {
        drop(lanes.admit(HERE, &format!("ann@{n}.example")));
        assert!(lanes.count() <= 320);
    }
    assert!(hold(&lanes, "ann@blocked.example").is_some());
}

/// What happens to a lane.
#[derive(Debug, Clone)]
enum Event {
    Admit,
    Settle(Lesson),
    Lose,
    Pass(u32),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => Just(Event::Admit),
        2 => Just(Event::Settle(Lesson::Taken)),
        3 => Just(Event::Settle(Lesson::Refused)),
        1 => Just(Event::Settle(Lesson::Nothing)),
        1 => Just(Event::Lose),
        1 => Just(Event::Settle(Lesson::Reputation)),
        2 => (0..5_000_u32).prop_map(Event::Pass),
    ]
}

proptest! {
    #[test]
    fn a_lane_never_has_more_in_flight_than_it_may_and_never_starves(
        most in 1..50_u32,
        events in prop::collection::vec(event(), 0..400),
    ) {
        let mut now = Instant::now();
        let (mut lane, mut in_flight) = (Lane::new(most, now), 0_u32);
        for event in events {
            match event {
                Event::Admit => match lane.admit(now) {
                    Ok(()) => in_flight += 1,
                    Err((pause, _)) => prop_assert!(pause > Duration::ZERO && pause <= Duration::from_secs(3720)),
                },
                Event::Settle(lesson) if in_flight > 0 => {
                    lane.learn(lesson, now);
                    lane.leave();
                    in_flight -= 1;
                }
                Event::Lose if in_flight > 0 => {
                    lane.leave();
                    in_flight -= 1;
                }
                Event::Settle(_) | Event::Lose => {}
                Event::Pass(millis) => now += Duration::from_millis(millis.into()),
            }
            prop_assert_eq!(lane.in_flight(), in_flight);
            prop_assert!(in_flight <= most);
            prop_assert!(lane.rate() >= 1.0);
        }
        while in_flight > 0 {
            lane.leave();
            in_flight -= 1;
        }
        // Whatever happened, after an hour one goes; and while all is taken, everybody does before long.
        now += Duration::from_secs(3601);
        prop_assert!(lane.admit(now).is_ok());
        lane.learn(Lesson::Taken, now);
        lane.leave();
        let (begin, mut went) = (now, 0);
        while went < 1000 && now < begin + Duration::from_secs(600) {
            match lane.admit(now) {
                Ok(()) => {
                    went += 1;
                    lane.learn(Lesson::Taken, now);
                    lane.leave();
                }
                Err((pause, _)) => now += pause,
            }
        }
        prop_assert_eq!(went, 1000);
    }
}

#[derive(Debug)]
struct TakeAll;

impl Policy for TakeAll {
    fn greeting(&self, _: std::net::SocketAddr) -> server::Reply {
        server::Reply::say(220, "relay.test ESMTP")
    }

    fn recipient(&self, _: &server::Envelope) -> server::Reply {
        server::Reply::say(250, "2.1.5 ok")
    }

    async fn message(&self, _: Received) -> server::Answer {
        server::Reply::say(250, "2.0.0 taken").into()
    }
}

async fn serve(address: &str) -> (String, DropGuard) {
    let listener = TcpListener::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let stop = CancellationToken::new();
    tokio::spawn(SmtpServer::on_loopback().serve(listener, Arc::new(TakeAll), stop.clone()));
    (address, stop.drop_guard())
}

fn relays(list: &str) -> Relays {
    let list: RelayList = list.parse().unwrap();
    Relays::new(&list, Limits { connections: 2 }, "pharos.test")
}

async fn deliver(line: &mut Option<Line>, count: usize) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let taken = line.take().unwrap();
    let count = taken.allowance(count).await;
    let compose = |_, body: &mut Vec<u8>| {
        body.extend_from_slice(b"From: a@example.com\r\n\r\nx\r\n");
        Envelope { sender: "b@example.com".into(), recipient: "ann@example.net".into() }
    };
    let report = |_, report: Report| verdicts.push(report.verdict);
    match taken.deliver(|_: Step| true, count, compose, report).await {
        Ended::Well(left) => *line = Some(left),
        Ended::Lost { .. } => {}
    }
    verdicts
}

#[tokio::test]
async fn a_relay_that_is_away_is_passed_over_and_taken_up_again_when_it_is_back() {
    let (first, stop) = serve("127.0.0.1:0").await;
    let (second, _stop) = serve("127.0.0.1:0").await;
    drop(stop);
    // Until it listens no more.
    while tokio::net::TcpStream::connect(&first).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let relays = relays(&format!("smtp://{first}?tls=never smtp://{second}?tls=never"));
    let mut line = None;
    relays.open(&mut line).await.unwrap();
    assert_eq!(line.as_ref().unwrap().relay(), RelayId(1));
    assert_eq!(deliver(&mut line, 3).await, [Verdict::Sent; 3]);

    let (_, _stop) = serve(&first).await;
    let mut tries = 0;
    while line.as_ref().is_none_or(|line| line.relay() != RelayId(0)) {
        relays.open(&mut line).await.unwrap();
        assert_eq!(deliver(&mut line, 1).await, [Verdict::Sent], "mails go on meanwhile");
        tries += 1;
        assert!(tries < 1_000_000, "it does not go back");
    }
}

#[tokio::test]
async fn when_no_relay_is_there_a_sender_is_told_how_long_to_rest() {
    let relays = relays("smtp://127.0.0.1:1?tls=never smtp://127.0.0.1:2?tls=never");
    let mut line = None;
    let unopened = relays.open(&mut line).await.unwrap_err();
    assert!(line.is_none());
    assert!(unopened.pause >= Duration::from_millis(50) && unopened.pause <= Duration::from_secs(5));
    assert!(unopened.to_string().contains("connect"), "{unopened}");
}

#[tokio::test]
async fn a_relay_gets_no_more_connections_and_no_more_mails_over_one_than_it_bears() {
    let (only, _stop) = serve("127.0.0.1:0").await;
    let relays = relays(&format!("smtp://{only}?tls=never&connections=1&mails_per_connection=3"));
    assert_eq!(relays.places(), 1);
    let (mut line, mut other) = (None, None);
    relays.open(&mut line).await.unwrap();
    let full = relays.open(&mut other).await.unwrap_err();
    assert!(full.pause <= Duration::from_secs(1), "{full}");
    assert_eq!(deliver(&mut line, 2).await.len(), 2);
    assert_eq!(deliver(&mut line, 2).await.len(), 1, "the third ends it");
    relays.open(&mut line).await.unwrap();
    assert_eq!(deliver(&mut line, 5).await.len(), 3, "a new one takes its place");
}

#[tokio::test]
async fn a_discarding_relay_composes_and_drops() {
    let relays = relays("discard:");
    let mut line = None;
    relays.open(&mut line).await.unwrap();
    assert_eq!(deliver(&mut line, 5).await, [Verdict::Sent; 5]);
}
