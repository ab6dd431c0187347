//! The addresses that this process subscribes at this moment.
//!
//! Who asks again and again for one address would have each request wait at the lock of the address's row
//! with a connection in its hand, until nobody else gets one. So they are kept apart before they ask for one.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kit::ids::PageId;
use tokio::sync::OwnedMutexGuard;

use crate::store::address_quota::AddressMac;

/// What is in hand: never more than the gate lets in at once ([`kit::gate::MAX_CALLS`]). Cheap to clone;
/// clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct InHand(Arc<Mutex<HashMap<AddressMac, Address>>>);

#[derive(Debug, Default)]
struct Address {
    pages: HashSet<PageId>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// The right to work on an address for a page, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    // Dropped in this order: nobody finds the address free while its turn is still taken.
    _turn: OwnedMutexGuard<()>,
    _entry: Entry,
}

#[derive(Debug)]
struct Entry {
    in_hand: InHand,
    address: AddressMac,
    page: PageId,
}

impl InHand {
    /// The turn of this address; `None` if it is in hand for the same page, where a second request has no
    /// effect. For another page it waits until it is the address's turn.
    pub(crate) async fn turn(&self, address: AddressMac, page: PageId) -> Option<Turn> {
        let turn = {
            let mut addresses = self.lock();
            let known = addresses.entry(address).or_default();
            if !known.pages.insert(page) {
                return None;
            }
            Arc::clone(&known.turn)
        };
        let entry = Entry { in_hand: self.clone(), address, page };
        Some(Turn { _turn: turn.lock_owned().await, _entry: entry })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AddressMac, Address>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut addresses = self.in_hand.lock();
        if let Some(known) = addresses.get_mut(&self.address) {
            known.pages.remove(&self.page);
            if known.pages.is_empty() {
                addresses.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use uuid::Uuid;

    use super::*;

    const ADA: AddressMac = [1; 32];
    const BOB: AddressMac = [2; 32];
    const ACME: PageId = PageId::from_uuid(Uuid::from_u128(1));
    const BOLT: PageId = PageId::from_uuid(Uuid::from_u128(2));

    #[tokio::test]
    async fn the_second_for_the_same_address_and_page_has_no_turn() {
        let in_hand = InHand::default();
        let first = in_hand.turn(ADA, ACME).await;
        assert!(first.is_some());
        assert!(in_hand.turn(ADA, ACME).await.is_none());
        assert!(in_hand.turn(BOB, ACME).await.is_some());
        drop(first);
        assert!(in_hand.turn(ADA, ACME).await.is_some());
    }

    #[tokio::test]
    async fn the_same_address_for_another_page_waits_for_its_turn() {
        let in_hand = InHand::default();
        let first = in_hand.turn(ADA, ACME).await;
        let mut second = pin!(in_hand.turn(ADA, BOLT));
        let mut context = Context::from_waker(Waker::noop());
        assert!(second.as_mut().poll(&mut context).is_pending());
        drop(first);
        assert!(matches!(second.as_mut().poll(&mut context), Poll::Ready(Some(_))));
    }

    #[tokio::test]
    async fn nothing_is_kept_of_those_who_are_done_or_gave_up() {
        let in_hand = InHand::default();
        let first = in_hand.turn(ADA, ACME).await;
        {
            let mut second = pin!(in_hand.turn(ADA, BOLT));
            assert!(second.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        assert_eq!(in_hand.lock()[&ADA].pages.len(), 1);
        drop(first);
        assert!(in_hand.lock().is_empty());
    }
}
