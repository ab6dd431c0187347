//! A page that is open while it changes: what is new appears by itself, and what is the reader's stays.

use std::{path::Path, process::Stdio};

use pharos_tests::{Cluster, PATIENCE, PageOf, eventually};
use proto::incidents::v1::{Component, ComponentStatus, CreateComponentRequest, Phase};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::Instant,
};

const WATCH_PAGE: &str = "/pharos.incidents.v1.StatusService/WatchPage";
const FRONT: &str = "/p/acme";
/// More than are shown unfolded.
const COMPONENTS: usize = 30;
const TYPED: &str = "ada@exam";

/// A browser that does what it is told; its readers have names.
struct Browser {
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    at: String,
    _node: Child,
}

impl Browser {
    fn start(cluster: &Cluster) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let packages = root.join(".tools/node/node_modules");
        assert!(
            packages.join("playwright-core").is_dir(),
            "the packages of the tests from npm are missing; run: make node"
        );
        let mut node = Command::new("node");
        node.arg(root.join("tests/node/live.cjs")).env("NODE_PATH", packages);
        let mut node = node.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let answers = BufReader::new(node.stdout.take().unwrap()).lines();
        Self { commands: node.stdin.take().unwrap(), answers, at: cluster.url(), _node: node }
    }

    async fn tell(&mut self, reader: &str, does: &str, mut rest: Value) -> Value {
        rest["reader"] = reader.into();
        rest["does"] = does.into();
        self.commands.write_all(format!("{rest}\n").as_bytes()).await.unwrap();
        let answer = self.answers.next_line().await.unwrap().expect("the browser is there");
        let mut answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer.get("fault").is_none(), "{reader}, {rest}: {answer}");
        answer["said"].take()
    }

    async fn opens(&mut self, reader: &str, path: &str, scripts: bool) {
        let rest = json!({ "at": self.at, "path": path, "scripts": scripts });
        self.tell(reader, "open", rest).await;
    }

    async fn shows(&mut self, reader: &str, text: &str) {
        self.tell(reader, "shows", json!({ "text": text })).await;
    }

    async fn state(&mut self, reader: &str) -> Value {
        self.tell(reader, "state", json!({})).await
    }

    /// What the reader asked for since the last question, in order of the alphabet.
    async fn asked(&mut self, reader: &str) -> Vec<String> {
        let mut asked: Vec<String> =
            serde_json::from_value(self.tell(reader, "wasAsked", json!({})).await).unwrap();
        asked.sort();
        asked
    }

    async fn complaints(&mut self, reader: &str) -> Vec<String> {
        serde_json::from_value(self.tell(reader, "complained", json!({})).await).unwrap()
    }

    /// Waits until the page as it is now is shown.
    async fn catches_up(&mut self, reader: &str, page: &PageOf) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (wanted, state) = (page.shown().await.version, self.state(reader).await);
            if state["version"].as_i64() == Some(wanted) {
                return state;
            }
            assert!(Instant::now() < deadline, "{reader} does not get to version {wanted}: {state}");
        }
    }
}

fn times(asked: &[String], path: &str) -> usize {
    asked.iter().filter(|each| *each == path).count()
}

/// A page with so many components that its group is folded.
async fn folded(cluster: &Cluster) -> (PageOf, Component) {
    let page = cluster.company("Acme").await.page("acme").await;
    let group = page.group("Payments").await;
    let request = CreateComponentRequest {
        name: "Checkout".into(),
        component_group_id: Some(group.component_group_id),
        shows_uptime: Some(true),
        ..Default::default()
    };
    let component = page.component_with(request).await;
    for index in 0..COMPONENTS {
        page.component(&format!("Region {index}")).await;
    }
    (page, component)
}

#[tokio::test]
async fn an_open_page_shows_what_happens_and_leaves_its_reader_alone() {
    let cluster = Cluster::all_in_one().await;
    let (page, component) = folded(&cluster).await;
    let incident = page.incident("Slow", &[]).await;
    incident.post(Phase::Identified, "A switch is broken.").await;
    cluster.run_until_idle().await;
    let mut browser = Browser::start(&cluster);
    let own = format!("{FRONT}/incidents/{}", incident.incident_id);
    for (reader, path) in [("front", FRONT), ("own", own.as_str())] {
        browser.opens(reader, path, true).await;
        let state = browser.catches_up(reader, &page).await;
        assert_eq!(state["untold"], json!([]), "times tell the visitor's zone");
        assert!(state["times"].as_i64() > Some(0), "{state}");
    }

    browser.tell("own", "selects", json!({ "text": "switch is broken" })).await;
    browser.tell("front", "isBusy", json!({ "typed": TYPED })).await;
    let before = browser.state("front").await;
    let yours = ["marker", "unfolded", "typed", "chosen", "focused", "selected"];
    assert_eq!(
        yours.map(|name| before[name].clone()),
        [
            json!("still the same document"),
            json!([true]),
            TYPED.into(),
            "de".into(),
            "email".into(),
            "".into()
        ],
    );
    let update = incident.post(Phase::Monitoring, "The switch is new.").await;
    browser.shows("front", "The switch is new.").await;
    browser.shows("own", "The switch is new.").await;
    let after = browser.catches_up("front", &page).await;
    assert_eq!(yours.map(|name| after[name].clone()), yours.map(|name| before[name].clone()));
    assert_eq!(after["fresh"], json!([update.update_id]));
    assert_eq!(after["untold"], json!([]), "new times tell the visitor's zone too");
    assert_eq!(after["announced"], "", "the overall status is what it was");
    let moved = after["inForm"].as_f64().unwrap() - before["inForm"].as_f64().unwrap();
    assert!(moved.abs() < 2.0, "the form moved by {moved} pixels under the reader's hands");
    let own = browser.catches_up("own", &page).await;
    assert_eq!(own["selected"], "switch is broken");
    assert_eq!(own["marker"], before["marker"]);

    page.set_status(&component, ComponentStatus::MajorOutage).await;
    let after = browser.catches_up("front", &page).await;
    assert_ne!(after["heading"], before["heading"]);
    assert_eq!(after["announced"], after["heading"]);
    assert!(after["title"].as_str().unwrap().starts_with(after["heading"].as_str().unwrap()), "{after}");
    assert_eq!(yours.map(|name| after[name].clone()), yours.map(|name| before[name].clone()));

    browser.catches_up("own", &page).await;
    for reader in ["front", "own"] {
        let asked = browser.asked(reader).await;
        assert_eq!(times(&asked, WATCH_PAGE), 1, "{asked:?}");
    }
    // Until the next heartbeat nothing is asked at all.
    browser.tell("front", "beats", json!({ "count": 1 })).await;
    for reader in ["front", "own"] {
        assert_eq!(browser.asked(reader).await, [""; 0]);
        assert_eq!(browser.complaints(reader).await, [""; 0]);
    }
}

#[tokio::test]
async fn an_open_page_catches_up_with_what_was_posted_while_the_edge_was_gone() {
    let mut cluster = Cluster::one_process_each().await;
    let (page, _) = folded(&cluster).await;
    let mut incident = page.incident("Slow", &[]).await;
    cluster.run_until_idle().await;
    let mut browser = Browser::start(&cluster);
    browser.opens("reader", FRONT, true).await;
    browser.catches_up("reader", &page).await;
    browser.tell("reader", "isBusy", json!({ "typed": TYPED })).await;
    browser.asked("reader").await;

    cluster.process("edge").kill();
    incident.page.company.channel = cluster.internal_channel("incidents");
    incident.post(Phase::Identified, "A switch is broken.").await;
    cluster.restart("edge");
    browser.shows("reader", "A switch is broken.").await;

    let state = browser.state("reader").await;
    assert_eq!(state["marker"], "still the same document");
    assert_eq!((&state["typed"], &state["focused"]), (&json!(TYPED), &json!("email")));
    assert_eq!(state["unfolded"], json!([true]));
    let asked = browser.asked("reader").await;
    assert_eq!(times(&asked, WATCH_PAGE) + times(&asked, FRONT), asked.len(), "{asked:?}");
    let others: Vec<_> = browser.complaints("reader").await;
    let others: Vec<_> = others.iter().filter(|each| !each.contains("net::ERR_")).collect();
    assert!(others.is_empty(), "{others:?}");
}

#[tokio::test]
async fn an_open_page_that_may_be_outdated_says_so_until_the_services_are_back() {
    let mut cluster = Cluster::one_process_each().await;
    let (page, _) = folded(&cluster).await;
    page.incident("Slow", &[]).await;
    cluster.run_until_idle().await;
    eventually("the page to be kept", || async { cluster.get(FRONT).await.1.contains("Slow").then_some(()) })
        .await;
    cluster.process("incidents").kill();
    eventually("the page to be outdated", || async {
        cluster.get(FRONT).await.1.contains("as-of").then_some(())
    })
    .await;
    let mut browser = Browser::start(&cluster);
    browser.opens("reader", FRONT, true).await;
    assert_eq!(browser.state("reader").await["isSure"], false);

    cluster.restart("incidents");
    browser.tell("reader", "isSure", json!({})).await;
    browser.shows("reader", "Slow").await;
    assert_eq!(browser.state("reader").await["marker"], "still the same document");
}

#[tokio::test]
async fn an_open_page_is_the_same_without_scripts_and_asks_for_nothing_more() {
    let cluster = Cluster::all_in_one().await;
    let (page, component) = folded(&cluster).await;
    page.set_status(&component, ComponentStatus::PartialOutage).await;
    cluster.run_until_idle().await;
    let mut browser = Browser::start(&cluster);
    browser.opens("live", FRONT, true).await;
    browser.catches_up("live", &page).await;
    browser.opens("still", FRONT, false).await;
    let texts =
        [browser.tell("live", "text", json!({})).await, browser.tell("still", "text", json!({})).await];
    assert_eq!(texts[0], texts[1]);
    assert!(texts[0].as_str().unwrap().contains("Checkout"), "{texts:?}");
    let asked = browser.asked("still").await;
    assert_eq!(times(&asked, WATCH_PAGE), 0, "{asked:?}");
    assert_eq!(times(&asked, FRONT), 1, "{asked:?}");
    assert_eq!(browser.complaints("still").await, [""; 0]);
}
