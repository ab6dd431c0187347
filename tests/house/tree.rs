//! The tree as it lies on the disk, and the workspace as cargo sees it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// What is not ours: made by a build, fetched, or (the query metadata, the validation options) written by others.
const NOT_OURS: [&str; 7] = [".git", ".pharos", ".sqlx", ".tools", "buf", "node_modules", "target"];

/// The top folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in a folder of the tree").to_owned()
}

/// Every file of ours with its path from the top folder, in order.
pub(crate) fn files() -> Vec<PathBuf> {
    let (root, mut found) = (root(), Vec::new());
    walk(&root, &mut found);
    let mut found: Vec<_> =
        found.iter().filter_map(|file| Some(file.strip_prefix(&root).ok()?.to_owned())).collect();
    found.sort();
    found
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the tree can be read") {
        let entry = entry.expect("a folder of the tree can be read");
        let kind = entry.file_type().expect("the kind of a file can be told");
        if kind.is_file() {
            found.push(entry.path());
        } else if kind.is_dir() && !NOT_OURS.iter().any(|name| entry.file_name() == *name) {
            walk(&entry.path(), found);
        }
    }
}

/// The text of a file of ours; none if it is no text.
pub(crate) fn text(file: &Path) -> Option<String> {
    fs::read_to_string(root().join(file)).ok()
}

/// A crate of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// What a crate asks for, in whatever section of its manifest.
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Whether it is a crate of the workspace.
    pub(crate) is_ours: bool,
}

impl Package {
    /// The manifest, parsed.
    pub(crate) fn manifest(&self) -> toml::Table {
        parse(&self.manifest_path)
    }
}

/// The workspace's manifest, parsed.
pub(crate) fn workspace() -> toml::Table {
    parse(&root().join("Cargo.toml"))
}

fn parse(manifest: &Path) -> toml::Table {
    fs::read_to_string(manifest).expect("cargo has read it too").parse().expect("cargo has parsed it too")
}

/// The crates of the workspace.
pub(crate) fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let all = |value: &Value, key: &str| value[key].as_array().expect("cargo lists them").clone();
    let name = |value: &Value| value["name"].as_str().expect("everything has a name").to_owned();
    all(&metadata, "packages")
        .iter()
        .map(|package| Package {
            name: name(package),
            manifest_path: package["manifest_path"].as_str().expect("a package has a manifest").into(),
            dependencies: all(package, "dependencies")
                .iter()
                .map(|dependency| Dependency {
                    name: name(dependency),
                    is_ours: dependency["path"].is_string(),
                })
                .collect(),
        })
        .collect()
}
