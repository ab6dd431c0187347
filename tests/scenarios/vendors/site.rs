//! The page of a vendor as a test wants it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What a path of a vendor's page answers.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    Json(String),
    Status(u16),
    RedirectTo(String),
    /// More and more.
    Endless,
    /// Nothing at all.
    Silence,
}

/// The page of a vendor, on this machine.
#[derive(Debug)]
pub(super) struct VendorSite {
    pub(super) url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    answers: HashMap<String, Answer>,
    asked: usize,
}

impl VendorSite {
    pub(super) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let served = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&served)));
            }
        });
        Self { url, state }
    }

    /// A Statuspage with these components.
    pub(super) async fn statuspage(components: &[(&str, &str, &str)]) -> Self {
        let site = Self::open().await;
        site.says(components);
        site
    }

    /// From now on, the Statuspage has these components: id, name, status.
    pub(super) fn says(&self, components: &[(&str, &str, &str)]) {
        let rows = components.iter().map(|(id, name, status)| {
            serde_json::json!({
                "id": id, "name": name, "status": status, "group": false, "group_id": "g1",
            })
        });
        let group = serde_json::json!({"id": "g1", "name": "Cloud", "status": "operational", "group": true});
        let rows = rows.chain([group]).collect::<Vec<_>>();
        self.answers(
            "/api/v2/components.json",
            Answer::Json(serde_json::json!({"components": rows}).to_string()),
        );
    }

    pub(super) fn answers(&self, path: &str, answer: Answer) {
        self.state.lock().unwrap().answers.insert(path.to_owned(), answer);
    }

    pub(super) fn fails(&self, answer: Answer) {
        self.answers("/api/v2/components.json", answer);
    }

    pub(super) fn asked(&self) -> usize {
        self.state.lock().unwrap().asked
    }
}

async fn serve(mut connection: TcpStream, state: Arc<Mutex<State>>) {
    let mut head = [0; 4096];
    let read = connection.read(&mut head).await.unwrap_or(0);
    let head = String::from_utf8_lossy(&head[..read]).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let answer = {
        let mut state = state.lock().unwrap();
        state.asked += 1;
        state.answers.get(path).cloned()
    };
    let whole = match answer.unwrap_or(Answer::Status(404)) {
        Answer::Json(body) => format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()),
        Answer::Status(status) => format!("HTTP/1.1 {status} Sorry\r\ncontent-length: 0\r\n\r\n"),
        Answer::RedirectTo(url) => {
            format!("HTTP/1.1 302 Found\r\nlocation: {url}\r\ncontent-length: 0\r\n\r\n")
        }
        Answer::Endless => {
            let begun = connection.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"components\":[").await;
            let mut result = begun;
            while result.is_ok() {
                result = connection.write_all(&[b' '; 4096]).await;
            }
            return;
        }
        Answer::Silence => std::future::pending().await,
    };
    let _ = connection.write_all(whole.as_bytes()).await;
    let _ = connection.shutdown().await;
}
