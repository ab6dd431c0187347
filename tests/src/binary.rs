//! The real binary, as processes.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

/// The binary of this build: it lies beside the folder of the test that asks.
///
/// # Panics
/// If it was not built.
#[must_use]
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let found = test.ancestors().skip(1).map(|folder| folder.join("pharos")).find(|path| path.is_file());
    found.expect("the binary is not built; run: cargo build --workspace --bins")
}

/// A process that is killed when the test ends, and whose log is shown when it fails.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts the binary with these arguments and settings; its output goes to a file in `folder`.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn start(name: &str, folder: &Path, arguments: &[&str], settings: &[(String, String)]) -> Self {
        let log = folder.join(format!("{name}.log"));
        let output = File::options().create(true).append(true).open(&log).expect("a file for the log");
        let child = Command::new(binary())
            .args(arguments)
            .env_clear()
            .envs(settings.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("the log twice"))
            .stderr(output)
            .spawn()
            .expect("the binary starts");
        Self { name: name.to_owned(), child, log }
    }

    /// What it wrote so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// If it is gone.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, signal).expect("the process is there");
    }

    /// Kills it as a power cut would, and waits until it is gone.
    ///
    /// # Panics
    /// If it cannot be waited for.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        self.child.wait().expect("a killed process can be waited for");
    }

    /// How it ended, if it did.
    ///
    /// # Panics
    /// If it cannot be waited for.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a process of ours can be waited for")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- {}\n{}", self.name, self.log());
        }
    }
}
