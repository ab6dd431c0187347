//! Fetching an answer from a stranger, with limits.

use std::{error::Error as _, sync::Arc, time::Duration};

use reqwest::{Client, ClientBuilder, Response, StatusCode, Url, header, redirect};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

use super::{
    Unread,
    address::{self, Host},
    networks::{Networks, OutOfReach, Reach},
};

/// How long an answer may take, from the first byte asked to the last one read.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// How long making the connection may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(3);
/// So much of an answer is read.
const LARGEST: usize = 1 << 20;
/// Says whose requests these are, to those who find them in their logs.
const USER_AGENT: &str =
    concat!("Pharos/", env!("CARGO_PKG_VERSION"), " (reads this status page once a minute)");

/// Fetches answers. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Fetcher {
    /// For `https`.
    secure: Door,
    /// For `http`, which leads into the installation's own networks only.
    plain: Door,
}

#[derive(Debug, Clone)]
struct Door {
    client: Client,
    reach: Reach,
}

impl Fetcher {
    pub(super) fn new(networks: &Networks) -> Self {
        Self {
            secure: Door::new(Reach::Internet(networks.clone()), |client| client.https_only(true)),
            plain: Door::new(Reach::Within(networks.clone()), |client| client),
        }
    }

    /// What is found at this address.
    pub(super) async fn fetch(&self, address: &str) -> Result<Vec<u8>, Unread> {
        let url = Url::parse(address).map_err(|_| Unread::NoConnection)?;
        let door = if url.scheme() == "https" { &self.secure } else { &self.plain };
        // A number is never resolved, so the resolver does not see it.
        if let Some(Host::Address(number)) = address::host(&url)
            && !door.reach.has(number)
        {
            return Err(Unread::NotPublic);
        }
        let request = door.client.get(url).header(header::ACCEPT, "application/json");
        let response = request.send().await.map_err(|error| unread(&error))?;
        match response.status() {
            StatusCode::OK => body(response).await,
            status if status.is_redirection() => Err(Unread::Elsewhere),
            status => Err(Unread::Status(status.as_u16())),
        }
    }
}

impl Door {
    fn new(reach: Reach, adjust: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let client = Client::builder()
            .dns_resolver(Arc::new(reach.clone()))
            .tls_backend_preconfigured(tls())
            .http1_only()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT_PATIENCE)
            .timeout(PATIENCE)
            // A page is asked too seldom for a connection to be worth keeping.
            .pool_max_idle_per_host(0)
            .user_agent(USER_AGENT);
        let client = adjust(client).build().expect("settings that go together");
        Self { client, reach }
    }
}

/// Trusts the public certificate authorities. The provider is named and not taken from the process: libraries in one
/// process may bring several.
fn tls() -> ClientConfig {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("aws-lc-rs speaks TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// The body, in pieces: what it says of its length is a stranger's word.
async fn body(mut response: Response) -> Result<Vec<u8>, Unread> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| unread(&error))? {
        if body.len() + piece.len() > LARGEST {
            return Err(Unread::TooLarge);
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

fn unread(error: &reqwest::Error) -> Unread {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<OutOfReach>() {
            return Unread::NotPublic;
        }
        cause = inner.source();
    }
    if error.is_connect() {
        Unread::NoConnection
    } else if error.is_timeout() {
        Unread::TooSlow
    } else {
        Unread::BrokenOff
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    /// A server on this machine that gives every connection these bytes; its address.
    async fn serve(answer: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                let (mut connection, _) = listener.accept().await.unwrap();
                let answer = answer.clone();
                tokio::spawn(async move {
                    let _ = connection.read(&mut [0; 4096]).await;
                    let _ = connection.write_all(&answer).await;
                    let _ = connection.shutdown().await;
                });
            }
        });
        address
    }

    fn fetcher(named: &[&str]) -> Fetcher {
        Fetcher::new(&Networks::new(named.iter().map(|net| net.parse().unwrap()).collect()))
    }

    fn answer(head: &str, body: &[u8]) -> Vec<u8> {
        [format!("HTTP/1.1 {head}\r\n\r\n").as_bytes(), body].concat()
    }

    #[tokio::test]
    async fn what_a_page_answers_is_read_whole_or_not_at_all() {
        let fetcher = fetcher(&["127.0.0.0/8"]);
        let full = vec![b'x'; LARGEST];
        for (answer, expected) in [
            (answer("200 OK\r\ncontent-length: 2", b"{}"), Ok(b"{}".to_vec())),
            (answer("200 OK", &full), Ok(full.clone())),
            (answer("200 OK", &[&full[..], b"x"].concat()), Err(Unread::TooLarge)),
            (answer("200 OK\r\ncontent-length: 9", b"{}"), Err(Unread::BrokenOff)),
            (answer("503 No\r\ncontent-length: 2", b"{}"), Err(Unread::Status(503))),
            (answer("204 No Content", b""), Err(Unread::Status(204))),
            (answer("302 Found\r\nlocation: http://127.0.0.1:1/", b""), Err(Unread::Elsewhere)),
            (b"SSH-2.0-OpenSSH_9\r\n".to_vec(), Err(Unread::BrokenOff)),
        ] {
            let read = fetcher.fetch(&serve(answer).await).await;
            assert!(read == expected, "{:?}", read.map(|body| body.len()));
        }
    }

    #[tokio::test]
    async fn what_is_out_of_reach_is_not_asked() {
        let address = serve(answer("200 OK", b"{}")).await;
        assert_eq!(fetcher(&[]).fetch(&address).await, Err(Unread::NotPublic));
        assert_eq!(fetcher(&["10.0.0.0/8"]).fetch(&address).await, Err(Unread::NotPublic));
        let by_name = address.replace("127.0.0.1", "localhost");
        assert_eq!(fetcher(&[]).fetch(&by_name).await, Err(Unread::NotPublic));
        let secure = by_name.replace("http:", "https:");
        assert_eq!(fetcher(&[]).fetch(&secure).await, Err(Unread::NotPublic));
        for number in ["https://169.254.169.254/", "https://[::1]/", "https://[::ffff:10.0.0.1]/"] {
            assert_eq!(fetcher(&["127.0.0.0/8"]).fetch(number).await, Err(Unread::NotPublic), "{number}");
        }
    }

    #[tokio::test]
    async fn nobody_there_and_no_tls_are_no_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let fetcher = fetcher(&["127.0.0.0/8"]);
        assert_eq!(fetcher.fetch(&format!("http://{address}/")).await, Err(Unread::NoConnection));
        let plain = serve(answer("200 OK", b"{}")).await.replace("http:", "https:");
        assert_eq!(fetcher.fetch(&plain).await, Err(Unread::NoConnection));
    }
}
