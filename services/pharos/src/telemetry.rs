//! The log.

use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::settings::{Log, LogFormat, SettingsError};

/// Sends the log to standard error from now on.
///
/// # Errors
/// If the filter is malformed.
pub fn begin(log: &Log) -> Result<(), SettingsError> {
    let filter = EnvFilter::try_new(&log.filter).map_err(|error| SettingsError::new("log.filter", error))?;
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let begun = match log.format {
        LogFormat::Text => registry.with(layer).try_init(),
        LogFormat::Json => registry.with(layer.json()).try_init(),
    };
    begun.map_err(|error| SettingsError::new("log", error))
}
