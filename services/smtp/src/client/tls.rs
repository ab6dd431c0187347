//! The stream under a conversation, plain or encrypted.

use std::{
    io,
    sync::{Arc, LazyLock},
};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

/// What a conversation can be held over.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug> Wire for T {}

/// A TCP connection, in the clear or under TLS.
pub(super) type Stream = Box<dyn Wire>;

/// The most octets of a file of certificates: far above any company's list.
const MAX_PEM_OCTETS: u64 = 4 * 1024 * 1024;

/// Trusts the public certificate authorities. One for the process, so that a reconnect resumes its session.
pub(super) static PUBLIC: LazyLock<Arc<ClientConfig>> =
    LazyLock::new(|| trusting(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }));

/// Trusts the certificates in a PEM file, and no other.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn trusting_file(path: &str) -> Result<Arc<ClientConfig>, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > MAX_PEM_OCTETS {
        return Err(format!("the file is larger than {MAX_PEM_OCTETS} octets"));
    }
    let pem = std::fs::read(path).map_err(|error| error.to_string())?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| format!("it is not PEM: {error}"))?;
        roots.add(certificate).map_err(|error| format!("it holds a certificate that is none: {error}"))?;
    }
    if roots.is_empty() { Err("it holds no certificate".to_owned()) } else { Ok(trusting(roots)) }
}

/// The provider is named and not taken from the process: libraries in one process may bring several.
pub(super) fn trusting(roots: RootCertStore) -> Arc<ClientConfig> {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("aws-lc-rs speaks TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

/// Turns a connection to TLS. The time limit is the caller's.
pub(super) async fn encrypt(
    plain: Stream,
    host: ServerName<'static>,
    config: Arc<ClientConfig>,
) -> io::Result<Stream> {
    Ok(Box::new(TlsConnector::from(config).connect(host, plain).await?))
}
