//! The other way to do it, as most job queues do: a row for each delivery, claimed and completed in batches.
//!
//! In its favour: everything that makes it faster is done (batches of 500, SKIP LOCKED, a partial index); a mail is
//! composed by copying one that is there around the address, with nothing personal in it and nothing signed; and nobody
//! is asked who has left in the meantime.
#![expect(clippy::disallowed_methods, reason = "its tables are made here and are in no schema of ours")]

use std::time::{Duration, Instant};

use sqlx::{Connection as _, Executor as _, PgConnection, Row as _, postgres::PgConnectOptions};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Deliveries of one claim.
const BATCH: i64 = 500;

const TABLES: &str = "
    create table reader (
        page_id uuid not null,
        reader_id uuid not null,
        email text not null,
        primary key (page_id, reader_id)
    );
    create table delivery (
        delivery_id bigint generated always as identity primary key,
        update_id bigint not null,
        page_id uuid not null,
        reader_id uuid not null,
        state smallint not null default 0,
        attempts smallint not null default 0,
        due_at timestamptz not null default now(),
        leased_until timestamptz,
        done_at timestamptz,
        unique (update_id, reader_id)
    );
    create index delivery_due on delivery (due_at, delivery_id) where state = 0";

const CLAIM: &str = "
    with due as (
        select delivery_id from delivery where state = 0 and due_at <= now()
        order by due_at, delivery_id limit $1 for update skip locked
    ), claimed as (
        update delivery set state = 1, attempts = attempts + 1, leased_until = now() + interval '60 seconds'
        from due where delivery.delivery_id = due.delivery_id
        returning delivery.delivery_id, delivery.page_id, delivery.reader_id
    )
    select claimed.delivery_id, reader.email from claimed join reader using (page_id, reader_id)";

/// As long as a mail of ours.
const TEXT: [u8; 5_300] = [b'.'; 5_300];

/// The design with its tables and its readers, in a database of its own.
pub(crate) struct Rows {
    options: PgConnectOptions,
    page: Uuid,
    count: usize,
    updates: i64,
}

impl Rows {
    pub(crate) async fn of(options: PgConnectOptions, count: usize) -> anyhow::Result<Self> {
        let mut database = PgConnection::connect_with(&options).await?;
        let page = Uuid::now_v7();
        database.execute(TABLES).await?;
        sqlx::query(
            "insert into reader (page_id, reader_id, email)
             select $1, ('019a0000-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid,
                 'reader' || number || '@example.net'
             from generate_series(1, $2) number",
        )
        .bind(page)
        .bind(i32::try_from(count)?)
        .execute(&mut database)
        .await?;
        database.execute("vacuum analyze").await?;
        Ok(Self { options, page, count, updates: 0 })
    }

    /// Tells everybody of one update with so many workers.
    pub(crate) async fn tell(&mut self, workers: usize) -> anyhow::Result<Duration> {
        self.updates += 1;
        let mut database = PgConnection::connect_with(&self.options).await?;
        let mut connections = Vec::with_capacity(workers);
        for _ in 0..workers {
            connections.push(PgConnection::connect_with(&self.options).await?);
        }
        let began = Instant::now();
        let plan = "insert into delivery (update_id, page_id, reader_id)
                    select $1, page_id, reader_id from reader where page_id = $2";
        sqlx::query(plan).bind(self.updates).bind(self.page).execute(&mut database).await?;
        let mut tasks = JoinSet::new();
        for connection in connections {
            tasks.spawn(work(connection));
        }
        let mut told = 0;
        while let Some(ended) = tasks.join_next().await {
            told += ended??;
        }
        let took = began.elapsed();
        anyhow::ensure!(told == self.count, "{told} of {} were told", self.count);
        Ok(took)
    }

    /// Forgets what was told, so that each update begins with empty tables.
    pub(crate) async fn forget(&self) -> anyhow::Result<()> {
        let mut database = PgConnection::connect_with(&self.options).await?;
        database.execute("truncate delivery").await?;
        database.execute("checkpoint").await?;
        Ok(())
    }
}

/// Claims and completes until nothing is due.
async fn work(mut database: PgConnection) -> anyhow::Result<usize> {
    let (mut told, mut mail) = (0, Vec::with_capacity(2 * TEXT.len()));
    loop {
        let claimed = sqlx::query(CLAIM).bind(BATCH).fetch_all(&mut database).await?;
        if claimed.is_empty() {
            return Ok(told);
        }
        let mut ids = Vec::with_capacity(claimed.len());
        for row in &claimed {
            compose(&mut mail, row.try_get("email")?);
            ids.push(row.try_get::<i64, _>("delivery_id")?);
        }
        let complete = "update delivery set state = 2, done_at = now() where delivery_id = any($1)";
        sqlx::query(complete).bind(&ids).execute(&mut database).await?;
        told += claimed.len();
    }
}

/// A mail, composed and dropped.
fn compose(mail: &mut Vec<u8>, email: &str) {
    mail.clear();
    let (head, rest) = TEXT.split_at(100);
    mail.extend_from_slice(head);
    mail.extend_from_slice(email.as_bytes());
    mail.extend_from_slice(rest);
    std::hint::black_box(mail);
}
