//! Clients that we did not write.

use std::{path::Path, process::Stdio};

use pharos_tests::Cluster;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::Command,
};

#[tokio::test]
async fn pythons_grpcio_drives_the_main_flow_by_reflection_alone() {
    let cluster = Cluster::one_process_each().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let python = root.join(".tools/python/bin/python");
    assert!(python.is_file(), "the Python of the tests is missing; run: make python");
    let mut script = Command::new(python)
        .arg(root.join("tests/python/main_flow.py"))
        .arg(cluster.url().trim_start_matches("http://"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut says = BufReader::new(script.stdout.take().unwrap()).lines();
    let mut hears = script.stdin.take().unwrap();
    let mut updates = Vec::new();
    while let Some(line) = says.next_line().await.unwrap() {
        match line.split_once(' ') {
            Some(("confirm", address)) => {
                let token = cluster.smtp.mail_to(address, 0).await.token("/c/");
                hears.write_all(format!("{token}\n").as_bytes()).await.unwrap();
            }
            Some(("posted", phase)) => {
                updates.push(phase.to_owned());
                let index = updates.len();
                cluster.smtp.mail_to("ada@example.net", index).await;
                hears.write_all(b"\n").await.unwrap();
            }
            _ => println!("{line}"),
        }
    }
    assert!(script.wait().await.unwrap().success());
    let subjects = cluster
        .smtp
        .mails_to("ada@example.net")
        .iter()
        .skip(1)
        .map(|mail| mail.subject())
        .collect::<Vec<_>>();
    assert_eq!(
        subjects,
        [
            "[Acme] API is slow: Investigating",
            "[Acme] API is slow: Identified",
            "[Acme] API is slow: Resolved"
        ]
    );
}

/// buf's client, with what a call is said to be and the contracts from their files.
fn buf(cluster: &Cluster, protocol: &[&str], method: &str, request: &Value) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let program = root.join(".tools/buf/node_modules/.bin/buf");
    assert!(program.is_file(), "buf is missing; run: make buf");
    let mut command = Command::new(program);
    command.args(["curl", "--schema"]).arg(root.join("proto")).args(["--emit-defaults", "--protocol"]);
    command.args(protocol).arg(format!("{}/{method}", cluster.url())).args(["--data", &request.to_string()]);
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

#[tokio::test]
async fn bufs_client_calls_and_watches_over_grpc_and_grpc_web_on_the_port_of_the_pages() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    for protocol in [
        ["grpc", "--http2-prior-knowledge"].as_slice(),
        &["grpcweb"],
        &["grpcweb", "--http2-prior-knowledge"],
    ] {
        let method = "pharos.incidents.v1.StatusService/GetPage";
        let called = buf(&cluster, protocol, method, &json!({ "slug": "acme" })).output().await.unwrap();
        let shown = serde_json::from_slice::<Value>(&called.stdout).unwrap();
        assert_eq!(shown["page"]["pageId"], page.id(), "{protocol:?}: {called:?}");

        let method = "pharos.internal.v1.EventService/PublishEvent";
        let refused = buf(&cluster, protocol, method, &json!({})).output().await.unwrap();
        let told = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && told.contains("unimplemented"), "{protocol:?}: {told}");

        let method = "pharos.incidents.v1.StatusService/WatchPage";
        // what it starts itself has to end with it
        let mut watching = buf(&cluster, protocol, method, &json!({ "page_id": page.id() }));
        let mut watching = watching.process_group(0).stdout(Stdio::piped()).spawn().unwrap();
        let group = Pid::from_raw(watching.id().unwrap().try_into().unwrap()).unwrap();
        let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
        let mut first = String::new();
        while !first.ends_with('}') {
            first.push_str(&lines.next_line().await.unwrap().expect("a first answer"));
        }
        let first = serde_json::from_str::<Value>(&first).unwrap();
        assert_eq!(first["heartbeat"], false, "{protocol:?}: {first}");
        kill_process_group(group, Signal::KILL).unwrap();
        watching.wait().await.unwrap();
    }
}

#[tokio::test]
async fn bufs_client_calls_over_plain_http_as_connect_and_is_told_which_field_is_wrong() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    for protocol in [["connect"].as_slice(), &["connect", "--http2-prior-knowledge"]] {
        let method = "pharos.incidents.v1.StatusService/GetPage";
        let called = buf(&cluster, protocol, method, &json!({ "slug": "acme" })).output().await.unwrap();
        let shown = serde_json::from_slice::<Value>(&called.stdout).unwrap();
        assert_eq!(shown["page"]["pageId"], page.id(), "{protocol:?}: {called:?}");

        let method = "pharos.tenants.v1.AccountService/SignIn";
        let refused = buf(&cluster, protocol, method, &json!({ "email": "ada" })).output().await.unwrap();
        let told = String::from_utf8(refused.stderr).unwrap();
        assert!(told.contains("invalid_argument") && told.contains("email"), "{protocol:?}: {told}");
    }
}
