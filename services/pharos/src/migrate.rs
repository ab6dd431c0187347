//! Bringing the database up to date: a step of a release, done as the owner of the schemas, never by a
//! service as it starts.

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, migrate::Migrator,
    postgres::PgConnectOptions,
};

/// The services' roles, made if they are not there.
const ROLES: &str = include_str!("../../../migrations/roles.sql");

/// Each service's schema and its history.
pub const HISTORIES: [(&str, &Migrator); 4] = [
    (tenants::SCHEMA, &tenants::MIGRATOR),
    (incidents::SCHEMA, &incidents::MIGRATOR),
    (subscriptions::SCHEMA, &subscriptions::MIGRATOR),
    (notifications::SCHEMA, &notifications::MIGRATOR),
];

/// Makes the roles, sets their password if there is one, and applies every migration that is missing.
/// Repeating it is harmless; two at once wait for each other.
///
/// # Errors
/// If the database cannot be reached or a migration fails.
pub async fn migrate(owner: &PgConnectOptions, password: Option<&SecretString>) -> anyhow::Result<()> {
    let mut connection = owner.connect().await.context("the database cannot be reached")?;
    connection.execute(ROLES).await.context("the services' roles cannot be made")?;
    if let Some(password) = password {
        set_passwords(&mut connection, password).await.context("the services' password cannot be set")?;
    }
    for (schema, migrator) in HISTORIES {
        migrator
            .run(&mut connection)
            .await
            .with_context(|| format!("the schema {schema} cannot be migrated"))?;
    }
    connection.close().await?;
    Ok(())
}

/// Makes the database of the private server, if it is not there.
///
/// # Errors
/// If the server refuses.
pub async fn create_database(owner: &PgConnectOptions) -> sqlx::Result<PgConnectOptions> {
    let mut connection = owner.connect().await?;
    let exists = sqlx::query_scalar!(
        r#"select exists (select from pg_database where datname = 'pharos') as "exists!""#
    )
    .fetch_one(&mut connection)
    .await?;
    if !exists {
        connection.execute("create database pharos").await?;
    }
    connection.close().await?;
    Ok(owner.clone().database("pharos"))
}

async fn set_passwords(connection: &mut PgConnection, password: &SecretString) -> sqlx::Result<()> {
    for (schema, _) in HISTORIES {
        // `alter role` takes no parameters; the server itself quotes what goes into it.
        let statement = sqlx::query_scalar!(
            r#"select format('alter role %I password %L', 'pharos_' || $1::text, $2::text) as "statement!""#,
            schema,
            password.expose_secret(),
        )
        .fetch_one(&mut *connection)
        .await?;
        connection.execute(AssertSqlSafe(statement)).await?;
    }
    Ok(())
}
