//! A new migration changes no source file, but the crate that embeds the migrations.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations/tenants");
}
