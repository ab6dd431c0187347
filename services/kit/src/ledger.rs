//! Replies kept for safe retries (AIP-155, <https://google.aip.dev/155>).
//!
//! The key, a hash of the request and the reply are written in the transaction of the effect itself: either
//! all of them are there or none. A second call with the same key waits for the first one's transaction at
//! the unique key, and then answers the first one's reply. Kept for 72 hours, then deleted by a worker.

/// What requests and replies are; the macro below names it in other crates.
pub use prost::Message;
use proto::common::v1::ErrorReason;
use tonic::{Code, Status};

use crate::{
    ids::{MemberId, TenantId},
    secret::sha256,
    status,
};

/// Under what a reply is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The caller's tenant.
    pub tenant: TenantId,
    /// The caller.
    pub member: MemberId,
    /// The RPC.
    pub method: &'static str,
    /// What the caller called the request.
    pub request_id: String,
    /// SHA-256 of the request.
    pub hash: [u8; 32],
}

impl Key {
    /// The key of a request; `None` if the caller gave it no id.
    pub fn new(
        tenant: TenantId,
        member: MemberId,
        method: &'static str,
        request_id: &str,
        request: &impl Message,
    ) -> Option<Self> {
        if request_id.is_empty() {
            return None;
        }
        let hash = sha256(&request.encode_to_vec());
        Some(Self { tenant, member, method, request_id: request_id.to_owned(), hash })
    }
}

/// Why a reply was not found.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The id was used before, with another request.
    #[error("request_id was used before with another request")]
    Reused,
    /// The kept reply cannot be read.
    #[error("the kept reply cannot be read")]
    Unreadable(#[from] prost::DecodeError),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<LedgerError> for Status {
    fn from(error: LedgerError) -> Self {
        match &error {
            LedgerError::Reused => {
                status::refusal(Code::InvalidArgument, ErrorReason::RequestIdReused, error.to_string())
            }
            LedgerError::Unreadable(_) => status::internal(&error),
            LedgerError::Database(cause) => status::database(cause),
        }
    }
}

/// How often the replies to delete are looked for.
pub const FORGET_POLL: std::time::Duration = std::time::Duration::from_secs(600);

/// Writes a service's functions on its own tables `<schema>.request` and `<schema>.request_expiry`.
///
/// `replay` is called first in the transaction, and `keep` last; `forget` is a worker's step. A macro, because checked queries want the
/// schema's name written in.
#[macro_export]
macro_rules! request_ledger {
    ($schema:tt) => {
        /// Claims the key, or answers the reply that is kept under it.
        pub(crate) async fn replay<T: $crate::ledger::Message + Default>(
            db: &mut sqlx::PgConnection,
            key: Option<&$crate::ledger::Key>,
        ) -> Result<Option<T>, $crate::ledger::LedgerError> {
            let Some(key) = key else { return Ok(None) };
            delete_expired(&mut *db, key.tenant).await?;
            let claimed = sqlx::query!(
                "insert into "
                    + $schema
                    + ".request (tenant_id, member_id, method, request_id, request_hash)
                 values ($1, $2, $3, $4, $5)
                 on conflict on constraint request_pk do nothing",
                key.tenant.uuid(),
                key.member.uuid(),
                key.method,
                key.request_id,
                key.hash.as_slice(),
            )
            .execute(&mut *db)
            .await?;
            if claimed.rows_affected() == 1 {
                sqlx::query!(
                    "insert into "
                        + $schema
                        + ".request_expiry (tenant_id, expires_at)
                     values ($1, date_trunc('hour', now()) + interval '73 hours')
                     on conflict on constraint request_expiry_pk do nothing",
                    key.tenant.uuid(),
                )
                .execute(&mut *db)
                .await?;
                return Ok(None);
            }
            let kept = sqlx::query!(
                "select request_hash, reply from "
                    + $schema
                    + ".request
                 where tenant_id = $1 and member_id = $2 and method = $3 and request_id = $4",
                key.tenant.uuid(),
                key.member.uuid(),
                key.method,
                key.request_id,
            )
            .fetch_one(&mut *db)
            .await?;
            if kept.request_hash != key.hash {
                return Err($crate::ledger::LedgerError::Reused);
            }
            Ok(Some(T::decode(kept.reply.unwrap_or_default().as_slice())?))
        }

        /// Keeps the reply under the claimed key.
        pub(crate) async fn keep(
            db: &mut sqlx::PgConnection,
            key: Option<&$crate::ledger::Key>,
            reply: &impl $crate::ledger::Message,
        ) -> sqlx::Result<()> {
            let Some(key) = key else { return Ok(()) };
            sqlx::query!(
                "update "
                    + $schema
                    + ".request set reply = $5
                 where tenant_id = $1 and member_id = $2 and method = $3 and request_id = $4",
                key.tenant.uuid(),
                key.member.uuid(),
                key.method,
                key.request_id,
                reply.encode_to_vec(),
            )
            .execute(db)
            .await?;
            Ok(())
        }

        /// Deletes the replies of the next tenant whose time has come: 72 hours after they were kept, or
        /// somewhat more than an hour later at most.
        pub(crate) async fn forget(db: &$crate::Db) -> sqlx::Result<$crate::worker::Step> {
            let due = sqlx::query!(
                "select tenant_id from "
                    + $schema
                    + ".request_expiry
                 where expires_at <= now()
                 order by expires_at
                 limit 1",
            )
            .fetch_optional(db.pool())
            .await?;
            let Some(due) = due else { return Ok($crate::worker::Step::Idle) };
            let mut tx = db.tenant(due.tenant_id.into()).await?;
            delete_expired(&mut tx, due.tenant_id.into()).await?;
            sqlx::query!(
                "delete from " + $schema + ".request_expiry where tenant_id = $1 and expires_at <= now()",
                due.tenant_id,
            )
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            Ok($crate::worker::Step::Did)
        }

        /// Deletes the tenant's replies that were kept for 72 hours.
        async fn delete_expired(
            db: &mut sqlx::PgConnection,
            tenant: $crate::ids::TenantId,
        ) -> sqlx::Result<()> {
            sqlx::query!(
                "delete from "
                    + $schema
                    + ".request
                 where tenant_id = $1 and created_at < now() - interval '72 hours'",
                tenant.uuid(),
            )
            .execute(db)
            .await?;
            Ok(())
        }
    };
}
