//! What was just read, at hand on each thread.
//!
//! When everything else is on fire, many read few documents. A look into what all threads share, with its account of what
//! is read how often, costs several times what a look here does.

use std::{
    cell::RefCell,
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
};

use thread_local::ThreadLocal;

use super::snapshot::Snapshot;

/// Documents at hand on a thread. It is a power of two.
const SLOTS: usize = 64;
/// What has more bytes is not kept here: what was driven out of the memory for its size would stay.
const MAX_BYTES: usize = 128 * 1024;

/// Documents by their address, one where several have the same place.
#[derive(Debug, Default)]
pub(super) struct Recent {
    hasher: RandomState,
    slots: ThreadLocal<RefCell<Slots>>,
}

type Slots = [Option<(Box<str>, Arc<Snapshot>)>; SLOTS];

impl Recent {
    /// The document at this address, unless another has taken its place since.
    pub(super) fn get(&self, address: &str) -> Option<Arc<Snapshot>> {
        let mut slots = self.slots.get()?.borrow_mut();
        let slot = &mut slots[self.place(address)];
        let (kept_at, kept) = slot.as_ref()?;
        if kept.is_replaced() {
            *slot = None;
            return None;
        }
        (**kept_at == *address).then(|| Arc::clone(kept))
    }

    /// Puts a document at hand.
    pub(super) fn put(&self, address: &str, snapshot: &Arc<Snapshot>) {
        if snapshot.bytes() <= MAX_BYTES {
            let slots = self.slots.get_or(|| RefCell::new([const { None }; SLOTS]));
            slots.borrow_mut()[self.place(address)] = Some((address.into(), Arc::clone(snapshot)));
        }
    }

    fn place(&self, address: &str) -> usize {
        // the remainder is less than `SLOTS`
        self.hasher.hash_one(address) as usize % SLOTS
    }
}
