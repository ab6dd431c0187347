//! What can keep the private server from starting or stopping.

use std::{io, path::PathBuf, process::ExitStatus};

/// Why the private server did not start or stop: one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No usable server programs in any place we know.
    #[error(
        "no PostgreSQL server programs were found: run `make postgres`, install PostgreSQL {} or newer, or set \
         DATABASE_URL to use a server of your own",
        super::binaries::OLDEST_MAJOR
    )]
    NoBinaries,
    /// The folder that the settings name holds no server programs.
    #[error("{} does not hold the programs postgres and initdb: name the bin folder of a PostgreSQL installation", folder.display())]
    NotABinDir {
        /// The folder that the settings name.
        folder: PathBuf,
    },
    /// The programs are older than our SQL.
    #[error("{} holds PostgreSQL {major}: install PostgreSQL {} or newer, or run `make postgres`", folder.display(), super::binaries::OLDEST_MAJOR)]
    TooOld {
        /// Where the programs are.
        folder: PathBuf,
        /// Their major version.
        major: u32,
    },
    /// `postgres --version` failed or said something else than a version.
    #[error("{} does not say which version it is ({answer}): repair or replace that installation", program.display())]
    UnknownVersion {
        /// The program that was asked.
        program: PathBuf,
        /// What it said.
        answer: String,
    },
    /// The data were written by a major version of which there are no programs here.
    #[error("{} was written by PostgreSQL {written_by}, but only PostgreSQL {found} was found: install PostgreSQL {written_by}, or move that folder away to begin afresh", data.display())]
    OtherMajor {
        /// The data folder.
        data: PathBuf,
        /// The major version that wrote it.
        written_by: u32,
        /// The major versions that were found, separated by commas.
        found: String,
    },
    /// The data folder is there, but is none.
    #[error("{} is not a PostgreSQL data folder (it has no readable PG_VERSION): move it away to begin afresh", data.display())]
    NotData {
        /// The folder in question.
        data: PathBuf,
    },
    /// The data belong to another user of this machine.
    #[error("{} belongs to the user with id {owner}: run as that user or as root, or choose another folder", data.display())]
    ForeignData {
        /// The data folder.
        data: PathBuf,
        /// The numeric id of its owner.
        owner: u32,
    },
    /// We are root, and there is no account that the server could run as.
    #[error(
        "PostgreSQL refuses to run as root, and /etc/passwd has neither postgres nor nobody: create an account named postgres"
    )]
    NoAccount,
    /// A folder on the way is closed to the account that the server runs as.
    #[error("the account {account} may not pass through {}, which it must to reach {}: choose another place, or run `chmod o+x {}`", closed.display(), target.display(), closed.display())]
    Impassable {
        /// The account the server runs as.
        account: String,
        /// The folder that is closed to it.
        closed: PathBuf,
        /// What it has to reach.
        target: PathBuf,
    },
    /// Another live process holds the folder.
    #[error("{} is in use by another running process: stop that one first, or choose another folder", folder.display())]
    InUse {
        /// The folder both want.
        folder: PathBuf,
    },
    /// Somebody else made the folder in which our socket belongs.
    #[error("{} belongs to somebody else, but the server's socket belongs there: remove it, or choose a folder with a shorter path", folder.display())]
    SocketFolderTaken {
        /// The folder in question.
        folder: PathBuf,
    },
    /// `initdb` failed.
    #[error("initdb could not make {}: {reason}", data.display())]
    Initdb {
        /// The data folder it was to make.
        data: PathBuf,
        /// The last thing it said.
        reason: String,
    },
    /// The server ended before it let anybody in.
    #[error("PostgreSQL ended while it started ({status}): {reason}; the whole story is in {}", log.display())]
    Ended {
        /// How the process ended.
        status: ExitStatus,
        /// The last fatal line of its log.
        reason: String,
        /// Its log.
        log: PathBuf,
    },
    /// The server has not let anybody in for longer than any recovery should take.
    #[error("PostgreSQL was not ready after {seconds} seconds: see what it says in {}", log.display())]
    NotReady {
        /// How long we waited.
        seconds: u64,
        /// The server's log.
        log: PathBuf,
    },
    /// A server that an earlier run left behind does not stop.
    #[error("an earlier run left PostgreSQL running on {} as process {pid}, and it does not stop: end it with `kill -QUIT {pid}`", data.display())]
    OrphanStays {
        /// The data folder.
        data: PathBuf,
        /// The process id.
        pid: i32,
    },
    /// A program could not be run or watched.
    #[error("{} could not be run: {source}; check its permissions and those of this process", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file or folder could not be used.
    #[error("cannot {action} {}: {source}; check its permissions and the space on its disk, or choose another folder", path.display())]
    File {
        /// What we wanted: "create", "open", …
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err` after a call on a file: `.map_err(Error::file("open", path))`.
    pub(super) fn file(action: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }

    /// For `map_err` after a call on a process.
    pub(super) fn run(program: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let program = program.to_owned();
        move |source| Self::Run { program, source }
    }
}
