//! `SubscriberService.ListSubscribers`

use kit::{
    caller::Member,
    ids::SubscriberId,
    paging::{self, Cursor},
};
use proto::subscriptions::v1::{ListSubscribersRequest, ListSubscribersResponse};

use super::{
    Rpc,
    convert::{self, BEFORE_ALL},
};
use crate::{error::Error, store::subscribers};

/// How many subscribers are answered if the request does not say.
const DEFAULT_SIZE: i64 = 100;

pub(super) async fn list_subscribers(
    rpc: &Rpc,
    member: &Member,
    request: ListSubscribersRequest,
) -> Result<ListSubscribersResponse, Error> {
    let page_id = convert::id("page_id", &request.page_id)?;
    let size = paging::size(request.page_size, DEFAULT_SIZE);
    let after =
        Cursor::parse(&request.page_token)?.map_or(BEFORE_ALL, |cursor| SubscriberId::from_uuid(cursor.id));

    if rpc.directory.find(page_id).await?.tenant != member.tenant {
        return Err(Error::NotFound);
    }

    let mut tx = rpc.db.tenant(member.tenant).await?;
    let mut found = subscribers::list(&mut tx, member.tenant, page_id, after, size + 1).await?;
    tx.commit().await?;

    let next_page_token =
        paging::cut(&mut found, size, |last| Cursor { at: 0, id: last.subscriber_id.uuid() });
    Ok(ListSubscribersResponse { subscribers: found.into_iter().map(Into::into).collect(), next_page_token })
}
