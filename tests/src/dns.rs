//! A small DNS server: TXT records over UDP (RFC 1035), which a test publishes and takes back.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::net::UdpSocket;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The server.
#[derive(Debug)]
pub struct Dns {
    address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    _stop: DropGuard,
}

#[derive(Debug, Default)]
struct Zone {
    texts: HashMap<String, Vec<String>>,
    fails: bool,
    asked: usize,
}

/// The header's length.
const HEADER: usize = 12;
/// One string of a record holds no more.
const MAX_STRING: usize = 255;

impl Dns {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// If there is none.
    pub async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        let address = socket.local_addr().expect("its address");
        let (zone, stop) = (Arc::<Mutex<Zone>>::default(), CancellationToken::new());
        let (answers, stopped) = (Arc::clone(&zone), stop.clone());
        tokio::spawn(stopped.run_until_cancelled_owned(async move {
            let mut query = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut query).await {
                let answer = answers.lock().unwrap_or_else(PoisonError::into_inner).answer(&query[..length]);
                if let Some(answer) = answer {
                    socket.send_to(&answer, from).await.ok();
                }
            }
        }));
        Self { address, zone, _stop: stop.drop_guard() }
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    fn zone(&self) -> std::sync::MutexGuard<'_, Zone> {
        self.zone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a TXT record beside those of the name.
    pub fn publish(&self, name: &str, text: &str) {
        self.zone().texts.entry(name.to_lowercase()).or_default().push(text.to_owned());
    }

    /// Takes every record of the name back.
    pub fn unpublish(&self, name: &str) {
        self.zone().texts.remove(&name.to_lowercase());
    }

    /// Whether it answers every question with SERVFAIL.
    pub fn fail(&self, fails: bool) {
        self.zone().fails = fails;
    }

    /// How many questions it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.zone().asked
    }
}

impl Zone {
    /// None to what is no question.
    fn answer(&mut self, query: &[u8]) -> Option<Vec<u8>> {
        let (mut labels, mut at) = (Vec::new(), HEADER);
        loop {
            let length = usize::from(*query.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            labels.push(String::from_utf8_lossy(query.get(at..at + length)?).to_lowercase());
            at += length;
        }
        let question = query.get(HEADER..at + 4)?;
        self.asked += 1;
        let texts = self.texts.get(&labels.join(".")).filter(|_| !self.fails);
        let code = match (self.fails, texts) {
            (true, _) => 2,
            (false, None) => 3,
            (false, Some(_)) => 0,
        };
        let texts = texts.map(Vec::as_slice).unwrap_or_default();
        let mut answer = query[..2].to_vec();
        // An answer to one question, recursion was asked for and is there.
        answer.extend([0x81, 0x80 | code, 0, 1, 0, u8::try_from(texts.len()).ok()?, 0, 0, 0, 0]);
        answer.extend(question);
        for text in texts {
            let strings = text.as_bytes().chunks(MAX_STRING);
            let octets = text.len() + strings.len();
            // The name of the question, TXT, IN, for a minute.
            answer.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60]);
            answer.extend(u16::try_from(octets).ok()?.to_be_bytes());
            for string in strings {
                answer.push(u8::try_from(string.len()).ok()?);
                answer.extend(string);
            }
        }
        Some(answer)
    }
}
