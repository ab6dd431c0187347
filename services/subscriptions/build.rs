//! A new migration is a new binary: `MIGRATOR` is read from the folder when this crate is compiled.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations/subscriptions");
}
