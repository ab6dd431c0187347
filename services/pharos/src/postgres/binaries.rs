//! Finds the server's programs.
//!
//! Order: the folder that the settings name and no other; else what is installed, newest first, and what is in PATH;
//! else what `make postgres` fetched. Existing data are opened by the major version that wrote them, never by another.

use super::{Error, account::Account, server::command};
use std::{
    env::split_paths,
    ffi::OsStr,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// The oldest major version that our SQL runs on.
pub(super) const OLDEST_MAJOR: u32 = 15;

/// Where systems put several versions side by side: the folder, what stands before the version, what comes after it.
const INSTALLED: [(&str, &str, &str); 7] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr/lib", "postgresql", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// Server programs that the server's account can run.
#[derive(Debug)]
pub(super) struct Binaries {
    pub(super) postgres: PathBuf,
    pub(super) initdb: PathBuf,
    pub(super) major: u32,
}

/// Where to look.
pub(super) struct Places<'a> {
    pub(super) bin_dir: Option<&'a Path>,
    pub(super) search_path: Option<&'a OsStr>,
    pub(super) fetched: Option<&'a Path>,
}

/// The first usable programs; for existing data, the first of the major version that wrote them.
pub(super) async fn find(
    places: &Places<'_>,
    account: Option<&Account>,
    data: &Path,
    written_by: Option<u32>,
) -> Result<Binaries, Error> {
    let mut others = Vec::new();
    let mut refused = None;
    for folder in candidates(places)? {
        match examine(&folder, account).await {
            Ok(found) if written_by.is_none_or(|major| major == found.major) => return Ok(found),
            Ok(found) => others.push(found.major.to_string()),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    match written_by {
        Some(written_by) if !others.is_empty() => {
            others.dedup();
            Err(Error::OtherMajor { data: data.to_owned(), written_by, found: others.join(", ") })
        }
        Some(_) | None => Err(refused.unwrap_or(Error::NoBinaries)),
    }
}

/// Folders that hold both programs, the best first.
fn candidates(places: &Places<'_>) -> Result<Vec<PathBuf>, Error> {
    if let Some(folder) = places.bin_dir {
        return match canonical(folder) {
            Some(found) => Ok(vec![found]),
            None => Err(Error::NotABinDir { folder: folder.to_owned() }),
        };
    }
    let in_path = places.search_path.into_iter().flat_map(split_paths).filter(|folder| folder.is_absolute());
    let fetched = places.fetched.map(|folder| folder.join("bin"));
    let mut found = Vec::new();
    for folder in
        installed().into_iter().chain(in_path).chain(fetched).filter_map(|folder| canonical(&folder))
    {
        if !found.contains(&folder) {
            found.push(folder);
        }
    }
    Ok(found)
}

fn installed() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (parent, before, after) in INSTALLED {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let version =
                entry.file_name().to_str().and_then(|name| name.strip_prefix(before)?.parse::<u32>().ok());
            found.extend(version.map(|version| (version, entry.path().join(after))));
        }
    }
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// The folder without symbolic links, if it holds both programs. PostgreSQL finds its other files relative to them.
fn canonical(folder: &Path) -> Option<PathBuf> {
    let folder = fs::canonicalize(folder).ok()?;
    let runs = |name| {
        fs::metadata(folder.join(name))
            .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    (runs("postgres") && runs("initdb")).then_some(folder)
}

async fn examine(folder: &Path, account: Option<&Account>) -> Result<Binaries, Error> {
    let (postgres, initdb) = (folder.join("postgres"), folder.join("initdb"));
    if let Some(account) = account {
        account.check_way_to(&postgres)?;
    }
    let output = command(&postgres, account)
        .arg("--version")
        .kill_on_drop(true)
        .output()
        .await
        .map_err(Error::run(&postgres))?;
    let answer =
        String::from_utf8_lossy(if output.status.success() { &output.stdout } else { &output.stderr });
    match major_in(&answer) {
        Some(major) if major < OLDEST_MAJOR => Err(Error::TooOld { folder: folder.to_owned(), major }),
        Some(major) => Ok(Binaries { postgres, initdb, major }),
        None => Err(Error::UnknownVersion { program: postgres, answer: answer.trim().to_owned() }),
    }
}

/// 15 in "postgres (PostgreSQL) 15.18 (Debian 15.18-0)", 19 in "postgres (PostgreSQL) 19beta1".
fn major_in(answer: &str) -> Option<u32> {
    let (_, version) = answer.split_once("(PostgreSQL) ")?;
    version.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_the_program_says() {
        assert_eq!(major_in("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major_in("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major_in("error while loading shared libraries"), None);
    }

    #[tokio::test]
    async fn a_folder_without_the_programs_is_refused_by_name() {
        let empty = tempfile::tempdir().unwrap();
        let places = Places { bin_dir: Some(empty.path()), search_path: None, fetched: None };

        let error = find(&places, None, Path::new("/data"), None).await.unwrap_err();

        assert!(error.to_string().starts_with(&empty.path().display().to_string()), "{error}");
    }

    #[tokio::test]
    async fn programs_older_than_our_sql_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["postgres", "initdb"] {
            let program = folder.path().join(name);
            fs::write(&program, "#!/bin/sh\necho 'postgres (PostgreSQL) 9.6.24'\n").unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let places = Places { bin_dir: Some(folder.path()), search_path: None, fetched: None };

        let error = find(&places, None, Path::new("/data"), None).await.unwrap_err();

        assert!(matches!(error, Error::TooOld { major: 9, .. }), "{error}");
    }
}
