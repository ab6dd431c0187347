//! The house: what must hold for the tree itself, whatever the programs do.

mod arrows;
mod contracts;
mod dependencies;
mod languages;
mod rooms;
mod tree;
