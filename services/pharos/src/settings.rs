//! Settings: read here and nowhere else.
//!
//! Defaults (`default.toml`, compiled in), then a file, then the environment; each layer overrides the one
//! before. Every value has its type, and a wrong one is an error that names its key.

use std::{
    collections::HashMap,
    fmt::Display,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use config::{Config, Environment, File, FileFormat};
use http::Uri;
use kit::Secret;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de};
use sqlx::postgres::PgConnectOptions;

/// Every setting with its default and what it means.
pub const DEFAULTS: &str = include_str!("../default.toml");

/// A setting that cannot be used. The process ends with exit code 78 (`EX_CONFIG` of sysexits.h).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct SettingsError {
    /// The key, such as `database.max_connections`.
    pub key: String,
    /// What is wrong with it.
    pub problem: String,
}

impl SettingsError {
    /// An error of this key.
    pub fn new(key: impl Into<String>, problem: impl Display) -> Self {
        Self { key: key.into(), problem: problem.to_string() }
    }

    fn missing(key: &str) -> Self {
        let variable = format!("PHAROS__{}", key.to_uppercase().replace('.', "__"));
        Self::new(key, format!("is not set; set it in the settings file or as {variable}"))
    }
}

/// All settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the process listens, and what it is called.
    pub server: Server,
    /// What is logged, and how.
    pub log: Log,
    /// The database.
    pub database: Database,
    /// Where the other services are.
    #[serde(default)]
    pub peers: Peers,
    /// Keys.
    #[serde(default)]
    pub secrets: Secrets,
    /// The incidents service.
    pub incidents: incidents::Config,
    /// The notifications service.
    pub notifications: notifications::Config,
    /// The edge.
    pub edge: edge::Config,
    /// `pharos up`.
    pub up: Up,
}

/// Where the process listens, and what it is called.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// For the other services.
    pub internal_listen: SocketAddr,
    /// For everybody.
    pub public_listen: SocketAddr,
    /// What the world calls the edge, without a slash at the end.
    #[serde(deserialize_with = "base_url")]
    pub public_url: String,
    /// The domain whose subdomains are pages.
    #[serde(default, deserialize_with = "domain")]
    pub pages_domain: Option<String>,
    /// Whether contracts are told to whoever asks.
    pub reflection: bool,
}

/// What is logged, and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// For people or for machines.
    pub format: LogFormat,
    /// In the form of `tracing`'s filters.
    pub filter: String,
}

/// For whom the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// People.
    Text,
    /// Machines.
    Json,
}

/// The database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// The server, as the owner of the schemas.
    pub url: Option<SecretString>,
    /// The password of the services' roles.
    pub password: Option<SecretString>,
    /// Connections of each service that answer calls; the senders of mails have as many of their own.
    pub max_connections: u32,
    /// The private server, once `pharos up` has started it; it takes the place of `url`.
    #[serde(skip)]
    pub private: Option<PgConnectOptions>,
}

/// Where the other services are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Peers {
    /// The tenants service.
    #[serde(deserialize_with = "address")]
    pub tenants: Option<Uri>,
    /// The incidents service.
    #[serde(deserialize_with = "address")]
    pub incidents: Option<Uri>,
    /// The subscriptions service.
    #[serde(deserialize_with = "address")]
    pub subscriptions: Option<Uri>,
    /// The notifications service.
    #[serde(deserialize_with = "address")]
    pub notifications: Option<Uri>,
}

/// Keys. Each is needed only by the services that use it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Secrets {
    /// What the services prove themselves to each other with.
    pub service: Option<Secret>,
    /// What refresh tokens are derived with.
    pub tenants: Option<Secret>,
    /// What access tokens are signed with.
    pub signing_seed: Option<Secret>,
    /// What the links in mails are signed with.
    pub subscriptions: Option<Secret>,
    /// What senders' addresses are signed with.
    pub notifications: Option<Secret>,
}

/// `pharos up`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Up {
    /// Where mails are caught.
    pub mail_catcher_listen: SocketAddr,
    /// The folder with the programs of PostgreSQL; searched for if it is not set.
    pub postgres_bin: Option<PathBuf>,
}

/// The environment, as a map: nothing below asks for a variable by itself.
pub type Variables = HashMap<String, String>;

/// The variables of this process.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
#[must_use]
pub fn variables() -> Variables {
    // A variable that is not UTF-8 cannot be one of ours.
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Reads the settings: defaults, then `layers` of TOML (for what `pharos up` knows by itself), then the file,
/// then the environment.
///
/// # Errors
/// [`SettingsError`], naming the key.
pub fn load(
    file: Option<&Path>,
    layers: &[String],
    variables: &Variables,
) -> Result<Settings, SettingsError> {
    let mut builder = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
    for layer in layers {
        builder = builder.add_source(File::from_str(layer, FileFormat::Toml));
    }
    if let Some(file) = file {
        let text = std::fs::read_to_string(file)
            .map_err(|error| SettingsError::new("--config", format!("{}: {error}", file.display())))?;
        builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
    }
    // The names that everybody's tools set already.
    for (variable, key) in [
        ("DATABASE_URL", "database.url"),
        ("SMTP_URL", "notifications.smtp_url"),
        ("PG_BIN_DIR", "up.postgres_bin"),
    ] {
        if let Some(value) = variables.get(variable).filter(|value| !value.is_empty()) {
            builder =
                builder.set_override(key, value.as_str()).map_err(|error| SettingsError::new(key, error))?;
        }
    }
    let environment = Environment::with_prefix("PHAROS")
        .prefix_separator("__")
        .separator("__")
        .source(Some(variables.clone().into_iter().collect()));
    let merged =
        builder.add_source(environment).build().map_err(|error| SettingsError::new("settings", error))?;
    serde_path_to_error::deserialize(merged).map_err(|error| {
        let path = error.path().to_string();
        SettingsError::new(path, error.into_inner())
    })
}

impl Settings {
    /// The database's address, as the owner of the schemas.
    ///
    /// # Errors
    /// If it is not set, or is no address.
    pub fn database_options(&self) -> Result<PgConnectOptions, SettingsError> {
        use secrecy::ExposeSecret as _;
        if let Some(private) = &self.database.private {
            return Ok(private.clone());
        }
        let url = self.database.url.as_ref().ok_or_else(|| SettingsError::missing("database.url"))?;
        // The error would repeat the address, and with it the password.
        url.expose_secret()
            .parse()
            .map_err(|_| SettingsError::new("database.url", "must be postgres://user:password@host/database"))
    }

    /// The mail servers that mails are handed to.
    ///
    /// # Errors
    /// If none is set.
    pub fn relays(&self) -> Result<smtp::client::RelayList, SettingsError> {
        self.notifications.smtp_url.clone().ok_or_else(|| SettingsError::missing("notifications.smtp_url"))
    }
}

impl Secrets {
    /// The secret of this name.
    ///
    /// # Errors
    /// If it is not set.
    pub fn required(name: &str, secret: Option<&Secret>) -> Result<Secret, SettingsError> {
        secret.cloned().ok_or_else(|| SettingsError::missing(&format!("secrets.{name}")))
    }
}

impl Peers {
    /// The address of this name, or that of this process if the service runs in it.
    ///
    /// # Errors
    /// If neither is known.
    pub fn required(name: &str, address: Option<&Uri>, here: Option<&Uri>) -> Result<Uri, SettingsError> {
        address.or(here).cloned().ok_or_else(|| SettingsError::missing(&format!("peers.{name}")))
    }
}

fn base_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let uri: Uri = text.parse().map_err(de::Error::custom)?;
    if !matches!(uri.scheme_str(), Some("http" | "https"))
        || uri.authority().is_none()
        || uri.query().is_some()
    {
        return Err(de::Error::custom("must be http://… or https://…"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn domain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?.to_ascii_lowercase();
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if text.len() > 253 || !text.split('.').all(is_label) {
        return Err(de::Error::custom("must be a domain of letters, digits, hyphens and dots"));
    }
    Ok(Some(text))
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Uri>, D::Error> {
    let uri: Uri = String::deserialize(deserializer)?.parse().map_err(de::Error::custom)?;
    if uri.scheme_str() != Some("http") || uri.authority().is_none() {
        return Err(de::Error::custom("must be http://host:port"));
    }
    Ok(Some(uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        load(None, &[], &variables)
    }

    #[test]
    fn the_defaults_alone_are_good() {
        let settings = with(&[]).unwrap();
        assert_eq!(settings.server.public_listen.port(), 8080);
        assert!(settings.secrets.service.is_none());
    }

    #[test]
    fn the_environment_overrides_a_default() {
        let settings = with(&[
            ("PHAROS__DATABASE__MAX_CONNECTIONS", "3"),
            ("PHAROS__SERVER__REFLECTION", "true"),
            ("PHAROS__SERVER__PUBLIC_URL", "https://status.example.com/"),
            ("PHAROS__SERVER__PAGES_DOMAIN", "Status.Example"),
            ("PHAROS__DATABASE__PASSWORD", "12345"),
        ])
        .unwrap();
        assert_eq!(settings.database.max_connections, 3);
        assert!(settings.server.reflection);
        assert_eq!(settings.server.public_url, "https://status.example.com");
        assert_eq!(settings.server.pages_domain.as_deref(), Some("status.example"));
    }

    #[test]
    fn a_wrong_value_and_an_unknown_key_are_named() {
        for (variable, value, key) in [
            ("PHAROS__DATABASE__MAX_CONNECTIONS", "many", "database.max_connections"),
            ("PHAROS__SERVER__PUBLIC_LISTEN", "here", "server.public_listen"),
            ("PHAROS__SERVER__PUBLIC_URL", "ftp://x", "server.public_url"),
            ("PHAROS__SERVER__PAGES_DOMAIN", "status..example", "server.pages_domain"),
            ("PHAROS__SERVER__PAGES_DOMAIN", ".status.example", "server.pages_domain"),
            ("PHAROS__SECRETS__SERVICE", "short", "secrets.service"),
            ("PHAROS__PEERS__TENANTS", "nowhere", "peers.tenants"),
            ("SMTP_URL", "pigeon://loft", "notifications.smtp_url"),
            ("SMTP_URL", "smtp://one.example pigeon://loft", "notifications.smtp_url"),
            ("PHAROS__NOTIFICATIONS__DKIM_THREADS", "some", "notifications.dkim_threads"),
            ("PHAROS__NOTIFICATIONS__DNS_SERVER", "127.0.0.1", "notifications.dns_server"),
            ("PHAROS__INCIDENTS__VENDOR_NETWORKS", "10.0.0.0/8, here", "incidents.vendor_networks"),
            ("PHAROS__INCIDENTS__VENDOR_READ_SECONDS", "0", "incidents.vendor_read_seconds"),
        ] {
            let error = with(&[(variable, value)]).unwrap_err();
            assert_eq!(error.key, key, "{error}");
        }
        let error = with(&[("PHAROS__DATABASE__MAX_CONECTIONS", "3")]).unwrap_err();
        assert!(error.to_string().contains("max_conections"), "{error}");
        let error = with(&[("PHAROS__DATABSE__URL", "x")]).unwrap_err();
        assert!(error.to_string().contains("databse"), "{error}");
    }

    #[test]
    fn a_missing_secret_says_how_to_set_it() {
        let error = Secrets::required("service", None).unwrap_err();
        assert_eq!(error.key, "secrets.service");
        assert!(error.to_string().contains("PHAROS__SECRETS__SERVICE"));
    }

    #[test]
    fn a_bad_database_address_is_not_repeated() {
        let settings = with(&[("DATABASE_URL", "hunter2")]).unwrap();
        assert!(!settings.database_options().unwrap_err().to_string().contains("hunter2"));
    }
}
