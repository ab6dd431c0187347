//! The folder of a private server: `data`, `socket`, `postgres.log` and `lock`.

use super::{
    Error,
    account::{Account, hand_over},
};
use rustix::process::geteuid;
use std::{
    fs::{self, DirBuilder, File, TryLockError},
    hash::{DefaultHasher, Hash, Hasher},
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// The name of the socket in its folder; PostgreSQL builds it from the port number, which names nothing else here.
const SOCKET: &str = ".s.PGSQL.5432";
/// Bytes in the path of a socket: macOS has room for 104 with the final zero, Linux for 108.
const LONGEST_SOCKET: usize = 103;
/// Where sockets go whose path would be too long. Not TMPDIR, which is long itself on macOS.
const TEMPORARY: &str = "/tmp";
/// What `initdb` works in until it is done, followed by the process id of its owner.
const UNFINISHED: &str = "data.new.";
/// At a start, a longer log (in bytes) becomes `postgres.log.old`.
const LONGEST_LOG: u64 = 16 << 20;

/// Makes `folder` if it is missing, with the folders above it, and returns it without symbolic links.
///
/// The server's account must get through the folders that root makes; what is in them is closed by itself.
pub(super) fn create(folder: &Path) -> Result<PathBuf, Error> {
    let folder = std::path::absolute(folder).map_err(Error::file("find", folder))?;
    let mode = if geteuid().is_root() { 0o711 } else { 0o700 };
    let missing: Vec<_> = folder.ancestors().take_while(|step| !step.exists()).collect();
    for step in missing.into_iter().rev() {
        create_one(step, mode)?;
    }
    fs::canonicalize(&folder).map_err(Error::file("open", &folder))
}

/// Like `mkdir`, whatever the umask; an existing folder stays as it is.
fn create_one(folder: &Path, mode: u32) -> Result<(), Error> {
    match DirBuilder::new().mode(mode).create(folder) {
        Ok(()) => fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(mode))
            .map_err(Error::file("change the permissions of", folder)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Error::file("create", folder)(error)),
    }
}

/// The folder's lock, held until the file is dropped or its process ends in whatever way; the server does not inherit it.
pub(super) fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(Error::file("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { folder: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(Error::file("lock", &path)(error)),
    }
}

/// The major version that wrote the data; none if there are no data yet.
pub(super) fn major_of(data: &Path) -> Result<Option<u32>, Error> {
    if !data.exists() {
        return Ok(None);
    }
    let version = fs::read_to_string(data.join("PG_VERSION")).ok();
    match version.and_then(|version| version.trim().parse().ok()) {
        Some(major) => Ok(Some(major)),
        None => Err(Error::NotData { data: data.to_owned() }),
    }
}

/// An empty folder for `initdb`, with all that earlier, killed ones left behind removed.
///
/// Its name is new each time: an `initdb` that outlived its owner may still be writing into the old one. That is also
/// why a folder that cannot be removed is left to the next start.
pub(super) fn unfinished(folder: &Path, account: Option<&Account>) -> Result<PathBuf, Error> {
    for entry in fs::read_dir(folder).map_err(Error::file("read", folder))?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let unfinished = folder.join(format!("{UNFINISHED}{}", std::process::id()));
    create_one(&unfinished, 0o700)?;
    hand_over(&unfinished, account)?;
    Ok(unfinished)
}

/// An empty private folder for the socket: in `folder`, or under `/tmp` if its path is too long or cannot be written down.
///
/// Only call it while no server runs: what an earlier one left here may carry the id of a stranger's process, and
/// would then keep the next one from starting.
pub(super) fn for_socket(folder: &Path, account: Option<&Account>) -> Result<PathBuf, Error> {
    let inside = folder.join("socket");
    let fits = inside.to_str().is_some_and(|path| path.len() + 1 + SOCKET.len() <= LONGEST_SOCKET);
    let socket =
        if fits { inside } else { Path::new(TEMPORARY).join(format!("pharos-{:016x}", hash(folder))) };
    create_one(&socket, 0o700)?;
    let found = fs::symlink_metadata(&socket).map_err(Error::file("look at", &socket))?;
    let is_ours =
        found.uid() == geteuid().as_raw() || account.is_some_and(|account| found.uid() == account.uid);
    if !found.is_dir() || !is_ours {
        return Err(Error::SocketFolderTaken { folder: socket });
    }
    hand_over(&socket, account)?;
    remove(&socket.join(SOCKET))?;
    remove(&socket.join(format!("{SOCKET}.lock")))?;
    Ok(socket)
}

fn hash(folder: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    folder.hash(&mut hasher);
    hasher.finish()
}

/// Removes a file that need not be there.
pub(super) fn remove(file: &Path) -> Result<(), Error> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::file("remove", file)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The server's log, opened for appending.
pub(super) fn open_log(log: &Path) -> Result<File, Error> {
    if fs::metadata(log).is_ok_and(|found| found.len() > LONGEST_LOG) {
        fs::rename(log, log.with_extension("log.old")).map_err(Error::file("rename", log))?;
    }
    File::options().create(true).append(true).mode(0o600).open(log).map_err(Error::file("open", log))
}
