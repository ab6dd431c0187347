//! Manifests: versions, features and lints are decided once, for the whole workspace.

use std::collections::BTreeSet;

use crate::tree::{packages, workspace};

const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Each dependency of a manifest with what is said of it, those of single platforms too.
fn dependencies(manifest: &toml::Table) -> Vec<(String, toml::Value)> {
    let platforms =
        manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values);
    std::iter::once(manifest)
        .chain(platforms.filter_map(toml::Value::as_table))
        .flat_map(|table| SECTIONS.iter().filter_map(|section| table.get(*section)?.as_table()))
        .flat_map(|section| section.iter().map(|(name, said)| (name.clone(), said.clone())))
        .collect()
}

#[test]
fn every_dependency_comes_from_the_workspaces_table() {
    let mut wrong = Vec::new();
    for package in packages() {
        for (name, said) in dependencies(&package.manifest()) {
            if said.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                wrong.push(format!("{}: {name}", package.name));
            }
        }
    }
    assert!(wrong.is_empty(), "write `name.workspace = true` instead: {}", wrong.join(", "));
}

#[test]
fn the_workspaces_table_has_nothing_that_no_crate_uses() {
    let used: BTreeSet<_> = packages()
        .iter()
        .flat_map(|package| dependencies(&package.manifest()).into_iter().map(|(name, _)| name))
        .collect();
    let root = workspace();
    let table = root["workspace"]["dependencies"].as_table().expect("the workspace has a table");
    let unused: Vec<_> = table.keys().filter(|name| !used.contains(*name)).collect();
    assert!(unused.is_empty(), "take these out of the workspace's table: {unused:?}");
}

#[test]
fn every_crate_is_under_the_workspaces_lints() {
    let without: Vec<_> = packages()
        .into_iter()
        .filter(|package| {
            let manifest = package.manifest();
            let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
            lints.and_then(toml::Value::as_bool) != Some(true)
        })
        .map(|package| package.name)
        .collect();
    assert!(without.is_empty(), "write `[lints] workspace = true` in the manifest of {without:?}");
}
