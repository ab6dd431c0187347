//! Turns the contracts into Rust, with no `protoc`: messages and services by tonic, and, from the
//! options written in the contracts, the field rules and the list of who may call what.

mod access;
mod rules;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use prost_reflect::DescriptorPool;

type Error = Box<dyn std::error::Error>;

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script where it is by its environment")]
fn main() -> Result<(), Error> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for watched in ["pharos", "buf", "build"] {
        println!("cargo:rerun-if-changed={}", root.join(watched).display());
    }

    let mut files = Vec::new();
    find_contracts(&root.join("pharos"), &mut files)?;
    files.sort();

    let compiler = compile(&root, &files)?;
    // The encoded form keeps the options that are extensions; the decoded one drops them.
    let descriptors = compiler.encode_file_descriptor_set();
    fs::write(out.join("descriptors.bin"), &descriptors)?;
    let public =
        files.into_iter().filter(|file| !file.starts_with(root.join("pharos/internal"))).collect::<Vec<_>>();
    fs::write(out.join("public_descriptors.bin"), compile(&root, &public)?.encode_file_descriptor_set())?;

    tonic_prost_build::configure()
        // Options are read here, at build time: nothing at run time needs their types.
        .extern_path(".buf.validate", "crate::not_generated")
        .compile_fds(compiler.file_descriptor_set())?;

    let pool = DescriptorPool::decode(descriptors.as_slice())?;
    fs::write(out.join("rules.rs"), rules::generate(&pool)?)?;
    fs::write(out.join("rpcs.rs"), access::generate(&pool)?)?;
    Ok(())
}

fn compile(root: &Path, files: &[PathBuf]) -> Result<protox::Compiler, Error> {
    let mut compiler = protox::Compiler::new([root])?;
    compiler.include_imports(true).include_source_info(true).open_files(files)?;
    Ok(compiler)
}

fn find_contracts(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_contracts(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            found.push(path);
        }
    }
    Ok(())
}

/// The Rust path of a message or enum of ours, seen from the crate's root.
fn rust_path(full_name: &str) -> String {
    use heck::{ToSnakeCase, ToUpperCamelCase};
    let relative = full_name.strip_prefix("pharos.").unwrap_or(full_name);
    let (modules, name) = relative.rsplit_once('.').unwrap_or(("", relative));
    let modules = modules.split('.').map(|module| module.to_snake_case()).collect::<Vec<_>>().join("::");
    format!("crate::{modules}::{}", name.to_upper_camel_case())
}
