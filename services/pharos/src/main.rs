//! `pharos`: the one binary of Pharos.

use std::process::ExitCode;

use clap::Parser as _;
use pharos::{
    check_config,
    cli::{Cli, Command, Target},
    migrate, replay,
    settings::{self, SettingsError},
    signals, telemetry, up,
};

/// `EX_CONFIG` of sysexits.h: the settings are wrong, and trying again will not help.
const EX_CONFIG: u8 = 78;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pharos: {error:#}");
            if error.is::<SettingsError>() { ExitCode::from(EX_CONFIG) } else { ExitCode::FAILURE }
        }
    }
}

#[tokio::main]
async fn run(cli: Cli) -> anyhow::Result<()> {
    let variables = settings::variables();
    let config = cli.config.as_deref();
    match cli.command {
        Command::Version => {
            println!("pharos {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        Command::CheckConfig { targets } => {
            let targets = if targets.is_empty() { Target::ALL.to_vec() } else { targets };
            check_config(&settings::load(config, &[], &variables)?, &targets)?;
            println!("the settings are good");
            Ok(())
        }
        Command::Migrate => {
            let settings = settings::load(config, &[], &variables)?;
            telemetry::begin(&settings.log)?;
            migrate::migrate(&settings.database_options()?, settings.database.password.as_ref()).await?;
            println!("every schema is up to date");
            Ok(())
        }
        Command::Serve { targets } => {
            let settings = settings::load(config, &[], &variables)?;
            check_config(&settings, &targets)?;
            telemetry::begin(&settings.log)?;
            pharos::serve(settings, &targets, signals::stop_on_signal()?).await
        }
        Command::Up(args) => up::up(args, config, &variables, signals::stop_on_signal()?).await,
        Command::Replay(args) => replay::replay(&args, signals::stop_on_signal()?).await,
    }
}
