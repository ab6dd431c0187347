//! The account of the operating system that the server runs as.
//!
//! PostgreSQL refuses to run as root. An ordinary user runs it as himself; root drops to the owner of existing data, or
//! else to an account made for this, and that account must be able to reach what it works with.

use super::Error;
use rustix::process::geteuid;
use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
};

/// In the order of preference; macOS has `_postgres`. Everybody has nobody.
const ACCOUNTS: [&str; 3] = ["postgres", "_postgres", "nobody"];

/// The account that root drops to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

/// The account for a server on `data`, which need not exist yet; none if the server runs as ourselves.
pub(super) fn for_data(data: &Path) -> Result<Option<Account>, Error> {
    let owner = match fs::metadata(data) {
        Ok(found) => Some(found),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(Error::file("look at", data)(error)),
    };
    let own = geteuid();
    if !own.is_root() {
        return match owner {
            Some(found) if found.uid() != own.as_raw() => {
                Err(Error::ForeignData { data: data.to_owned(), owner: found.uid() })
            }
            Some(_) | None => Ok(None),
        };
    }
    let path = Path::new("/etc/passwd");
    let known = parse(&fs::read_to_string(path).map_err(Error::file("read", path))?);
    if let Some(found) = owner.filter(|found| found.uid() != 0) {
        let account = known.into_iter().find(|account| account.uid == found.uid());
        return Ok(Some(account.unwrap_or_else(|| Account {
            name: found.uid().to_string(),
            uid: found.uid(),
            gid: found.gid(),
        })));
    }
    let by_name = |name: &&str| known.iter().find(|account| account.name == **name);
    ACCOUNTS.iter().find_map(by_name).cloned().map(Some).ok_or(Error::NoAccount)
}

/// The accounts in a passwd file, root left out.
fn parse(passwd: &str) -> Vec<Account> {
    // macOS writes nobody's ids as -2
    let id = |field: &str| field.parse().ok().or_else(|| field.parse::<i32>().ok().map(i32::cast_unsigned));
    passwd
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            Some(Account { name, uid: id(fields.nth(1)?)?, gid: id(fields.next()?)? })
        })
        .filter(|account| account.uid != 0)
        .collect()
}

impl Account {
    /// Fails if a folder above `target`, or `target` itself, is closed to this account. `target` must be canonical.
    pub(super) fn check_way_to(&self, target: &Path) -> Result<(), Error> {
        for step in target.ancestors() {
            let found = fs::metadata(step).map_err(Error::file("look at", step))?;
            let bit = if found.uid() == self.uid {
                0o100
            } else if found.gid() == self.gid {
                0o010
            } else {
                0o001
            };
            if found.mode() & bit == 0 {
                return Err(Error::Impassable {
                    account: self.name.clone(),
                    closed: step.to_owned(),
                    target: target.to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// Gives `folder` to the server's account and closes it to everybody else.
pub(super) fn hand_over(folder: &Path, account: Option<&Account>) -> Result<(), Error> {
    if let Some(account) = account {
        chown(folder, Some(account.uid), Some(account.gid))
            .map_err(Error::file("change the owner of", folder))?;
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
        .map_err(Error::file("change the permissions of", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_with_negative_ids_and_without_root() {
        let passwd = "##\n# a comment\nroot:*:0:0:root:/root:/bin/sh\nnobody:*:-2:-2:Nobody:/:/bin/false\nada:x:501:20::/home/ada:";
        let found = parse(passwd);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], Account { name: "nobody".into(), uid: u32::MAX - 1, gid: u32::MAX - 1 });
        assert_eq!(found[1], Account { name: "ada".into(), uid: 501, gid: 20 });
    }

    #[test]
    fn a_closed_folder_on_the_way_is_named() {
        let outer = tempfile::tempdir().unwrap();
        let (closed, target) = (outer.path().join("closed"), outer.path().join("closed/target"));
        fs::create_dir_all(&target).unwrap();
        for (folder, mode) in [(outer.path(), 0o755), (&closed, 0o750), (&target, 0o755)] {
            fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
        }
        let stranger = Account { name: "stranger".into(), uid: u32::MAX - 7, gid: u32::MAX - 7 };

        let sentence = stranger.check_way_to(&target).unwrap_err().to_string();

        assert!(sentence.contains(&format!("may not pass through {},", closed.display())), "{sentence}");
        stranger.check_way_to(outer.path()).unwrap();
    }
}
