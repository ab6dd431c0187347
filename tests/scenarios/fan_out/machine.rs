//! A machine that has no room left.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use pharos_tests::{Cluster, Crowd, Shape, eventually, postgres};
use proto::incidents::v1::CreateComponentRequest;

use super::{CONNECTIONS, Given, MOST_DOUBLED};

/// A file system of its own, in memory.
struct Disk(PathBuf);

impl Disk {
    fn new(at: &Path) -> Option<Self> {
        fs::create_dir(at).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=256m,mode=0711", "tmpfs"]).arg(at);
        mount.output().is_ok_and(|output| output.status.success()).then(|| Self(at.to_owned()))
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Writes until nothing more fits.
    fn fill(&self) {
        let mut ballast = fs::File::create(self.ballast()).unwrap();
        let mut piece = vec![1; 1 << 20];
        while !piece.is_empty() {
            match ballast.write(&piece) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => piece.truncate(piece.len() / 2),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a server that was killed may take a moment to let go.
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

#[tokio::test]
async fn a_full_disk_fails_statements_and_loses_nothing_that_was_acknowledged() {
    const ALL: usize = 4_000;
    let folder = tempfile::Builder::new().prefix("pharos-tests-").tempdir_in("/tmp").unwrap();
    let Some(disk) = Disk::new(&folder.path().join("postgres")) else {
        println!("skipped: only root can mount a disk that is soon full");
        return;
    };
    // A full disk with the write-ahead log on it ends the server; that one needs a disk of its own.
    let server = postgres::start_with(folder.path(), true).await.unwrap();
    server.stop().await.unwrap();
    let (log, moved) = (disk.0.join("data/pg_wal"), folder.path().join("pg_wal"));
    let copied = Command::new("cp").arg("-a").args([&log, &moved]).status().unwrap();
    assert!(copied.success());
    fs::remove_dir_all(&log).unwrap();
    std::os::unix::fs::symlink(&moved, &log).unwrap();
    let mut open = fs::metadata(folder.path()).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut open, 0o711);
    fs::set_permissions(folder.path(), open).unwrap();

    let server = postgres::start_with(folder.path(), true).await.unwrap();
    let pid = server.pid();
    let database = postgres::Database::create_on(server.socket()).await;
    let cluster = Cluster::start_on(database, Shape::AllInOne, &[]).await;
    let mut given = Given::crowd_on(cluster, Crowd::of(ALL)).await;
    let incident = given.incident().await;
    let updates = [incident.first.update_id.as_str()];
    given.telling(&updates, "disk full", MOST_DOUBLED).taken(ALL / 4).await;
    disk.fill();

    // Somebody writes until it fails, and the senders fail at their work for a while.
    let mut acknowledged = Vec::new();
    for number in 0.. {
        let name = format!("component {number}");
        let request =
            CreateComponentRequest { page_id: given.page.id(), name: name.clone(), ..Default::default() };
        match given.page.caller().components().create_component(request).await {
            Ok(_) => acknowledged.push(name),
            Err(_) => break,
        }
    }
    let process = given.cluster.process("notifications");
    eventually("the senders to fail", || {
        let failed = process.log().matches("No space left on device").count();
        async move { (failed > 4 * CONNECTIONS).then_some(()) }
    })
    .await;
    assert!(given.cluster.smtp.accepted() < ALL, "everybody was told before: nothing was tried");
    fs::remove_file(disk.ballast()).unwrap();

    let telling = given.telling(&updates, "disk full", MOST_DOUBLED);
    telling.finish(true).await;
    assert_eq!(telling.check().await.count(0, "sent"), ALL);
    let shown = given.page.shown().await.components;
    let shown = shown.into_iter().map(|component| component.name).collect::<Vec<_>>();
    for name in acknowledged {
        assert!(shown.contains(&name), "{name} was acknowledged and is lost");
    }
    assert_eq!(server.pid(), pid, "the server went on all the time");
    drop(given);
    server.stop().await.unwrap();
}
