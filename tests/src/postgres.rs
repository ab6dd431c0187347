//! The throw-away Postgres of a test run, and a database of its own for each test.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use anyhow::Context as _;
use pharos::{
    data_folder, migrate,
    postgres::{PrivatePostgres, Settings},
    settings,
};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use tokio::sync::OnceCell;

/// Where `with-postgres` tells the socket's folder.
pub const SOCKET_VARIABLE: &str = "PHAROS_TEST_POSTGRES";
/// Every migration applied, and never written to: databases are copied from it.
const TEMPLATE: &str = "pharos_template";
/// Held while a database is made: two copies of one template at a time are refused.
const LOCK: i64 = 7_001;

/// Starts a server that need not survive a crash of the machine.
///
/// # Errors
/// If no programs of PostgreSQL are found, or they fail.
pub async fn start(folder: &Path) -> anyhow::Result<PrivatePostgres> {
    start_with(folder, false).await
}

/// Starts a server; a `durable` one as `pharos up` does.
///
/// # Errors
/// If no programs of PostgreSQL are found, or they fail.
pub async fn start_with(folder: &Path, durable: bool) -> anyhow::Result<PrivatePostgres> {
    let variables = settings::variables();
    let server = PrivatePostgres::start(Settings {
        folder: folder.join("postgres"),
        bin_dir: variables.get("PG_BIN_DIR").map(Into::into),
        fetched: data_folder::fetched_postgres(&variables),
        search_path: variables.get("PATH").map(Into::into),
        durable,
    })
    .await?;
    Ok(server)
}

/// A database of its own, with every migration applied; dropped by whoever stops the server.
#[derive(Debug, Clone)]
pub struct Database {
    socket: PathBuf,
    name: String,
}

impl Database {
    /// Makes one.
    ///
    /// # Panics
    /// If the server cannot be reached: no test can do without.
    pub async fn create() -> Self {
        Self::create_on(&server().await.expect("a Postgres for the tests")).await
    }

    /// Makes one on the server with this socket.
    ///
    /// # Panics
    /// If the server cannot be reached.
    pub async fn create_on(socket: &Path) -> Self {
        let name = format!("t_{}", uuid::Uuid::new_v4().simple());
        make(socket, &name).await.expect("a database for the test");
        Self { socket: socket.to_owned(), name }
    }

    /// How its owner connects.
    #[must_use]
    pub fn owner(&self) -> PgConnectOptions {
        options(&self.socket, &self.name)
    }

    /// How a service connects, by its role.
    #[must_use]
    pub fn role(&self, service: &str) -> PgConnectOptions {
        self.owner().username(&format!("pharos_{service}"))
    }

    /// Its address, for a process of its own.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres:///{}?host={}&user=postgres", self.name, self.socket.display())
    }

    /// A connection as the owner, who sees the rows of every tenant.
    ///
    /// # Panics
    /// If the server cannot be reached.
    pub async fn connect(&self) -> PgConnection {
        self.owner().connect().await.expect("the owner connects")
    }
}

async fn server() -> anyhow::Result<PathBuf> {
    static OURS: OnceCell<PathBuf> = OnceCell::const_new();
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    if let Some(socket) = settings::variables().get(SOCKET_VARIABLE) {
        return Ok(socket.into());
    }
    // Run without `with-postgres`: a server for this process alone, which ends with it.
    OURS.get_or_try_init(|| async {
        let folder = tempfile::Builder::new().prefix("pharos-tests-").tempdir_in("/tmp")?;
        let server = start(folder.path()).await?;
        let socket = server.socket().to_owned();
        watch_over(server.pid())?;
        server.detach();
        FOLDER.set(folder).ok().context("there is one server a process")?;
        Ok(socket)
    })
    .await
    .cloned()
}

/// A test process may end in any way, and then nobody is left to stop the server but this.
fn watch_over(server: u32) -> std::io::Result<()> {
    let script = format!(
        "while kill -0 {} 2>/dev/null; do sleep 1; done; kill -INT {server} 2>/dev/null",
        std::process::id()
    );
    let null = std::process::Stdio::null;
    std::process::Command::new("sh")
        .args(["-c", &script])
        .stdin(null())
        .stdout(null())
        .stderr(null())
        .spawn()
        .map(drop)
}

fn options(socket: &Path, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket)
        .ssl_mode(PgSslMode::Disable)
        .username("postgres")
        .database(database)
}

async fn make(socket: &Path, name: &str) -> anyhow::Result<()> {
    let mut server = options(socket, "postgres").connect().await?;
    sqlx::query!("select pg_advisory_lock($1)", LOCK).execute(&mut server).await?;
    let known = sqlx::query_scalar!(
        r#"select datistemplate as "is_template!" from pg_database where datname = $1"#,
        TEMPLATE
    );
    if known.fetch_optional(&mut server).await? != Some(true) {
        // One that was not finished is no template.
        server.execute(AssertSqlSafe(format!("drop database if exists {TEMPLATE}"))).await?;
        server.execute(AssertSqlSafe(format!("create database {TEMPLATE}"))).await?;
        migrate::migrate(&options(socket, TEMPLATE), None).await?;
        server.execute(AssertSqlSafe(format!("alter database {TEMPLATE} is_template true"))).await?;
    }
    server
        .execute(AssertSqlSafe(format!("create database {name} template {TEMPLATE} strategy file_copy")))
        .await?;
    server.close().await?;
    Ok(())
}
