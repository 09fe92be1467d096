//! Who has read what (`CLIENT TRACKING`, default mode), and what changes.

use super::clients::ClientId;
use super::{Bytes, Server};
use std::collections::{BTreeSet, HashMap};

/// Clients by what they have read since it changed last, be it there or not.
#[derive(Default)]
pub(super) struct Watched(HashMap<Bytes, BTreeSet<ClientId>>);

impl Server {
    /// The client whose command this is has read these.
    pub(super) fn has_read(&mut self, names: &[Bytes]) {
        let Some(id) = self.clients.current else {
            return;
        };
        if self.clients.get(id).is_some_and(|client| client.tracks) {
            for name in names {
                self.watched.0.entry(name.clone()).or_default().insert(id);
            }
        }
    }

    /// Tells who has read it, its own client included, and forgets that they have.
    pub(super) fn changed(&mut self, name: &[u8]) {
        for id in self.watched.0.remove(name).unwrap_or_default() {
            self.clients.tell(id, name);
        }
    }

    /// Removes what has ended. Redis does that when somebody asks, or some time before.
    pub(super) fn expire(&mut self) {
        let now = self.now();
        while let Some(name) = self.data.ended(now) {
            self.data.remove(&name);
            self.changed(&name);
        }
    }
}
