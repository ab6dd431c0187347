//! The complaint brake: a tenant whose mails are called spam too often is slowed, then stopped, so that the mails of all
//! the others are not judged by its.
//!
//! Mailbox providers ask for complaints below 0.1 %, and begin to refuse from 0.3 % on
//! (<https://support.google.com/a/answer/81126>).

use jiff::SignedDuration;
use kit::{Clock, Db, ids::TenantId, worker::Step};

use crate::{
    error::Error,
    store::{
        brake::{self, BrakeLevel},
        feedback::{self, Reputation},
    },
};

/// What is counted: mails and complaints of so long.
pub(crate) const WINDOW: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The fewest who complain that count: of ten readers one who presses the wrong button is no sign of anything.
const FEWEST: i64 = 3;
/// The fewest who stop a tenant. Few are soon invented: whoever subscribes under some names must not silence it.
const FEWEST_TO_STOP: i64 = 10;
/// Of a thousand mails so many complaints slow a tenant, and so many stop it.
const SLOWED_FROM: i64 = 1;
const STOPPED_FROM: i64 = 3;
/// Tenants that are read at once.
const LOT: i64 = 100;

/// How a tenant with this reputation is held back.
pub(crate) fn level(reputation: Reputation) -> Option<BrakeLevel> {
    let Reputation { sent, bounced: _, complained } = reputation;
    let is_share = |of_a_thousand| complained.saturating_mul(1000) >= sent.saturating_mul(of_a_thousand);
    if complained < FEWEST {
        None
    } else if complained >= FEWEST_TO_STOP && is_share(STOPPED_FROM) {
        Some(BrakeLevel::Stopped)
    } else if is_share(SLOWED_FROM) {
        Some(BrakeLevel::Slowed)
    } else {
        None
    }
}

/// Counts a tenant's complaints anew and holds its mails back as they say.
///
/// # Errors
/// If the database fails.
pub(super) async fn recount(db: &Db, clock: &Clock, tenant: TenantId) -> Result<(), Error> {
    let now = clock.now();
    let mut tx = db.tenant(tenant).await?;
    let before = brake::lock(&mut tx, tenant, now).await?;
    let reputation = feedback::reputation(&mut tx, tenant, now - WINDOW).await?;
    let after = level(reputation);
    if after != before {
        brake::set(&mut tx, tenant, after, now).await?;
    }
    if reputation.complained == 0 {
        brake::forget(&mut tx, tenant).await?;
    }
    tx.commit().await?;
    if after != before {
        let Reputation { sent, complained, .. } = reputation;
        tracing::error!(
            tenant.id = %tenant, sent, complained, ?before, ?after,
            "complaints changed how a tenant's mails are held back"
        );
    }
    Ok(())
}

/// Counts anew for all tenants of which complaints came: as days pass, they count no more. A tenant for which it fails
/// keeps what it had, and the others are counted.
///
/// # Errors
/// If the tenants cannot be listed.
pub(crate) async fn recount_all(db: Db, clock: Clock) -> Result<Step, Error> {
    let mut after = None;
    loop {
        let lot = brake::list(db.pool(), after, LOT).await?;
        for tenant in &lot {
            if let Err(error) = recount(&db, &clock, *tenant).await {
                tracing::error!(
                    tenant.id = %tenant, error = &error as &dyn std::error::Error,
                    "a tenant's complaints could not be counted"
                );
            }
        }
        after = lot.last().copied();
        if i64::try_from(lot.len()).unwrap_or(LOT) < LOT {
            return Ok(Step::Idle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_slow_from_one_of_a_thousand_on_and_stop_from_three_if_there_are_ten() {
        for (sent, complained, expected) in [
            (0, 0, None),
            (1_000_000, 0, None),
            (10, 2, None),
            (10, 3, Some(BrakeLevel::Slowed)),
            (0, 3, Some(BrakeLevel::Slowed)),
            (10, 9, Some(BrakeLevel::Slowed)),
            (10, 10, Some(BrakeLevel::Stopped)),
            (0, 10, Some(BrakeLevel::Stopped)),
            (3333, 10, Some(BrakeLevel::Stopped)),
            (3334, 10, Some(BrakeLevel::Slowed)),
            (10_001, 10, None),
            (3001, 3, None),
            (3000, 3, Some(BrakeLevel::Slowed)),
            (1001, 3, Some(BrakeLevel::Slowed)),
            (1000, 3, Some(BrakeLevel::Slowed)),
            (1_000_000, 999, None),
            (1_000_000, 1000, Some(BrakeLevel::Slowed)),
            (1_000_000, 2999, Some(BrakeLevel::Slowed)),
            (1_000_000, 3000, Some(BrakeLevel::Stopped)),
        ] {
            let reputation = Reputation { sent, bounced: 5, complained };
            assert_eq!(level(reputation), expected, "{complained} of {sent}");
        }
    }
}
