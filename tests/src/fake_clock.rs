//! A clock for a process of its own, which a test moves (libfaketime). Only what the process takes for the time of day
//! moves; its timers go on as they are.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The clock.
#[derive(Debug)]
pub struct FakeClock {
    folder: tempfile::TempDir,
    library: PathBuf,
}

impl FakeClock {
    /// One that shows the machine's time.
    ///
    /// # Panics
    /// If libfaketime is missing.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the clock");
        let clock =
            Self { folder, library: library().expect("libfaketime is missing; run: make mail-servers") };
        clock.move_to(0);
        clock
    }

    /// The settings with which a process lives by it.
    #[must_use]
    pub fn settings(&self) -> Vec<(String, String)> {
        let file = self.file();
        [
            ("LD_PRELOAD", self.library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", file.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
    }

    /// From now on it shows so many seconds more than the machine's, or less if they are below 0.
    ///
    /// # Panics
    /// If the file that tells it cannot be written.
    pub fn move_to(&self, seconds: i64) {
        let new = self.folder.path().join("new");
        fs::write(&new, format!("{seconds:+}\n")).expect("the clock can be moved");
        // Renamed, so that nobody reads half of it.
        fs::rename(new, self.file()).expect("the clock can be moved");
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("time")
    }
}

impl Default for FakeClock {
    fn default() -> Self {
        Self::new()
    }
}

/// The folder of a machine's libraries is named after the machine.
fn library() -> Option<PathBuf> {
    let libraries = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/mail/usr/lib");
    fs::read_dir(libraries)
        .ok()?
        .flatten()
        .map(|machine| machine.path().join("faketime/libfaketimeMT.so.1"))
        .find(|library| library.is_file())
        .and_then(|library| library.canonicalize().ok())
}
