//! A private PostgreSQL server that belongs to this process.
//!
//! `pharos up` starts one when it is given no database of its own. Promises: it is reached by a Unix socket that only
//! we can open, and never by TCP; with durable settings an acknowledged commit survives whatever is killed, our
//! process, the server or `initdb`, at any moment; one folder has one owner at a time. A server that a killed owner
//! left behind goes on running, and the next start on its folder stops it first.

mod account;
mod binaries;
mod error;
mod folder;
mod pid_file;
mod server;
#[cfg(test)]
mod tests;

pub use error::Error;

use account::Account;
use binaries::{Binaries, Places};
use pid_file::{POLL, STOP_LIMIT};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::{
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
    process::ExitStatus,
    time::Duration,
};
use tokio::{
    process::Child,
    time::{Instant, sleep, timeout},
};

/// Longer than the recovery of a gigabyte of log takes on a slow disk.
const READY_LIMIT: Duration = Duration::from_secs(600);
/// After a crash, the children of the dead server may hold its memory for a moment.
const MEMORY_LIMIT: Duration = Duration::from_secs(10);
const MEMORY_HELD: &str = "pre-existing shared memory block";

/// How to start a private server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Everything of the server lies in here; made if it is missing. As root, no folder above it may be closed to others.
    pub folder: PathBuf,
    /// The `bin` folder of an installation; if none is given, the usual places are searched.
    pub bin_dir: Option<PathBuf>,
    /// The folder that `make postgres` fills; used when nothing is installed.
    pub fetched: Option<PathBuf>,
    /// The value of PATH, searched after the places where systems put several versions side by side.
    pub search_path: Option<OsString>,
    /// Whether commits must survive a crash of the machine; only tests can do without.
    pub durable: bool,
}

/// A running private server.
///
/// When it is dropped without [`stop`](Self::stop), it is told to stop and nobody waits for it.
#[derive(Debug)]
pub struct PrivatePostgres {
    child: Option<Child>,
    pid: u32,
    socket: PathBuf,
    log: PathBuf,
    _lock: File,
}

impl PrivatePostgres {
    /// Starts a server and returns once it lets clients in, after a crash with everything recovered.
    ///
    /// # Errors
    /// Any [`Error`]; a folder that another live process uses is refused at once.
    pub async fn start(settings: Settings) -> Result<Self, Error> {
        let root = folder::create(&settings.folder)?;
        let data = root.join("data");
        let account = account::for_data(&data)?;
        let lock = folder::lock(&root)?;
        if let Some(account) = &account {
            account.check_way_to(&root)?;
        }
        let places = Places {
            bin_dir: settings.bin_dir.as_deref(),
            search_path: settings.search_path.as_deref(),
            fetched: settings.fetched.as_deref(),
        };
        let written_by = folder::major_of(&data)?;
        let binaries = binaries::find(&places, account.as_ref(), &data, written_by).await?;
        if written_by.is_none() {
            server::initialize(&binaries, account.as_ref(), &data, settings.durable).await?;
        }
        pid_file::clear(&data).await?;
        let socket = folder::for_socket(&root, account.as_ref())?;
        let mut postgres = Self { child: None, pid: 0, socket, log: root.join("postgres.log"), _lock: lock };
        postgres.launch(&binaries, account.as_ref(), &data, settings.durable).await?;
        tracing::info!(postgres.pid = postgres.pid, "private PostgreSQL {} is ready", binaries.major);
        Ok(postgres)
    }

    async fn launch(
        &mut self,
        binaries: &Binaries,
        account: Option<&Account>,
        data: &Path,
        is_durable: bool,
    ) -> Result<(), Error> {
        let deadline = Instant::now() + MEMORY_LIMIT;
        loop {
            let mut command = server::serve(binaries, account, data, &self.socket, &self.log, is_durable)?;
            let said_before = fs::metadata(&self.log).map_or(0, |log| log.len());
            let child = command.spawn().map_err(Error::run(&binaries.postgres))?;
            self.pid = child.id().expect("a child that nobody has waited for has an id");
            match self.wait_until_ready(child, &binaries.postgres, data, said_before).await {
                Err(Error::Ended { reason, .. })
                    if reason.contains(MEMORY_HELD) && Instant::now() < deadline =>
                {
                    sleep(POLL).await;
                }
                result => return result,
            }
        }
    }

    async fn wait_until_ready(
        &mut self,
        child: Child,
        program: &Path,
        data: &Path,
        said_before: u64,
    ) -> Result<(), Error> {
        // ours from here on: dropped while we wait, the server is told to stop
        let child = self.child.insert(child);
        let deadline = Instant::now() + READY_LIMIT;
        while !pid_file::is_ready(data, self.pid) {
            if let Some(status) = child.try_wait().map_err(Error::run(program))? {
                self.child = None;
                let reason = server::last_words(&self.log, said_before);
                return Err(Error::Ended { status, reason, log: self.log.clone() });
            }
            if Instant::now() > deadline {
                return Err(Error::NotReady { seconds: READY_LIMIT.as_secs(), log: self.log.clone() });
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    /// How to connect to a database of this server, as its superuser. The database is not made by this.
    pub fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.socket)
            .port(5432)
            .ssl_mode(PgSslMode::Disable)
            .username("postgres")
            .database(database)
    }

    /// The folder that holds the socket: what other clients take as their host.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The process id of the server.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until the server ends though nobody here told it to, and answers how.
    ///
    /// # Errors
    /// [`Error::Run`] if the process cannot be waited for.
    pub async fn ended(&mut self) -> Result<ExitStatus, Error> {
        match &mut self.child {
            Some(child) => child.wait().await.map_err(Error::run(Path::new("postgres"))),
            None => std::future::pending().await,
        }
    }

    /// Disconnects all clients, stops the server and waits for its end; open transactions are rolled back.
    ///
    /// # Errors
    /// [`Error::Run`] if the process cannot be waited for.
    pub async fn stop(mut self) -> Result<(), Error> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        self.signal(Signal::INT);
        let ended = match timeout(STOP_LIMIT, child.wait()).await {
            Ok(ended) => ended,
            Err(_) => {
                self.signal(Signal::QUIT);
                child.wait().await
            }
        };
        ended.map_err(Error::run(Path::new("postgres")))?;
        tracing::info!(postgres.pid = self.pid, "private PostgreSQL has stopped");
        Ok(())
    }

    /// Leaves the server running and gives its folder free: for test harnesses, whose next process connects to the
    /// same socket. A later start on the folder stops that server.
    pub fn detach(mut self) {
        self.child = None;
    }

    /// The process may have ended by itself; it is waited for, or nobody cares.
    fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        if self.child.as_ref().is_some_and(|child| child.id().is_some()) {
            self.signal(Signal::INT);
        }
    }
}
