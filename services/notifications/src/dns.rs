//! Looking up what stands in the DNS.

use std::{net::SocketAddr, time::Duration};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::{
        op::ResponseCode,
        rr::{Name, RData},
    },
};

/// How long all look-ups of one question may take together.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one server may take for one of them.
const ONE_TRY: Duration = Duration::from_secs(2);
/// What stands at one name is looked at so far: nobody needs more records, or longer ones.
const MAX_TEXTS: usize = 32;
const MAX_TEXT: usize = 4096;

/// The DNS, by way of a server of the settings, or those of the system.
#[derive(Debug, Clone)]
pub(crate) struct Dns {
    server: Option<SocketAddr>,
}

/// Why a question has no answer: nothing follows from it.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Unanswered {
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Late,
    #[error(transparent)]
    Failed(#[from] NetError),
}

impl Dns {
    pub(crate) fn new(server: Option<SocketAddr>) -> Self {
        Self { server }
    }

    /// The texts of the TXT records at each of these names; none where there are none. Nothing is remembered from one
    /// call to the next.
    ///
    /// # Errors
    /// For each name, if no server answered in time, or only with a failure.
    pub(crate) async fn texts<const N: usize>(
        &self,
        names: [&str; N],
    ) -> [Result<Vec<String>, Unanswered>; N] {
        let resolver = match self.resolver() {
            Ok(resolver) => resolver,
            Err(error) => return names.map(|_| Err(error.clone().into())),
        };
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let look_ups = names.map(|name| {
            let (resolver, name) = (resolver.clone(), Name::from_ascii(format!("{name}.")));
            tokio::spawn(tokio::time::timeout_at(deadline, async move {
                texts_of(resolver.txt_lookup(name.map_err(NetError::from)?).await)
            }))
        });
        let mut answers = names.map(|_| Err(Unanswered::Late));
        for (answer, look_up) in answers.iter_mut().zip(look_ups) {
            if let Ok(Ok(found)) = look_up.await {
                *answer = found.map_err(Unanswered::from);
            }
        }
        answers
    }

    /// Made anew for each question, so that a change of the system's servers is seen.
    fn resolver(&self) -> Result<TokioResolver, NetError> {
        let mut builder = match self.server {
            None => TokioResolver::builder_tokio()?,
            Some(address) => {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                    connection.port = address.port();
                    connection
                });
                let server = NameServerConfig::new(address.ip(), true, connections.into());
                let config = ResolverConfig::from_name_servers(vec![server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
        };
        let options = builder.options_mut();
        options.timeout = ONE_TRY;
        options.attempts = 1;
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never;
        builder.build()
    }
}

/// An answer without records is one; a referral to other servers and a failure are none.
fn texts_of(found: Result<hickory_resolver::lookup::Lookup, NetError>) -> Result<Vec<String>, NetError> {
    match found {
        Ok(found) => Ok(found
            .answers()
            .iter()
            .filter_map(|record| {
                let RData::TXT(text) = &record.data else { return None };
                // The strings of one record belong together without anything between them (RFC 7208, section 3.3).
                Some(text.txt_data.concat())
            })
            .take(MAX_TEXTS)
            .map(|octets| String::from_utf8_lossy(&octets[..octets.len().min(MAX_TEXT)]).into_owned())
            .collect()),
        Err(NetError::Dns(DnsError::NoRecordsFound(none)))
            if none.ns.is_none()
                && matches!(none.response_code, ResponseCode::NoError | ResponseCode::NXDomain) =>
        {
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}
