//! What vendors' pages make happen by themselves: each is read when it is due, and the next reading put down.

use std::collections::{HashMap, HashSet};

use kit::{
    Clock, Db,
    ids::{ComponentId, PageId, TenantId, VendorId},
};
use sqlx::PgConnection;

use super::follow;
use crate::{
    domain::{AuditAction, ComponentStatus, Listing, Vendor, VendorPage},
    error::Error,
    store::{
        due::{self, Due, DueKind},
        intervals::Recording,
        pages, vendors,
    },
    vendor_reader::{Reader, Unread},
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
    if write(db, clock, reader, due, vendor.page_id, reading.as_ref(), false).await? == Written::NeedsPage {
        write(db, clock, reader, due, vendor.page_id, reading.as_ref(), true).await?;
    }
    Ok(())
}

/// What became of writing a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    /// It is written, or somebody else had it to write.
    Done,
    /// Nothing is written: readers see something else by now, so the page has to move on, and was not locked.
    NeedsPage,
}

/// Writes what a reading came to. Nearly always nothing changed: then the page is not locked, and does not move on.
///
/// The locks are taken in one order everywhere: the page, what is due, the vendor. Whoever begins to follow the vendor
/// locks it too, so that this sees all who follow it or is seen by them.
async fn write(
    db: &Db,
    clock: &Clock,
    reader: &Reader,
    due: &Due,
    page: PageId,
    reading: &Result<Listing, Unread>,
    with_page: bool,
) -> Result<Written, Error> {
    let (tenant, vendor_id) = (due.tenant_id, VendorId::from_uuid(due.subject_id));
    let mut tx = db.tenant(tenant).await?;
    if with_page {
        pages::advance_page(&mut tx, tenant, page, 0).await?;
    }
    if !due::complete(&mut tx, due).await? {
        return Ok(Written::Done);
    }
    let Some(before) = load(&mut tx, tenant, vendor_id).await? else { return Ok(Written::Done) };
    let now = clock.now();
    let after = match reading {
        Ok(listing) => before.page.heard(listing, now),
        Err(unread) => before.page.failed(unread.to_string(), now),
    };
    let is_news = before.is_news(&after);
    if is_news && !with_page {
        return Ok(Written::NeedsPage);
    }
    let next_at = reader.next_at(clock, after.last_reading.failing_since);
    due::put(&mut tx, tenant, clock.uuid(), DueKind::ReadVendor, due.subject_id, next_at).await?;
    save(&mut tx, tenant, &before, &after).await?;
    if is_news {
        let by = Recording { tenant, page, member: None, clock };
        tell(&mut tx, by, &before, &after).await?;
    }
    tx.commit().await?;
    Ok(Written::Done)
}

/// The vendor, locked, with all that a reading may change; none if it is gone.
async fn load(db: &mut PgConnection, tenant: TenantId, vendor: VendorId) -> Result<Option<Watched>, Error> {
    let Some(found) = vendors::lock_vendor(db, tenant, vendor).await? else { return Ok(None) };
    let components = vendors::list_vendor_components(db, tenant, vendor).await?;
    let followers = vendors::list_followers(db, tenant, vendor).await?;
    let page = VendorPage { last_reading: found.last_reading.clone(), components };
    Ok(Some(Watched { vendor: found, page, followers }))
}

impl Watched {
    /// Readers see something else by now.
    fn is_news(&self, after: &VendorPage) -> bool {
        let names = self.vendor.format.names();
        self.followers
            .iter()
            .any(|(_, followed)| self.page.shown(followed, names) != after.shown(followed, names))
    }

    /// What the vendor says of the components that follow it.
    fn said(&self, after: &VendorPage) -> Vec<(ComponentId, ComponentStatus)> {
        let said = |(component, followed): &(ComponentId, String)| Some((*component, after.says(followed)?));
        self.followers.iter().filter_map(said).collect()
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
    let news = follow::say(db, by, before.vendor.vendor_id, &before.said(after)).await?;
    if news == 0 {
        return Ok(());
    }
    let detail = format!("components that follow what its page says: {news}");
    follow::log(db, by, &before.vendor, AuditAction::Updated, detail).await
}
