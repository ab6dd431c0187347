//! These start real servers, with whatever programs the machine has.

use super::*;
use rustix::process::{geteuid, test_kill_process};
use sqlx::{ConnectOptions, Executor, PgConnection, Row};
use std::{
    os::unix::fs::{FileTypeExt, PermissionsExt},
    process::Command,
};
use tempfile::TempDir;

/// A folder for one test that the server's account can pass.
fn world() -> TempDir {
    let world = tempfile::Builder::new().prefix("pharos").tempdir_in("/tmp").unwrap();
    fs::set_permissions(world.path(), fs::Permissions::from_mode(0o755)).unwrap();
    world
}

fn settings(folder: &Path) -> Settings {
    let variables = crate::settings::variables();
    Settings {
        folder: folder.to_owned(),
        bin_dir: None,
        fetched: crate::data_folder::fetched_postgres(&variables),
        search_path: variables.get("PATH").map(Into::into),
        durable: true,
    }
}

async fn start(folder: &Path) -> PrivatePostgres {
    PrivatePostgres::start(settings(folder)).await.unwrap()
}

async fn connect(server: &PrivatePostgres) -> PgConnection {
    server.options("postgres").connect().await.unwrap()
}

async fn given_row(server: &PrivatePostgres) {
    connect(server).await.execute("create table kept as select 7 as number").await.unwrap();
}

async fn assert_row_is_there(server: &PrivatePostgres) {
    let row = connect(server).await.fetch_one("select number from kept").await.unwrap();
    assert_eq!(row.get::<i32, _>(0), 7);
}

async fn show(connection: &mut PgConnection, setting: &'static str) -> String {
    connection.fetch_one(setting).await.unwrap().get(0)
}

fn pid_of(server: &PrivatePostgres) -> Pid {
    Pid::from_raw(server.pid().cast_signed()).unwrap()
}

#[tokio::test]
async fn rows_outlive_a_restart() {
    let world = world();
    let server = start(&world.path().join("made/by/the/start")).await;
    given_row(&server).await;
    server.stop().await.unwrap();

    let server = start(&world.path().join("made/by/the/start")).await;

    assert_row_is_there(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_start_on_the_same_folder_is_refused_with_a_sentence() {
    let world = world();
    let server = start(world.path()).await;

    let error = PrivatePostgres::start(settings(world.path())).await.unwrap_err();

    assert!(matches!(error, Error::InUse { .. }));
    let folder = world.path().canonicalize().unwrap();
    assert!(error.to_string().starts_with(&format!("{} is in use", folder.display())), "{error}");
    connect(&server).await.execute("select 1").await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_server_comes_back_with_every_committed_row() {
    let world = world();
    let server = start(world.path()).await;
    given_row(&server).await;
    let _client = connect(&server).await;
    kill_process(pid_of(&server), Signal::KILL).unwrap();
    server.stop().await.unwrap();

    let server = start(world.path()).await;

    assert_row_is_there(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn an_orphan_that_a_killed_owner_left_is_taken_over() {
    let world = world();
    let orphan = start(world.path()).await;
    given_row(&orphan).await;
    let _client = connect(&orphan).await;
    let pid = pid_of(&orphan);
    orphan.detach(); // what a killed owner leaves: a running server and a free lock
    test_kill_process(pid).unwrap();

    let server = start(world.path()).await;

    assert_ne!(pid_of(&server), pid);
    assert_row_is_there(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_stranger_with_the_id_of_a_dead_server_is_left_alone() {
    let world = world();
    start(world.path()).await.stop().await.unwrap();
    let mut stranger = Command::new("sleep").arg("600").spawn().unwrap();
    let data = world.path().canonicalize().unwrap().join("data");
    let stale = format!("{}\n{}\n1\n5432\n/tmp\n\n1 1\nready   \n", stranger.id(), data.display());
    fs::write(data.join("postmaster.pid"), stale).unwrap();

    start(world.path()).await.stop().await.unwrap();

    assert!(stranger.try_wait().unwrap().is_none());
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[tokio::test]
async fn a_copy_of_a_live_folder_does_not_stop_the_original() {
    let world = world();
    let original = start(&world.path().join("original")).await;
    given_row(&original).await;
    let copy = world.path().join("copy");
    let copied =
        Command::new("cp").arg("-pR").arg(world.path().join("original")).arg(&copy).status().unwrap();
    assert!(copied.success());

    start(&copy).await.stop().await.unwrap();

    assert_row_is_there(&original).await;
    original.stop().await.unwrap();
}

#[tokio::test]
async fn the_leftovers_of_a_killed_initdb_do_not_stop_the_next_start() {
    let world = world();
    let half = world.path().join("data.new.1");
    fs::create_dir_all(half.join("base/1")).unwrap();
    fs::write(half.join("PG_VERSION"), "15\n").unwrap();

    let server = start(world.path()).await;

    assert!(!half.exists());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_start_given_up_during_initdb_does_not_stop_the_next_one() {
    let world = world();
    let mut given_up = Box::pin(PrivatePostgres::start(settings(world.path())));
    let is_at_work = || {
        let mut found = fs::read_dir(world.path()).unwrap().flatten();
        found.any(|entry| entry.path().join("base").exists())
    };
    while !is_at_work() {
        assert!(timeout(POLL, &mut given_up).await.is_err());
    }
    drop(given_up);

    start(world.path()).await.stop().await.unwrap();
}

#[tokio::test]
async fn commits_reach_the_disk_even_if_the_folder_was_made_for_a_test() {
    let world = world();
    let fleeting = Settings { durable: false, ..settings(world.path()) };
    let server = PrivatePostgres::start(fleeting).await.unwrap();
    assert_eq!(show(&mut connect(&server).await, "show fsync").await, "off");
    server.stop().await.unwrap();

    let server = start(world.path()).await;

    let mut connection = connect(&server).await;
    for setting in ["show fsync", "show synchronous_commit", "show full_page_writes", "show data_checksums"] {
        assert_eq!(show(&mut connection, setting).await, "on", "{setting}");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_server_listens_on_a_private_unix_socket_and_nowhere_else() {
    let world = world();
    let server = start(world.path()).await;

    assert_eq!(show(&mut connect(&server).await, "show listen_addresses").await, "");
    let listed: Vec<_> = fs::read_dir(server.socket()).unwrap().flatten().collect();
    let sockets = listed.iter().filter(|entry| entry.file_type().unwrap().is_socket());
    assert_eq!(sockets.count(), 1);
    assert_eq!(fs::metadata(server.socket()).unwrap().permissions().mode() & 0o777, 0o700);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_whose_path_is_too_long_for_a_socket_works() {
    let world = world();
    let long = world.path().join("with, comma and \"quotes\"").join("x".repeat(100));

    let server = start(&long).await;

    assert!(server.socket().starts_with("/tmp"));
    assert!(server.socket().as_os_str().len() < 40);
    connect(&server).await.execute("select 1").await.unwrap();
    let socket = server.socket().to_owned();
    server.stop().await.unwrap();
    fs::remove_dir(socket).unwrap();
}

#[tokio::test]
async fn a_path_with_commas_and_quotes_works() {
    let world = world();

    let server = start(&world.path().join("a, \"b\" c")).await;

    connect(&server).await.execute("select 1").await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn data_of_another_major_version_are_refused_and_left_as_they_are() {
    let world = world();
    fs::create_dir(world.path().join("data")).unwrap();
    fs::write(world.path().join("data/PG_VERSION"), "9\n").unwrap();

    let error = PrivatePostgres::start(settings(world.path())).await.unwrap_err();

    assert!(matches!(error, Error::OtherMajor { written_by: 9, .. }), "{error}");
    assert_eq!(fs::read_dir(world.path().join("data")).unwrap().count(), 1);
}

#[tokio::test]
async fn a_folder_that_holds_something_else_as_data_is_refused() {
    let world = world();
    fs::create_dir(world.path().join("data")).unwrap();

    let error = PrivatePostgres::start(settings(world.path())).await.unwrap_err();

    assert!(matches!(error, Error::NotData { .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let world = world();
    start(world.path()).await.stop().await.unwrap();
    fs::write(world.path().join("data/postgresql.conf"), "no_such_setting = 1\n").unwrap();

    let error = PrivatePostgres::start(settings(world.path())).await.unwrap_err();

    assert!(error.to_string().contains("configuration file"), "{error}");
    assert!(error.to_string().contains("postgres.log"), "{error}");
}

#[tokio::test]
async fn root_is_told_which_folder_is_closed_to_the_account_of_the_server() {
    if !geteuid().is_root() {
        return; // an ordinary user runs the server as himself
    }
    let closed = world();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();

    let error = PrivatePostgres::start(settings(&closed.path().join("postgres"))).await.unwrap_err();

    let closed = closed.path().canonicalize().unwrap();
    assert!(error.to_string().contains(&format!("may not pass through {},", closed.display())), "{error}");
}
