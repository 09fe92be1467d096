//! Who is connected, and what is on its way to them.

use super::Bytes;
use super::resp::{Reply, invalidation};
use std::collections::BTreeMap;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

/// Something on its way to a client, and when it was sent.
pub(crate) struct Letter {
    pub(crate) sent: Instant,
    pub(crate) bytes: Bytes,
}

/// A number that no other client has had.
pub(crate) type ClientId = u64;

#[derive(Default)]
pub(super) struct Clients {
    connected: BTreeMap<ClientId, Client>,
    last: ClientId,
    /// Whose command is being executed. News for it wait until it is answered.
    pub(super) current: Option<ClientId>,
    waiting: Vec<Option<Bytes>>,
}

pub(super) struct Client {
    outbox: Option<UnboundedSender<Letter>>,
    pub(super) resp3: bool,
    /// Whether it is told of changes to what it has read.
    pub(super) tracks: bool,
    /// What it has said since `MULTI`.
    pub(super) queued: Option<Vec<Vec<Bytes>>>,
}

impl Clients {
    /// None, after a restart.
    pub(super) fn after(before: &Clients) -> Self {
        Clients {
            last: before.last,
            ..Clients::default()
        }
    }

    pub(super) fn connect(&mut self, outbox: UnboundedSender<Letter>) -> ClientId {
        self.last += 1;
        let client = Client {
            outbox: Some(outbox),
            resp3: false,
            tracks: false,
            queued: None,
        };
        self.connected.insert(self.last, client);
        self.last
    }

    pub(super) fn disconnect(&mut self, id: ClientId) {
        self.connected.remove(&id);
    }

    /// From here on nothing reaches it.
    pub(super) fn mute(&mut self, id: ClientId) {
        if let Some(client) = self.connected.get_mut(&id) {
            client.outbox = None;
        }
    }

    pub(super) fn get(&mut self, id: ClientId) -> Option<&mut Client> {
        self.connected.get_mut(&id)
    }

    /// Answers the current client, and tells it then what it has changed itself.
    pub(super) fn answer(&mut self, reply: &Reply) {
        let news = std::mem::take(&mut self.waiting);
        if let Some(client) = self.current.take().and_then(|id| self.connected.get(&id)) {
            let mut bytes = Bytes::new();
            reply.write(client.resp3, &mut bytes);
            client.send(bytes);
            news.iter().for_each(|name| client.tell(name.as_deref()));
        }
    }

    /// Tells one of them that a name has changed.
    pub(super) fn tell(&mut self, id: ClientId, name: &[u8]) {
        if self.current == Some(id) {
            if self.connected.get(&id).is_some_and(Client::hears) {
                self.waiting.push(Some(name.to_vec()));
            }
        } else if let Some(client) = self.connected.get(&id) {
            client.tell(Some(name));
        }
    }

    /// Tells all who are told of anything that everything has changed.
    pub(super) fn tell_all_of_flush(&mut self) {
        for (id, client) in &self.connected {
            if !client.hears() {
                continue;
            }
            if self.current == Some(*id) {
                self.waiting.push(None);
            } else {
                client.tell(None);
            }
        }
    }
}

impl Client {
    fn hears(&self) -> bool {
        self.tracks && self.resp3
    }

    fn tell(&self, name: Option<&[u8]>) {
        if self.hears() {
            self.send(invalidation(name));
        }
    }

    fn send(&self, bytes: Bytes) {
        let letter = Letter {
            sent: Instant::now(),
            bytes,
        };
        // Nobody is there to read it if that fails.
        let _is_gone = self.outbox.as_ref().map(|outbox| outbox.send(letter));
    }
}
