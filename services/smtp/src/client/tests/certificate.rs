//! A self-signed certificate for 127.0.0.1, made here so that no private key lies in the tree.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
};

use super::Arc;

/// One element of DER.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut out = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short @ ..=127) => out.push(short),
        Ok(long) => out.extend([0x81, long]),
        Err(_) => out.extend([0x82, (content.len() >> 8) as u8, content.len() as u8]),
    }
    out.extend(content);
    out
}

/// What the server shows, and the file of a client that trusts it alone.
pub(super) fn pair() -> (ServerConfig, tempfile::NamedTempFile) {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
    let key = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    let bits = |bytes: &[u8]| der(0x03, &[&[0], bytes]);
    let ed25519 = der(0x30, &[&[0x06, 3, 0x2b, 0x65, 0x70]]);
    let common_name = der(0x30, &[&[0x06, 3, 0x55, 0x04, 0x03], &der(0x0c, &[b"test"])]);
    let name = der(0x30, &[&der(0x31, &[&common_name])]);
    let validity = der(0x30, &[&der(0x17, &[b"200101000000Z"]), &der(0x18, &[b"21200101000000Z"])]);
    let public_key = der(0x30, &[&ed25519, &bits(key.public_key().as_ref())]);
    let addresses = der(0x04, &[&der(0x30, &[&der(0x87, &[&[127, 0, 0, 1]])])]);
    let alternative = der(0x30, &[&[0x06, 3, 0x55, 0x1d, 0x11], &addresses]);
    let extensions = der(0xa3, &[&der(0x30, &[&alternative])]);
    let version = der(0xa0, &[&[0x02, 1, 2]]);
    let body =
        der(0x30, &[&version, &[0x02, 1, 1], &ed25519, &name, &validity, &name, &public_key, &extensions]);
    let certificate = CertificateDer::from(der(0x30, &[&body, &ed25519, &bits(key.sign(&body).as_ref())]));

    let pem = BASE64.encode(&certificate);
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = format!("-----BEGIN CERTIFICATE-----\n{pem}\n-----END CERTIFICATE-----\n");
    std::fs::write(file.path(), text).unwrap();
    let private = PrivatePkcs8KeyDer::from(pkcs8.as_ref().to_vec());
    let server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], private.into())
        .unwrap();
    (server, file)
}
