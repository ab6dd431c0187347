//! Migrations are compiled in: a new one must make the crate compile anew.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations/notifications");
}
