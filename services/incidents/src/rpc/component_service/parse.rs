//! What requests say of components, and what the database says to it.

use kit::ids::ComponentGroupId;
use proto::incidents::v1::FollowedComponent;

use crate::{
    domain::{Component, Followed},
    error::Error,
    rpc::convert,
    store::components::{COMPONENT_GROUP_FK, COMPONENT_VENDOR_FK},
};

/// The group that a component stands in.
pub(super) fn parse_group(group: Option<&str>) -> Result<Option<ComponentGroupId>, Error> {
    group.map(|group| convert::id("component_group_id", group)).transpose()
}

/// What a component follows.
pub(super) fn parse_followed(followed: Option<&FollowedComponent>) -> Result<Option<Followed>, Error> {
    let parse = |followed: &FollowedComponent| {
        Ok(Followed {
            vendor_id: convert::id("third_party.vendor_id", &followed.vendor_id)?,
            vendor_component: convert::line("third_party.vendor_component", &followed.vendor_component)?,
        })
    };
    followed.map(parse).transpose()
}

/// Names what is not of the component's page, if the database refused it for that.
pub(super) fn check_of_page<T>(written: sqlx::Result<T>) -> Result<T, Error> {
    written.map_err(|error| match error.as_database_error().and_then(|broken| broken.constraint()) {
        Some(COMPONENT_GROUP_FK) => {
            Error::invalid("component_group_id", "must be a component group of the page")
        }
        Some(COMPONENT_VENDOR_FK) => Error::invalid("third_party.vendor_id", "must be a vendor of the page"),
        _ => error.into(),
    })
}

/// Makes sure that the component is still on its page.
pub(in crate::rpc) fn check_on_page(component: &Component) -> Result<(), Error> {
    match component.deleted_at {
        None => Ok(()),
        Some(_) => Err(Error::Precondition("the component was taken off its page")),
    }
}
