//! `ReputationService.GetReputation`: the counts of the last days and what follows.

use kit::caller::Member;
use proto::notifications::v1::{Brake, GetReputationResponse};

use super::ReputationRpc;
use crate::{
    error::Error,
    inbound::brake::WINDOW,
    store::{
        brake::{self, BrakeLevel},
        feedback::{self, Reputation},
    },
};

pub(super) async fn get_reputation(
    rpc: &ReputationRpc,
    caller: Member,
) -> Result<GetReputationResponse, Error> {
    let mut tx = rpc.db.tenant(caller.tenant).await?;
    let level = brake::find(&mut *tx, caller.tenant).await?;
    let reputation = feedback::reputation(&mut tx, caller.tenant, rpc.clock.now() - WINDOW).await?;
    tx.commit().await?;

    let Reputation { sent, bounced, complained } = reputation;
    let brake = match level {
        None => Brake::None,
        Some(BrakeLevel::Slowed) => Brake::Slowed,
        Some(BrakeLevel::Stopped) => Brake::Stopped,
    };
    Ok(GetReputationResponse { sent, bounced, complained, brake: brake.into() })
}
