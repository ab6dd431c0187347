//! The commands that make and run a server.

use super::{Error, account::Account, binaries::Binaries, folder};
use std::{
    ffi::OsString,
    fs::{self, File},
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::Path,
    process::Stdio,
};
use tokio::process::Command;

/// For every server. 128 MB and 200 connections are enough for all services of one process and their tests; compiling
/// queries costs our short ones more than it saves.
const ALWAYS: [&str; 10] = [
    "listen_addresses=",
    "port=5432",
    "unix_socket_permissions=0700",
    "max_connections=200",
    "shared_buffers=128MB",
    "max_wal_size=1GB",
    "jit=off",
    "logging_collector=off",
    "log_destination=stderr",
    "timezone=UTC",
];
/// For data that matter: a commit is on the disk before it is acknowledged.
const DURABLE: [&str; 3] = ["fsync=on", "synchronous_commit=on", "full_page_writes=on"];
/// For tests: survives the end of any process, but not a crash of the machine.
const FLEETING: [&str; 5] =
    ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0"];

/// One of the server's programs, to be run as the server's account with nothing inherited from us.
pub(super) fn command(program: &Path, account: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    // C is the locale that every system has; the databases have their own
    command.current_dir("/").env_clear().env("LC_ALL", "C").env("TZ", "UTC").stdin(Stdio::null());
    // Ctrl-C goes to our whole process group; we stop the server ourselves, after its clients
    command.process_group(0);
    if let Some(account) = account {
        // as root, this drops the supplementary groups too
        command.gid(account.gid).uid(account.uid);
    }
    command
}

/// Makes `data`, which appears when it is complete and not before.
pub(super) async fn initialize(
    binaries: &Binaries,
    account: Option<&Account>,
    data: &Path,
    is_durable: bool,
) -> Result<(), Error> {
    let root = data.parent().expect("data lies in the server's folder");
    let unfinished = folder::unfinished(root, account)?;
    let mut initdb = command(&binaries.initdb, account);
    initdb.kill_on_drop(true).arg("-D").arg(&unfinished).args(locale(binaries.major)).args([
        "--username=postgres",
        "--encoding=UTF8",
        "--auth-local=trust",
        "--auth-host=reject",
        "--data-checksums",
    ]);
    if !is_durable {
        initdb.arg("--no-sync");
    }
    let output = initdb.output().await.map_err(Error::run(&binaries.initdb))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let reason = said.lines().rfind(|line| line.contains("error:")).or(said.lines().last());
        let reason = reason.map_or_else(|| output.status.to_string(), str::to_owned);
        return Err(Error::Initdb { data: data.to_owned(), reason });
    }
    fs::rename(&unfinished, data).map_err(Error::file("rename", &unfinished))?;
    if is_durable {
        // else a power failure could undo the rename after rows were acknowledged
        File::open(root).and_then(|folder| folder.sync_all()).map_err(Error::file("write", root))?;
    }
    Ok(())
}

/// Sorted by code point, letters of all languages known. From 17 on PostgreSQL brings that itself; before, the system
/// must, and macOS has no C.UTF-8.
fn locale(major: u32) -> &'static [&'static str] {
    if major >= 17 {
        &["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    } else if cfg!(target_os = "macos") {
        &["--locale=C", "--lc-ctype=en_US.UTF-8"]
    } else {
        &["--locale=C.UTF-8"]
    }
}

/// The server itself, on `data`, with its socket in `socket` and its words in `log`.
pub(super) fn serve(
    binaries: &Binaries,
    account: Option<&Account>,
    data: &Path,
    socket: &Path,
    log: &Path,
    is_durable: bool,
) -> Result<Command, Error> {
    let out = folder::open_log(log)?;
    let err = out.try_clone().map_err(Error::file("open", log))?;
    let mut postgres = command(&binaries.postgres, account);
    postgres.stdout(out).stderr(err).arg("-D").arg(data).arg("-c").arg(socket_setting(socket));
    for setting in ALWAYS.iter().chain(if is_durable { DURABLE.as_slice() } else { FLEETING.as_slice() }) {
        postgres.args(["-c", setting]);
    }
    Ok(postgres)
}

/// The setting is a list: in quotes, a comma or a space belongs to the path.
fn socket_setting(socket: &Path) -> OsString {
    let mut setting = b"unix_socket_directories=\"".to_vec();
    for byte in socket.as_os_str().as_bytes() {
        setting.push(*byte);
        if *byte == b'"' {
            setting.push(b'"');
        }
    }
    setting.push(b'"');
    OsString::from_vec(setting)
}

/// Why the server ended: the last fatal line that it wrote after the first `from` bytes of its log.
pub(super) fn last_words(log: &Path, from: u64) -> String {
    let content = fs::read(log).unwrap_or_default();
    let said = String::from_utf8_lossy(content.get(usize::try_from(from).unwrap_or(0)..).unwrap_or(&content));
    let fatal = said.lines().rev().find_map(|line| {
        ["FATAL:", "PANIC:"].iter().find_map(|mark| line.split_once(mark)).map(|(_, words)| words)
    });
    fatal.or(said.lines().last()).unwrap_or("it said nothing").trim().to_owned()
}
