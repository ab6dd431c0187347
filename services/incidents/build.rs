//! Compiles the crate anew when its migrations change: they are built into it.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations/incidents");
}
