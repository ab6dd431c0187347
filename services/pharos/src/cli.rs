//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Pharos: hosted status pages, many companies on one installation.
#[derive(Debug, Parser)]
#[command(name = "pharos", disable_version_flag = true)]
pub struct Cli {
    /// A TOML file whose settings override the defaults.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run everything in one process, on a private Postgres, with mails caught in a local inbox.
    Up(UpArgs),
    /// Run some services; the others are reached as the settings say.
    Serve {
        /// The services.
        #[arg(required = true)]
        targets: Vec<Target>,
    },
    /// Make the database's roles and bring every schema up to date, then end.
    Migrate,
    /// Check that the settings are good for these services (all of them if none is named), then end.
    CheckConfig {
        /// The services.
        targets: Vec<Target>,
    },
    /// Play a timeline through the public API of a running system, and print what every subscriber received.
    Replay(ReplayArgs),
    /// Print the version, then end.
    Version,
}

/// What `pharos up` can be told.
#[derive(Debug, Args)]
pub struct UpArgs {
    /// The folder that holds the database and the secrets; made if it is not there.
    /// By default /var/lib/pharos for root, otherwise pharos in the user's data folder.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// What `pharos replay` can be told.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The timeline, a YAML file; timelines/README.md tells its form.
    pub timeline: PathBuf,
    /// Where the system is.
    #[arg(long, value_name = "URL", default_value = "http://localhost:8080")]
    pub to: http::Uri,
    /// How many times faster than it happened; without it, as fast as the mails go out.
    #[arg(long, value_name = "FACTOR")]
    pub speed: Option<f64>,
}

/// A service that a process can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// Who: tenants, members, sessions, pages.
    Tenants,
    /// What happened: components, incidents and their updates.
    Incidents,
    /// Who wants to hear: subscribers and their confirmation.
    Subscriptions,
    /// Telling them: broadcasts and deliveries.
    Notifications,
    /// The public door.
    Edge,
}

impl Target {
    /// Every target.
    pub const ALL: [Self; 5] =
        [Self::Tenants, Self::Incidents, Self::Subscriptions, Self::Notifications, Self::Edge];
}
