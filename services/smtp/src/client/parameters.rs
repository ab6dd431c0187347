//! What stands behind the `?` of a relay's URL.

use super::url::{InvalidSmtpUrl, Tls, percent_decoded};

/// Each parameter that is there.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    pub(super) tls: Option<Tls>,
    pub(super) ca: Option<String>,
    pub(super) connections: Option<u32>,
    pub(super) mails_per_connection: Option<u32>,
    pub(super) rate: Option<u32>,
}

/// The most of `connections`.
const MAX_CONNECTIONS: u32 = 1000;
/// The most of `mails_per_connection` and `rate`.
const MAX_MAILS: u32 = 100_000;
/// As much of an unknown parameter's name is told.
const MAX_TOLD: usize = 40;

impl Parameters {
    pub(super) fn parse(query: Option<&str>) -> Result<Self, InvalidSmtpUrl> {
        let mut found = Self::default();
        for parameter in query.into_iter().flat_map(|query| query.split('&')) {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match key {
                "tls" => set("tls", &mut found.tls, tls(value)?)?,
                "ca" => set("ca", &mut found.ca, path(value)?)?,
                "connections" => {
                    let form = "a number from 1 to 1000";
                    let count = number("connections", value, MAX_CONNECTIONS, form)?;
                    set("connections", &mut found.connections, count)?;
                }
                "mails_per_connection" => {
                    let count = number("mails_per_connection", value, MAX_MAILS, MAILS)?;
                    set("mails_per_connection", &mut found.mails_per_connection, count)?;
                }
                "rate" => set("rate", &mut found.rate, number("rate", value, MAX_MAILS, MAILS)?)?,
                unknown => {
                    let told = unknown.chars().take(MAX_TOLD).collect();
                    return Err(InvalidSmtpUrl::UnknownParameter(told));
                }
            }
        }
        Ok(found)
    }
}

const MAILS: &str = "a number from 1 to 100000";

fn set<T>(key: &'static str, place: &mut Option<T>, value: T) -> Result<(), InvalidSmtpUrl> {
    if place.replace(value).is_some() { Err(InvalidSmtpUrl::Repeated(key)) } else { Ok(()) }
}

fn tls(value: &str) -> Result<Tls, InvalidSmtpUrl> {
    match value {
        "never" => Ok(Tls::Never),
        "required" => Ok(Tls::Required),
        _ => Err(InvalidSmtpUrl::Value { key: "tls", form: "never or required" }),
    }
}

/// Absolute, because nobody who writes a setting knows the folder that the process is started in.
fn path(value: &str) -> Result<String, InvalidSmtpUrl> {
    let wrong = InvalidSmtpUrl::Value { key: "ca", form: "an absolute path, percent-encoded" };
    percent_decoded(value).ok().filter(|path| path.starts_with('/')).ok_or(wrong)
}

fn number(key: &'static str, value: &str, most: u32, form: &'static str) -> Result<u32, InvalidSmtpUrl> {
    let is_number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let number = value.parse().ok().filter(|number| is_number && (1..=most).contains(number));
    number.ok_or(InvalidSmtpUrl::Value { key, form })
}
