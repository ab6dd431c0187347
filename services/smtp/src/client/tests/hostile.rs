//! Servers that do what they like, over a stream without a socket and in a time that waits for nobody. A failure
//! prints the script that led to it.

use std::collections::HashMap;

use proptest::{collection::vec, prelude::*, sample::select};
use tokio::{
    io::{AsyncRead, AsyncWrite, duplex, join},
    task::yield_now,
};

use super::*;

/// What a server does where one reply is due.
#[derive(Debug, Clone)]
enum Act {
    /// As it should.
    Usual,
    /// Another code, in so many lines.
    Code(u16, usize),
    /// As it should, in so many lines.
    Wordy(usize),
    /// A refusal, where one may stand, in so many lines.
    Refusal(u16, usize),
    /// As it should, but what it says may be anything.
    Garbage(Vec<u8>),
    /// As it should, but it is gone after so many octets of its reply.
    Cut(usize),
    /// As it should, but nobody ever hears of it.
    Silence,
    /// The reply twice.
    Twice,
    /// No reply, and it goes on.
    Missing,
    /// The reply, and one that nobody asked for.
    Extra(u16),
}

#[derive(Debug, Clone)]
struct Script {
    acts: Vec<Act>,
    /// Recipients with such a number are refused.
    refuses: Vec<usize>,
    pipelining: bool,
    /// Takes a message without recipients.
    lenient: bool,
}

/// What the server can swear to: whom it took a message for, and the message.
type Accepted = Vec<(String, Vec<u8>)>;

/// Says it in pieces, each of which the client may find alone.
async fn say(to: &mut (impl AsyncWrite + Unpin), said: &[u8], piece: usize) -> bool {
    for part in said.chunks(piece) {
        if to.write_all(part).await.is_err() {
            return false;
        }
        yield_now().await;
    }
    true
}

/// Plays the script.
async fn play(stream: impl AsyncRead + AsyncWrite + Unpin, script: Script, piece: usize) -> Accepted {
    let mut wire = BufReader::new(stream);
    let mut accepted = Vec::new();
    let offer = if script.pipelining { PIPELINING } else { NO_PIPELINING };
    let mut acts = script.acts.into_iter();
    let (mut has_sender, mut recipient) = (false, None);
    wire.write_all(b"220 relay.example\r\n").await.unwrap();
    let mut line = Vec::new();
    let mut text: Option<Vec<u8>> = None;
    loop {
        line.clear();
        if wire.read_until(b'\n', &mut line).await.unwrap_or(0) == 0 || !line.ends_with(b"\r\n") {
            return accepted;
        }
        let command = String::from_utf8_lossy(&line).trim_end().to_owned();
        if let Some(text) = &mut text
            && line != b".\r\n"
        {
            text.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            continue;
        }
        let refused =
            |recipient: &str| script.refuses.iter().any(|i| recipient.contains(&format!("<user{i}@")));
        let usual = match (&text, command.split(':').next().unwrap()) {
            (Some(_), _) if recipient.is_none() => 554,
            (Some(_), _) => 250,
            (None, "EHLO client.example") => {
                wire.write_all(offer.as_bytes()).await.unwrap();
                continue;
            }
            (None, "MAIL FROM") if has_sender => 503,
            (None, "RCPT TO") if !has_sender => 503,
            (None, "RCPT TO") if refused(&command) => 550,
            (None, "DATA") if recipient.is_none() && !(script.lenient && has_sender) => 554,
            (None, "DATA") => 354,
            (None, "QUIT") => return accepted,
            (None, "MAIL FROM" | "RCPT TO" | "RSET") => 250,
            (None, _) => 500,
        };
        let verb = command.split(':').next().unwrap();
        let lines = |code: u16, count: usize| {
            format!("{}{code} other\r\n", format!("{code}-more\r\n").repeat(count - 1)).into_bytes()
        };
        let act = acts.next().unwrap_or(Act::Usual);
        let reply = lines(usual, 1);
        let (code, said) = match &act {
            Act::Usual | Act::Cut(_) | Act::Silence | Act::Missing => (usual, reply),
            Act::Refusal(..) if verb == "RSET" => (usual, reply),
            Act::Code(code, count) | Act::Refusal(code, count) => (*code, lines(*code, *count)),
            Act::Wordy(count) => (usual, lines(usual, *count)),
            Act::Garbage(octets) => (usual, octets.clone()),
            Act::Twice => (usual, reply.repeat(2)),
            Act::Extra(extra) => (usual, [reply, lines(*extra, 1)].concat()),
        };
        match (text.take(), verb) {
            (Some(text), _) => {
                if let (250, Some(recipient)) = (code, recipient.take()) {
                    accepted.push((recipient, text));
                }
                (has_sender, recipient) = (false, None);
            }
            (None, "MAIL FROM") => has_sender |= (200..300).contains(&code),
            (None, "RCPT TO") if (200..300).contains(&code) => {
                recipient = Some(command["RCPT TO:<".len()..].trim_end_matches('>').to_owned());
            }
            (None, "DATA") if code == 354 => text = Some(Vec::new()),
            (None, "RSET") => (has_sender, recipient) = (false, None),
            (None, _) => {}
        }
        match act {
            Act::Cut(at) => {
                say(&mut wire, &said[..at.min(said.len() - 1)], piece).await;
                return accepted;
            }
            Act::Silence => {
                tokio::io::copy(&mut wire, &mut tokio::io::sink()).await.ok();
                return accepted;
            }
            Act::Missing => {}
            Act::Usual
            | Act::Code(..)
            | Act::Wordy(_)
            | Act::Refusal(..)
            | Act::Garbage(_)
            | Act::Twice
            | Act::Extra(_) => {
                if !say(&mut wire, &said, piece).await || code == 421 {
                    return accepted;
                }
            }
        }
    }
}

/// What became of everything: each mail's verdict by its recipient, in order, and what the server took.
#[derive(Debug)]
struct Told {
    verdicts: Vec<(String, Verdict)>,
    accepted: Accepted,
    is_usable: bool,
}

/// Delivers the calls' mails one call after the other, and checks what holds whatever a server does.
fn deliver_to(script: Script, calls: &[usize], piece: usize) -> Told {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        // a server's replies always have room: a client that writes a group of commands need not read meanwhile
        let (replies, speaking) = duplex(1 << 20);
        let (commands, hearing) = duplex(piece);
        let server = tokio::spawn(play(join(hearing, speaking), script, piece));
        let ours = join(replies, commands);
        let url = "smtp://relay.example?tls=never".parse().unwrap();
        let timeouts = Timeouts::default();
        let opened = Connection::open_over(Box::new(ours), &url, &timeouts, "client.example").await;
        let mut connection = opened.unwrap();
        let mut verdicts = Vec::new();
        for &count in calls {
            let (first, was_usable) = (verdicts.len(), connection.is_usable());
            let mut reports = Reports::default();
            let compose = |i: usize, body: &mut Vec<u8>| compose(first + i, body);
            let outcome = connection.deliver(count, compose, |i, report| reports.take(i, report)).await;
            assert_eq!(reports.0.len(), count, "one report for each mail");
            assert_eq!(outcome.is_ok(), connection.is_usable(), "usable only without a fault");
            assert!(was_usable || reports.verdicts().iter().all(|&verdict| verdict == Verdict::NotTried));
            assert!(was_usable || outcome.is_err());
            for (i, verdict) in reports.verdicts().into_iter().enumerate() {
                verdicts.push((recipient(first + i), verdict));
            }
        }
        let is_usable = connection.is_usable();
        connection.quit().await;
        let accepted = server.await.unwrap();
        for (i, (recipient, message)) in accepted.iter().enumerate() {
            let number = verdicts.iter().position(|(of, _)| of == recipient).expect("one of ours");
            let mut composed = Vec::new();
            compose(number, &mut composed);
            assert_eq!(message, &composed);
            assert!(accepted[..i].iter().all(|(other, _)| other != recipient), "handed over twice");
        }
        Told { verdicts, accepted, is_usable }
    })
}

impl Told {
    /// How many verdicts are not what the server says.
    fn wrong(&self) -> usize {
        let accepted: HashMap<&str, &[u8]> =
            self.accepted.iter().map(|(to, message)| (to.as_str(), &message[..])).collect();
        let is_wrong = |(to, verdict): &&(String, Verdict)| match verdict {
            Verdict::Sent => !accepted.contains_key(to.as_str()),
            Verdict::Deferred | Verdict::Bounced | Verdict::Rejected | Verdict::NotTried => {
                accepted.contains_key(to.as_str())
            }
            Verdict::Unknown => false,
        };
        self.verdicts.iter().filter(is_wrong).count()
    }
}

/// A server as RFC 5321 wants it, in any mood.
fn fine() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Act::Usual),
        2 => (1..64_usize).prop_map(Act::Wordy),
        1 => (select(vec![450_u16, 451, 452, 550, 551, 552, 553, 554]), 1..4_usize)
            .prop_map(|(code, lines)| Act::Refusal(code, lines)),
    ]
}

/// A server that answers each command once, whatever it answers.
fn in_step() -> impl Strategy<Value = Act> {
    prop_oneof![
        30 => Just(Act::Usual),
        3 => (select(vec![250_u16, 251, 354, 450, 451, 452, 550, 551, 552, 553, 554]), 1..3_usize)
            .prop_map(|(code, lines)| Act::Code(code, lines)),
        1 => (200..600_u16, 1..70_usize).prop_map(|(code, lines)| Act::Code(code, lines)),
        1 => Just(Act::Code(421, 1)),
        1 => (0..16_usize).prop_map(Act::Cut),
        1 => Just(Act::Silence),
    ]
}

/// Octets that are no reply, so that no server has said anything with them.
fn garbage() -> impl Strategy<Value = Act> {
    let texts = [
        "\r\n",
        "ok\r\n",
        "99 no\r\n",
        "2500 ok\r\n",
        "250_ok\r\n",
        "250-a\r\n550 b\r\n",
        "199 x\r\n",
        "600 x\r\n",
    ];
    prop_oneof![
        select(texts.to_vec()).prop_map(|text| Act::Garbage(text.as_bytes().to_vec())),
        vec(any::<u8>().prop_filter("no digit", |b| !b.is_ascii_digit()), 1..40).prop_map(Act::Garbage),
        select(vec![2000_usize, 2001, 9000]).prop_map(|count| Act::Garbage(vec![b'x'; count])),
    ]
}

fn out_of_step() -> impl Strategy<Value = Act> {
    prop_oneof![
        Just(Act::Twice),
        Just(Act::Missing),
        select(vec![220_u16, 250, 354, 450, 550]).prop_map(Act::Extra),
    ]
}

fn script(acts: impl Strategy<Value = Vec<Act>>) -> impl Strategy<Value = Script> {
    (acts, vec(0..12_usize, 0..4), any::<bool>(), any::<bool>())
        .prop_map(|(acts, refuses, pipelining, lenient)| Script { acts, refuses, pipelining, lenient })
}

fn calls() -> impl Strategy<Value = Vec<usize>> {
    vec(0..7_usize, 1..4)
}

fn piece() -> impl Strategy<Value = usize> {
    select(vec![1_usize, 3, 16, 100, 65_536])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_reported_is_what_a_server_in_step_has_said(
        script in script(vec(prop_oneof![20 => in_step(), 1 => garbage()], 0..50)),
        calls in calls(),
        piece in piece(),
    ) {
        let told = deliver_to(script, &calls, piece);
        prop_assert_eq!(told.wrong(), 0, "{:?}", told);
    }

    #[test]
    fn a_server_that_keeps_to_the_protocol_costs_no_connection_and_no_mail_its_certainty(
        script in script(vec(fine(), 0..60)),
        calls in calls(),
        piece in piece(),
    ) {
        let told = deliver_to(script, &calls, piece);
        prop_assert!(told.is_usable && told.wrong() == 0, "{:?}", told);
        let is_certain = |verdict: &Verdict| !matches!(verdict, Verdict::Unknown | Verdict::NotTried);
        prop_assert!(told.verdicts.iter().all(|(_, verdict)| is_certain(verdict)), "{:?}", told);
    }

    /// Nothing in a reply tells which command it answers: a reply too many or too few can pass for one mail's, and the
    /// next replies give it away.
    #[test]
    fn a_server_out_of_step_is_found_out_before_a_second_mail_is_misreported(
        script in (0..40_usize, out_of_step()).prop_flat_map(|(at, act)| {
            let mut acts = vec![Act::Usual; at];
            acts.push(act);
            script(Just(acts))
        }),
        calls in calls(),
        piece in piece(),
    ) {
        let told = deliver_to(script, &calls, piece);
        prop_assert!(told.wrong() <= 1, "{:?}", told);
    }
}
