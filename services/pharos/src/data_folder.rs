//! The folder of `pharos up`: the database, and the secrets it made for itself.

use std::{
    fs::{self, File, TryLockError},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::settings::Variables;

const SECRETS: [&str; 5] = ["service", "tenants", "signing_seed", "subscriptions", "notifications"];

/// Where the folder is if nobody says.
///
/// For root /var/lib/pharos: the database's own account must be able to pass every folder above it, which it
/// cannot below /root. Otherwise in the user's data folder
/// (<https://specifications.freedesktop.org/basedir-spec/latest/>).
///
/// # Errors
/// If the user has no home.
pub fn default_folder(variables: &Variables) -> anyhow::Result<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/pharos"));
    }
    below_home(variables, "XDG_DATA_HOME", ".local/share")
        .map(|data| data.join("pharos"))
        .context("neither HOME nor XDG_DATA_HOME is set; name a folder with --data")
}

/// Where `make postgres` puts PostgreSQL on a machine that has none: a cache, that every account may read.
#[must_use]
pub fn fetched_postgres(variables: &Variables) -> Option<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Some(PathBuf::from("/var/cache/pharos/postgres"));
    }
    below_home(variables, "XDG_CACHE_HOME", ".cache").map(|cache| cache.join("pharos/postgres"))
}

/// The folder that `variable` names, or else the usual one below the user's home; an empty value names none.
fn below_home(variables: &Variables, variable: &str, usual: &str) -> Option<PathBuf> {
    let set = |name: &str| variables.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set(variable).or_else(|| set("HOME").map(|home| home.join(usual)))
}

/// The folder, held by this process alone.
#[derive(Debug)]
pub struct DataFolder {
    /// The secrets, as a layer of settings.
    pub secrets: String,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder, and its secrets if it has none yet.
    ///
    /// # Errors
    /// If another process holds it, or it cannot be made or read.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let shown = folder.display();
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(folder)
            .with_context(|| format!("the folder {shown} cannot be made"))?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("lock"))
            .with_context(|| format!("the folder {shown} cannot be written"))?;
        if let Err(TryLockError::WouldBlock) = lock.try_lock() {
            anyhow::bail!(
                "the folder {shown} is in use by another process; stop that one, or name another folder with --data"
            );
        }
        let path = folder.join("secrets.toml");
        if !path.exists() {
            write_new(&path, &new_secrets()?)?;
        }
        let secrets =
            fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        Ok(Self { secrets, _lock: lock })
    }
}

fn new_secrets() -> anyhow::Result<String> {
    let mut text = String::from(
        "# Made by `pharos up` for this folder alone. Whoever has them can sign as this system.\n[secrets]\n",
    );
    for name in SECRETS {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system has no randomness"))?;
        text.push_str(&format!("{name} = \"{}\"\n", STANDARD.encode(bytes)));
    }
    Ok(text)
}

/// Written beside its place and moved there whole: a process killed here leaves all secrets or none.
fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let beside = path.with_extension("new");
    let write = || {
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().with_context(|| format!("{} cannot be written", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::settings;

    #[test]
    fn secrets_are_made_once_kept_private_and_are_good_settings() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataFolder::open(&folder.path().join("data")).unwrap();
        let refused = DataFolder::open(&folder.path().join("data")).unwrap_err();
        assert!(refused.to_string().contains("in use by another process"), "{refused}");
        let secrets = first.secrets.clone();
        drop(first);
        let again = DataFolder::open(&folder.path().join("data")).unwrap();
        assert_eq!(secrets, again.secrets);
        let mode = fs::metadata(folder.path().join("data/secrets.toml")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let settings = settings::load(None, &[secrets], &settings::Variables::new()).unwrap();
        assert!(settings.secrets.service.is_some() && settings.secrets.notifications.is_some());
    }
}
