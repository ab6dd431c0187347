//! The database: a pool with its guards, and transactions that see one tenant.

use std::{fmt, time::Duration};

use sqlx::{
    AssertSqlSafe, Executor as _, PgPool, Postgres, Transaction,
    migrate::{Migrate as _, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::ids::TenantId;

/// A transaction. Dropped without a commit, it is rolled back.
pub type Tx = Transaction<'static, Postgres>;

/// A service's way to its schema. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: PgPool,
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Db")
    }
}

impl Db {
    /// A pool that connects when first needed, so that a service starts while its database is away.
    ///
    /// A statement may take 5 s, a lock 4 s, and a transaction may stand idle 10 s: the server ends what a
    /// hung process left behind. A connection is waited for 3 s.
    #[must_use]
    pub fn lazy(options: PgConnectOptions, max_connections: u32) -> Self {
        let options = options.options([
            ("statement_timeout", "5s"),
            ("lock_timeout", "4s"),
            ("idle_in_transaction_session_timeout", "10s"),
            // The guard below rolls back where there is mostly nothing to roll back; that is no news.
            ("client_min_messages", "error"),
        ]);
        Self {
            pool: guarded(PgPoolOptions::new().max_connections(max_connections)).connect_lazy_with(options),
        }
    }

    /// A pool of its own for the same way: a connection is driven by the threads that opened it.
    #[must_use]
    pub fn apart(&self) -> Self {
        let options = (*self.pool.connect_options()).clone();
        Self { pool: self.pool.options().clone().connect_lazy_with(options) }
    }

    /// A transaction that sees the rows of one tenant only: row-level security looks at the setting made in
    /// the same round trip that begins it.
    ///
    /// # Errors
    /// If no connection can be had.
    pub async fn tenant(&self, tenant: TenantId) -> sqlx::Result<Tx> {
        // A typed UUID has no quotes to break out of, and `set local` takes no parameters.
        let begin = format!("begin; set local app.tenant_id = '{}'", tenant.uuid());
        self.pool.begin_with(AssertSqlSafe(begin)).await
    }

    /// A transaction that sees no tenant's rows: for work tables and registries.
    ///
    /// # Errors
    /// If no connection can be had.
    pub async fn system(&self) -> sqlx::Result<Tx> {
        self.pool.begin().await
    }

    /// A transaction that sees no tenant's rows, for a work table that fills and empties faster than statistics are
    /// taken of it: a few rows are looked up in the order of an index, whatever the planner believes of the rest.
    ///
    /// # Errors
    /// If no connection can be had.
    pub async fn work_table(&self) -> sqlx::Result<Tx> {
        self.pool
            .begin_with(
                "begin; set local enable_seqscan = off; set local enable_bitmapscan = off; \
                 set local enable_hashjoin = off; set local enable_mergejoin = off",
            )
            .await
    }

    /// The pool, for single statements on work tables and registries, and for listening.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Why the schema cannot be used, in a sentence; `None` if it can: the database answers and every
    /// migration of this binary is applied.
    pub async fn not_ready(&self, migrator: &Migrator, schema: &str) -> Option<String> {
        let table = format!("{schema}._sqlx_migrations");
        let applied = async { self.pool.acquire().await?.list_applied_migrations(&table).await };
        match tokio::time::timeout(Duration::from_secs(3), applied).await {
            Err(_) => Some("the database does not answer".to_owned()),
            Ok(Err(error)) => Some(format!("the schema {schema} cannot be read: {error}")),
            Ok(Ok(applied)) => migrator
                .iter()
                .find(|wanted| !applied.iter().any(|found| found.version == wanted.version))
                .map(|missing| {
                    format!("the schema {schema} lacks migration {}; run: pharos migrate", missing.version)
                }),
        }
    }
}

/// Guards a pool against sqlx 0.9.0's lost `BEGIN` (issues 4385 and 4393 there): a future of `begin()`
/// dropped at the wrong moment gives the connection back inside a transaction that nobody tracks, and what
/// is written in it later is lost though it was answered. The rollback takes the place of the ping.
fn guarded(pool: PgPoolOptions) -> PgPoolOptions {
    pool.acquire_timeout(Duration::from_secs(3))
        .idle_timeout(Duration::from_secs(600))
        .test_before_acquire(false)
        .before_acquire(|connection, _| {
            Box::pin(async move {
                match connection.execute("rollback").await {
                    Ok(_) => Ok(true),
                    Err(_) => Ok(false),
                }
            })
        })
}
