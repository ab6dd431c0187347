//! Who of a lot may be written to now, and who waits for their provider.

use std::collections::HashMap;

use jiff::SignedDuration;

use super::{outbound::Outbound, window::Entry};
use crate::{
    audience::Recipient,
    domain::RecipientId,
    relays::{Admission, Line, Ticket},
};

/// A lot, parted. Whoever is to be mailed counts as in flight until this is dropped.
#[derive(Debug)]
pub(super) struct Admitted<'a> {
    pub(super) mailed: Vec<&'a Recipient>,
    held: HashMap<RecipientId, (SignedDuration, String)>,
    _tickets: Vec<Ticket>,
}

impl<'a> Admitted<'a> {
    /// Asks for leave for each of a lot that is to be mailed over this line; without one, nobody goes.
    pub(super) fn ask(out: &Outbound, line: Option<&Line>, lot: &[&'a Entry]) -> Self {
        let (mut mailed, mut held, mut tickets) = (Vec::new(), HashMap::new(), Vec::new());
        for recipient in lot.iter().filter_map(|entry| entry.to_mail()) {
            match line.map(|line| out.admit(line, &recipient.email)) {
                Some(Admission::Go(ticket)) => {
                    mailed.push(recipient);
                    tickets.push(ticket);
                }
                Some(Admission::Hold { pause, why }) => {
                    held.insert(recipient.id, (pause, why));
                }
                None => {}
            }
        }
        Self { mailed, held, _tickets: tickets }
    }

    /// How long the lot waits if every one of it does.
    pub(super) fn all_held(&self, lot: &[&'a Entry]) -> Option<SignedDuration> {
        let longest = self.held.values().map(|(pause, _)| *pause).max()?;
        (self.held.len() == lot.len()).then_some(longest)
    }

    /// How long this one waits, and why, if it does.
    pub(super) fn hold(&mut self, id: RecipientId) -> Option<(SignedDuration, String)> {
        self.held.remove(&id)
    }
}
