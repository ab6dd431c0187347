//! What vendors' pages make happen by themselves: each is read when it is due, and the next reading put down.

use std::collections::{HashMap, HashSet};

use kit::{
    Clock, Db,
    ids::{ComponentId, TenantId, VendorId},
};
use sqlx::PgConnection;

use super::follow;
use crate::{
    domain::{AuditAction, ComponentStatus, Vendor, VendorPage},
    error::Error,
    store::{
        due::{self, Due, DueKind},
        intervals::Recording,
        pages, vendors,
    },
    vendor_reader::Reader,
};

/// A vendor with all that a reading may change.
#[derive(Debug)]
struct Watched {
    vendor: Vendor,
    page: VendorPage,
    /// The components that follow it, each with what it follows there.
    followers: Vec<(ComponentId, String)>,
}

/// Reads a vendor's page. A reading that fails is no failure here: it is what was found out.
pub(crate) async fn read_due(db: &Db, clock: &Clock, reader: &Reader, due: &Due) -> Result<(), Error> {
    let (tenant, vendor_id) = (due.tenant_id, VendorId::from_uuid(due.subject_id));
    let mut tx = db.tenant(tenant).await?;
    let Some(vendor) = vendors::find_vendor(&mut tx, tenant, vendor_id).await? else {
        if due::complete(&mut tx, due).await? {
            tx.commit().await?;
        }
        return Ok(());
    };
    tx.commit().await?;
    let reading = reader.read(&vendor.url, vendor.format).await;

    let mut tx = db.tenant(tenant).await?;
    let now = clock.now();
    let found_out = |page: &VendorPage| match reading.as_ref() {
        Ok(listing) => page.heard(listing, now),
        Err(unread) => page.failed(unread.to_string(), now),
    };
    let Some(mut before) = load(&mut tx, tenant, vendor_id).await? else { return Ok(()) };
    let mut after = found_out(&before.page);
    // Nearly always nothing changed: then the page is not locked, and does not move on.
    let is_news = before.is_news(&after);
    if is_news {
        pages::advance_page(&mut tx, tenant, vendor.page_id, 0).await?;
        // Until the lock was had, components may have begun to follow the vendor, or ceased to.
        let Some(locked) = load(&mut tx, tenant, vendor_id).await? else { return Ok(()) };
        before = locked;
        after = found_out(&before.page);
    }
    if !due::complete(&mut tx, due).await? {
        return Ok(());
    }
    let next_at = reader.next_at(clock);
    due::put(&mut tx, tenant, clock.uuid(), DueKind::ReadVendor, due.subject_id, next_at).await?;
    save(&mut tx, tenant, &before, &after).await?;
    if is_news {
        let by = Recording { tenant, page: vendor.page_id, member: None, clock };
        tell(&mut tx, by, &before, &after).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The vendor with all that a reading may change; none if it is gone.
async fn load(db: &mut PgConnection, tenant: TenantId, vendor: VendorId) -> Result<Option<Watched>, Error> {
    let Some(found) = vendors::find_vendor(db, tenant, vendor).await? else { return Ok(None) };
    let components = vendors::list_vendor_components(db, tenant, vendor).await?;
    let followers = vendors::list_followers(db, tenant, vendor).await?;
    let page = VendorPage { last_reading: found.last_reading.clone(), components };
    Ok(Some(Watched { vendor: found, page, followers }))
}

impl Watched {
    /// Readers see something else by now.
    fn is_news(&self, after: &VendorPage) -> bool {
        self.followers.iter().any(|(_, followed)| self.page.shown(followed) != after.shown(followed))
    }

    /// What the vendor says of components that it did not say before.
    fn newly_said(&self, after: &VendorPage) -> Vec<(ComponentId, ComponentStatus)> {
        let said = self.followers.iter().filter_map(|(component, followed)| {
            let status = after.find(followed)?.status;
            let before = self.page.find(followed).map(|it| it.status);
            (before != Some(status)).then_some((*component, status))
        });
        said.collect()
    }
}

/// Writes what was found out.
async fn save(
    db: &mut PgConnection,
    tenant: TenantId,
    before: &Watched,
    after: &VendorPage,
) -> Result<(), Error> {
    let vendor = before.vendor.vendor_id;
    vendors::save_last_reading(db, tenant, vendor, &after.last_reading).await?;
    let known =
        before.page.components.iter().map(|it| (&it.vendor_component_id, it)).collect::<HashMap<_, _>>();
    let changed = after.components.iter().filter(|it| known.get(&it.vendor_component_id) != Some(it));
    let changed = changed.collect::<Vec<_>>();
    if !changed.is_empty() {
        vendors::save_vendor_components(db, tenant, vendor, &changed).await?;
    }
    let kept = after.components.iter().map(|it| &it.vendor_component_id).collect::<HashSet<_>>();
    let forgotten = known.into_keys().filter(|id| !kept.contains(id)).cloned().collect::<Vec<_>>();
    if !forgotten.is_empty() {
        vendors::delete_vendor_components(db, tenant, vendor, &forgotten).await?;
    }
    Ok(())
}

/// Makes the components that follow the vendor follow what it says now.
async fn tell(
    db: &mut PgConnection,
    by: Recording<'_>,
    before: &Watched,
    after: &VendorPage,
) -> Result<(), Error> {
    let said = before.newly_said(after);
    if said.is_empty() {
        return Ok(());
    }
    follow::say(db, by, before.vendor.vendor_id, &said).await?;
    let detail = format!("components that follow what its page says: {}", said.len());
    follow::log(db, by, &before.vendor, AuditAction::Updated, detail).await
}
