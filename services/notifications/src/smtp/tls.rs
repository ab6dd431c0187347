//! The stream under a conversation, plain or encrypted.

use std::{
    io,
    sync::{Arc, LazyLock},
};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, pki_types::ServerName},
};
use tokio_util::either::Either;

/// A TCP connection, in the clear or under TLS.
pub(super) type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// Trusts the public certificate authorities. One for the process, so that a reconnect resumes its session.
pub(super) static PUBLIC: LazyLock<Arc<ClientConfig>> =
    LazyLock::new(|| trusting(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }));

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
    tcp: TcpStream,
    host: ServerName<'static>,
    config: Arc<ClientConfig>,
) -> io::Result<Stream> {
    Ok(Either::Right(Box::new(TlsConnector::from(config).connect(host, tcp).await?)))
}
