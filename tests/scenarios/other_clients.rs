//! Clients that we did not write.

use std::{path::Path, process::Stdio};

use pharos_tests::Cluster;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

#[tokio::test]
async fn pythons_grpcio_drives_the_main_flow_by_reflection_alone() {
    let cluster = Cluster::one_process_each().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let python = root.join(".tools/python/bin/python");
    assert!(python.is_file(), "the Python of the tests is missing; run: make python");
    let mut script = tokio::process::Command::new(python)
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
