//! `postmaster.pid`, in which a server says who it is and whether it lets anybody in, and what to do with one that an
//! earlier run left behind. Its lines: process id, data folder, start, port, socket folder, address, memory key, status.

use super::{Error, folder};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::{
    ffi::OsStr,
    fs,
    io::ErrorKind,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// How often we look whether a server has started or stopped.
pub(super) const POLL: Duration = Duration::from_millis(5);
/// How long a fast shutdown, and after it an immediate one, may take.
pub(super) const STOP_LIMIT: Duration = Duration::from_secs(10);

pub(super) struct PidFile {
    pid: Pid,
    data: PathBuf,
    is_ready: bool,
}

impl PidFile {
    /// None if there is none, or if it is being written just now.
    fn read(data: &Path) -> Option<Self> {
        let content = fs::read(data.join("postmaster.pid")).ok()?;
        let mut lines = content.split(|byte| *byte == b'\n');
        let pid = std::str::from_utf8(lines.next()?).ok()?.trim().parse().ok().filter(|pid| *pid > 0)?;
        let data = PathBuf::from(OsStr::from_bytes(lines.next()?));
        let is_ready = lines.nth(5).is_some_and(|status| status.trim_ascii() == b"ready");
        Some(Self { pid: Pid::from_raw(pid)?, data, is_ready })
    }

    /// Whether the process in the file is alive and a server on `data`.
    ///
    /// The id may long belong to somebody else: after a crash of the machine, or in a copy of a live folder. A server's
    /// working directory is its data folder; where that cannot be seen, the file's own word must do.
    fn is_server_of(&self, data: &Path) -> bool {
        if test_kill_process(self.pid).is_err() {
            return false;
        }
        let process = PathBuf::from(format!("/proc/{}", self.pid.as_raw_nonzero()));
        if !process.exists() {
            return self.data == data && self.name_from_ps().is_some_and(|name| name == "postgres");
        }
        if fs::read_to_string(process.join("comm")).is_ok_and(|name| name.trim() != "postgres") {
            return false;
        }
        match (fs::metadata(process.join("cwd")), fs::metadata(data)) {
            (Ok(cwd), Ok(data)) => (cwd.dev(), cwd.ino()) == (data.dev(), data.ino()),
            // an ended process that nobody has waited for has no working directory
            (Err(error), _) if error.kind() == ErrorKind::NotFound => false,
            (Ok(_) | Err(_), _) => self.data == data,
        }
    }

    fn name_from_ps(&self) -> Option<String> {
        let pid = self.pid.as_raw_nonzero().to_string();
        let output = Command::new("/bin/ps").args(["-o", "comm=", "-p", &pid]).output().ok()?;
        let path = String::from_utf8_lossy(&output.stdout);
        Some(Path::new(path.trim()).file_name()?.to_string_lossy().into_owned())
    }
}

/// Whether the server with this process id lets clients in.
pub(super) fn is_ready(data: &Path, pid: u32) -> bool {
    PidFile::read(data)
        .is_some_and(|file| file.is_ready && file.pid.as_raw_nonzero().get().cast_unsigned() == pid)
}

/// Stops the server that an earlier run left on `data`, if there is one, and removes a file that names nobody.
///
/// The caller holds the folder's lock, so the orphan has no other owner.
pub(super) async fn clear(data: &Path) -> Result<(), Error> {
    let Some(orphan) = PidFile::read(data) else { return Ok(()) };
    let pid = orphan.pid.as_raw_nonzero().get();
    for signal in [Signal::INT, Signal::QUIT] {
        if !orphan.is_server_of(data) {
            break;
        }
        tracing::warn!(postgres.pid = pid, "stopping the private PostgreSQL that an earlier run left behind");
        let _ = kill_process(orphan.pid, signal); // it may have ended meanwhile
        let deadline = Instant::now() + STOP_LIMIT;
        // the file goes last; the process may stay for ever, where nobody waits for orphans
        while PidFile::read(data).is_some_and(|file| file.is_server_of(data)) && Instant::now() < deadline {
            sleep(POLL).await;
        }
    }
    if PidFile::read(data).is_some_and(|file| file.is_server_of(data)) {
        return Err(Error::OrphanStays { data: data.to_owned(), pid });
    }
    folder::remove(&data.join("postmaster.pid"))
}
