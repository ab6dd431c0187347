//! Who may import whom: pharos -> services -> kit -> proto.
//!
//! Services meet only on the wire, so that one process and twenty machines are the same program. An import of one
//! service by another would compile, work in one process, and be a call that the wire never sees.

use crate::tree::packages;

/// A floor of the house; a crate may import those of lower floors, and never one of its own.
fn floor(name: &str) -> Option<u8> {
    match name {
        "pharos-proto" => Some(0),
        "kit" | "smtp" => Some(1),
        "tenants" | "incidents" | "subscriptions" | "notifications" | "edge" => Some(2),
        "pharos" => Some(3),
        "pharos-tests" => Some(4),
        _ => None,
    }
}

#[test]
fn every_crate_has_its_floor() {
    let without: Vec<_> =
        packages().into_iter().map(|package| package.name).filter(|name| floor(name).is_none()).collect();
    assert!(without.is_empty(), "say in tests/house/arrows.rs who may import {without:?}");
}

#[test]
fn every_import_goes_down_and_no_service_imports_another() {
    let mut wrong = Vec::new();
    for package in packages() {
        for dependency in package.dependencies.iter().filter(|dependency| dependency.is_ours) {
            if floor(&dependency.name) >= floor(&package.name) {
                wrong.push(format!("{} -> {}", package.name, dependency.name));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that must not be: {}", wrong.join(", "));
}
