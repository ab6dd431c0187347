#![doc = include_str!("../README.md")]

pub mod cli;
pub mod data_folder;
pub mod http_client;
pub mod mail_catcher;
pub mod migrate;
pub mod postgres;
mod process;
pub mod replay;
pub mod settings;
pub mod signals;
pub mod telemetry;
pub mod up;

pub use process::{Listeners, check_config, run, serve};
