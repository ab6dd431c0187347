//! The binary as people start and stop it.

use std::{collections::BTreeSet, path::Path, process::Command};

use pharos::replay::timeline::{Moment, Timeline};
use pharos_tests::{Process, binary, eventually};
use proto::{
    common::v1::Month,
    incidents::v1::{self as incidents, status_service_client::StatusServiceClient},
};
use rustix::process::Signal;
use tonic::transport::Channel;

fn run(arguments: &[&str], settings: &[(&str, &str)]) -> (i32, String) {
    let output =
        Command::new(binary()).args(arguments).env_clear().envs(settings.iter().copied()).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), text)
}

#[test]
fn a_wrong_setting_ends_the_start_with_exit_code_78_and_is_named() {
    for (variable, value, key) in [
        ("PHAROS__DATABASE__MAX_CONNECTIONS", "many", "database.max_connections"),
        ("PHAROS__DATABASE__MAX_CONECTIONS", "9", "max_conections"),
        ("PHAROS__SECRETS__SERVICE", "short", "secrets.service"),
        ("PHAROS__NOTIFICATIONS__FLUSH", "0", "notifications.flush"),
    ] {
        let secret = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let mut settings = vec![
            ("DATABASE_URL", "postgres://nobody@localhost/nothing"),
            ("SMTP_URL", "smtp://localhost:25"),
            ("PHAROS__SECRETS__SERVICE", secret),
            ("PHAROS__SECRETS__NOTIFICATIONS", secret),
            ("PHAROS__PEERS__TENANTS", "http://localhost:1"),
            ("PHAROS__PEERS__SUBSCRIPTIONS", "http://localhost:1"),
        ];
        settings.retain(|(name, _)| *name != variable);
        settings.push((variable, value));
        let (code, said) = run(&["serve", "notifications"], &settings);
        assert_eq!(code, 78, "{variable}: {said}");
        assert!(said.contains(key), "{variable}: {said}");
    }
    let (code, said) = run(&["serve", "tenants"], &[("DATABASE_URL", "postgres://x@localhost/x")]);
    assert_eq!(code, 78);
    assert!(said.contains("secrets.service") && said.contains("PHAROS__SECRETS__SERVICE"), "{said}");
    let (code, said) = run(&["check-config", "edge"], &[]);
    assert_eq!(code, 78);
    assert!(said.contains("peers.tenants"), "{said}");
}

#[test]
fn the_version_is_told() {
    let (code, said) = run(&["version"], &[]);
    assert_eq!(code, 0);
    assert_eq!(said, format!("pharos {}\n", env!("CARGO_PKG_VERSION")));
}

/// `pharos up` on a folder, on free ports.
fn up(folder: &Path, name: &str) -> Process {
    let variable = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let path = pharos::settings::variables().get("PATH").cloned().unwrap_or_default();
    let home = pharos::settings::variables().get("HOME").cloned().unwrap_or_default();
    let settings = [
        variable("PATH", &path),
        variable("HOME", &home),
        variable("PHAROS__SERVER__PUBLIC_LISTEN", "127.0.0.1:0"),
        variable("PHAROS__SERVER__INTERNAL_LISTEN", "127.0.0.1:0"),
        variable("PHAROS__UP__MAIL_CATCHER_LISTEN", "127.0.0.1:0"),
    ];
    let data = folder.join("data");
    Process::start(name, folder, &["up", "--data", data.to_str().unwrap()], &settings)
}

/// The address that `up` prints once it is ready.
async fn address(up: &Process) -> String {
    eventually("up to say where it is", || async {
        let log = up.log();
        let (_, rest) = log.split_once("API            ")?;
        rest.split_whitespace().next().map(str::to_owned)
    })
    .await
}

#[tokio::test]
async fn up_serves_everything_refuses_a_second_one_on_its_folder_and_stops_cleanly() {
    let folder = tempfile::Builder::new().prefix("pharos-tests-").tempdir_in("/tmp").unwrap();
    let mut first = up(folder.path(), "first");
    let url = address(&first).await;
    let get = async |path: &str| {
        pharos::http_client::get(&format!("{url}{path}").parse().unwrap()).await.unwrap().0
    };
    assert_eq!(get("/").await, 200);
    assert_eq!(get("/inbox").await, 200);
    assert_eq!(get("/p/nothing-here").await, 404);

    let mut second = up(folder.path(), "second");
    let ended = eventually("the second one to end", || std::future::ready(second.ended())).await;
    assert!(!ended.success());
    assert!(second.log().contains("in use"), "{}", second.log());

    // A peer that connects and says nothing does not keep it from ending.
    let silent =
        std::net::TcpStream::connect(url.trim_start_matches("http://").replace("localhost", "127.0.0.1"));
    let silent = silent.unwrap();
    first.signal(Signal::TERM);
    let ended = eventually("the first one to end", || std::future::ready(first.ended())).await;
    assert!(ended.success(), "{}", first.log());
    drop(silent);
    let pid = std::fs::read_to_string(folder.path().join("data/postgres/data/postmaster.pid"));
    assert!(pid.is_err(), "its Postgres is still there: {pid:?}");
}

#[tokio::test]
async fn up_comes_back_after_a_kill_with_everything_that_was_acknowledged() {
    let folder = tempfile::Builder::new().prefix("pharos-tests-").tempdir_in("/tmp").unwrap();
    let mut first = up(folder.path(), "first");
    let url = address(&first).await;
    let request = proto::tenants::v1::SignUpRequest {
        company_name: "Acme".into(),
        email: "owner@example.com".into(),
        password: "correct horse battery staple".into(),
    };
    let sign_in = proto::tenants::v1::SignInRequest {
        email: request.email.clone(),
        password: request.password.clone(),
    };
    let accounts = |url: &str| {
        let channel = kit::peer::channel(&url.parse().unwrap());
        proto::tenants::v1::account_service_client::AccountServiceClient::new(channel)
    };
    accounts(&url).sign_up(request).await.unwrap();
    first.kill();

    let second = up(folder.path(), "second");
    let url = address(&second).await;
    let tenant = accounts(&url).sign_in(sign_in).await.unwrap().into_inner().tenant.unwrap();
    assert_eq!(tenant.name, "Acme");
    second.signal(Signal::TERM);
    let mut second = second;
    eventually("it to end", || std::future::ready(second.ended())).await;
}

#[tokio::test]
async fn every_shipped_timeline_is_replayed_and_every_subscriber_hears_every_post() {
    let folder = tempfile::Builder::new().prefix("pharos-tests-").tempdir_in("/tmp").unwrap();
    let mut system = up(folder.path(), "up");
    let url = address(&system).await;
    let timelines = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("timelines");
    for name in ["kiwify", "blip", "vtex", "kinescope", "gitkraken"] {
        let mut text = std::fs::read_to_string(timelines.join(format!("{name}.yaml"))).unwrap();
        for vendor in Timeline::parse(&text).unwrap().vendor_requests("") {
            // A test asks nobody on the Internet.
            text = text.replace(&vendor.url, &format!("https://{}.example", vendor.name.to_lowercase()));
        }
        let file = folder.path().join(format!("{name}.yaml"));
        std::fs::write(&file, &text).unwrap();
        let timeline = Timeline::parse(&text).unwrap();
        let (code, said) = run(&["replay", file.to_str().unwrap(), "--to", &url], &[]);
        assert_eq!(code, 0, "{name}: {said}");
        let mails = timeline.incident.posts.len() + 1;
        for subscriber in &timeline.subscribers {
            let line = format!("{} ({mails} mails)", subscriber.email);
            assert!(said.contains(&line), "{name}: no `{line}` in {said}");
        }
        assert_shown(&url, &timeline).await;
    }
    system.signal(Signal::TERM);
    eventually("it to end", || std::future::ready(system.ended())).await;
}

/// Everything that the timeline holds is on its page.
async fn assert_shown(url: &str, timeline: &Timeline) {
    let name = &timeline.page.slug;
    let mut reader = StatusServiceClient::new(kit::peer::channel(&url.parse().unwrap()));
    let page = Some(incidents::get_page_request::Page::Slug(name.clone()));
    let front = reader.get_page(incidents::GetPageRequest { page }).await.unwrap().into_inner();
    let page_id = front.page.unwrap().page_id;
    let component = |name: &str| front.components.iter().find(|it| it.name == name).unwrap();
    for told in &timeline.components {
        let shown = component(&told.name);
        let follows =
            shown.third_party.as_ref().map(|it| (it.vendor_name.as_str(), it.vendor_component.as_str()));
        assert_eq!(
            follows,
            told.vendor.as_ref().map(|it| (it.name.as_str(), it.component.as_str())),
            "{name}"
        );
        for uptime in &told.uptime {
            let (year, month) = (uptime.month.year().into(), uptime.month.month().into());
            let request = incidents::GetUptimeRequest {
                page_id: page_id.clone(),
                component_ids: vec![shown.component_id.clone()],
                range: Some(incidents::get_uptime_request::Range::Month(Month { year, month })),
                ..Default::default()
            };
            let uptimes = reader.get_uptime(request).await.unwrap().into_inner().uptimes;
            let got = i64::from(uptimes[0].hundredths_of_percent);
            assert_eq!(got, uptime.hundredths_of_percent, "{name}: {} in {year}-{month}", told.name);
        }
    }

    let request = incidents::StatusServiceGetIncidentRequest {
        incident_id: only_incident(&mut reader, &page_id).await,
        page_id,
    };
    let shown = reader.get_incident(request).await.unwrap().into_inner().incident.unwrap();
    let told = &timeline.incident;
    assert_eq!((&shown.title, shown.backfilled), (&told.title, told.backfilled), "{name}");
    assert_eq!(shown.language, told.language.clone().unwrap_or_default(), "{name}");
    assert_eq!(shown.phase(), incidents::Phase::Resolved, "{name}");
    let second = |at: Moment| at.timestamp().as_second();
    let seconds = |at: Option<prost_types::Timestamp>| at.map(|at| at.seconds);
    assert_eq!(seconds(shown.impact_started_at), told.impact_started_at.map(second), "{name}");
    assert_eq!(seconds(shown.impact_ended_at), told.impact_ended_at.map(second), "{name}");
    let impacts = shown.component_impacts.iter().map(|it| {
        (it.component_id.clone(), it.status(), seconds(it.started_at).unwrap(), seconds(it.ended_at).unwrap())
    });
    let told_impacts = told.component_impacts.iter().map(|it| {
        let component_id = component(&it.component).component_id.clone();
        (component_id, it.status, second(it.started_at), second(it.ended_at))
    });
    let (impacts, told_impacts): (BTreeSet<_>, BTreeSet<_>) = (impacts.collect(), told_impacts.collect());
    assert_eq!(impacts, told_impacts, "{name}");
    let posts = shown.updates.iter().rev().map(|it| {
        (it.phase(), it.body.as_str(), seconds(it.displayed_at).unwrap(), seconds(it.next_update_at))
    });
    let told_posts = told
        .posts
        .iter()
        .map(|it| (it.phase, it.body.as_str(), second(it.at), it.next_update_at.map(second)));
    assert_eq!(posts.collect::<Vec<_>>(), told_posts.collect::<Vec<_>>(), "{name}");
    let report = shown.postmortem.map(|it| (it.body, seconds(it.published_at)));
    let told_report = told.postmortem.as_ref().map(|it| (it.body.clone(), Some(second(it.at))));
    assert_eq!(report, told_report, "{name}");
}

/// The id of the one incident in the page's history.
async fn only_incident(reader: &mut StatusServiceClient<Channel>, page_id: &str) -> String {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request =
            incidents::ListHistoryRequest { page_id: page_id.to_owned(), page_size: 12, page_token };
        let lot = reader.list_history(request).await.unwrap().into_inner();
        found.extend(lot.months.into_iter().flat_map(|month| month.entries).filter_map(|it| it.entry));
        page_token = lot.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let [incidents::history_entry::Entry::Incident(incident)] = &found[..] else { panic!("{found:?}") };
    incident.incident_id.clone()
}
