//! The beats that the verbs and the clock share when a vendor says something. The page is locked in all of them.

use std::collections::{HashMap, HashSet};

use kit::ids::{ComponentId, VendorId};
use sqlx::PgConnection;

use crate::{
    domain::{AuditAction, AuditSubject, Cause, ComponentStatus, NewAuditEntry, Vendor, follow},
    error::Error,
    rpc::change,
    store::intervals::{self, Recording},
};

/// Makes the history say that the vendor says this of components from now on; what they show follows. Answers of how
/// many it said something else until now.
pub(crate) async fn say(
    db: &mut PgConnection,
    by: Recording<'_>,
    vendor: VendorId,
    said: &[(ComponentId, ComponentStatus)],
) -> Result<usize, Error> {
    let components = said.iter().map(|(component, _)| *component).collect::<Vec<_>>();
    let cause = Cause::Vendor(vendor);
    let open = intervals::list_open_by_cause(db, by.tenant, cause, &components).await?;
    let given = open.iter().map(|it| (it.spell.component_id, it.spell.status)).collect::<HashMap<_, _>>();
    let is_news = |(component, status): &&(ComponentId, ComponentStatus)| {
        given.get(component).copied().unwrap_or(ComponentStatus::Operational) != *status
    };
    let news = said.iter().filter(is_news).copied().collect::<Vec<_>>();
    if news.is_empty() {
        return Ok(0);
    }
    let touched = news.iter().map(|(component, _)| *component).collect::<HashSet<_>>();
    let open = open.into_iter().filter(|it| touched.contains(&it.spell.component_id)).collect::<Vec<_>>();
    let spells = follow(&open, &news, by.clock.now());
    change::correct(db, by, cause, &open, &spells).await?;
    Ok(news.len())
}

/// Writes the change into the audit log.
pub(super) async fn log(
    db: &mut PgConnection,
    by: Recording<'_>,
    vendor: &Vendor,
    action: AuditAction,
    detail: String,
) -> Result<(), Error> {
    let entry = NewAuditEntry {
        action,
        subject: AuditSubject::Vendor,
        subject_id: vendor.vendor_id.uuid(),
        subject_name: vendor.name.clone(),
        detail,
    };
    change::log(db, by, entry).await
}
