//! What there is: the server, a process with its connections, what it keeps, and its callers.
//!
//! One process is there in full. Of the others there is what they do to the server.

use super::budget::Budget;
use super::message::{Reply, Request};
use super::queue::Queue;

/// The names on the server: an entry, another that is computed from it, a tag's generation, the first entry's.
pub(crate) const K: usize = 0;
pub(crate) const O: usize = 1;
pub(crate) const G: usize = 2;
pub(crate) const KG: usize = 3;
pub(crate) const NAMES: usize = 4;

/// A set of names, or of connections.
pub(crate) type Set = u8;
pub(crate) const ALL: Set = 0b1111;
/// The number of a generation; 0 is none.
pub(crate) type Number = u8;
/// A version of the one datum from which all values are computed; 0 is none.
pub(crate) type Version = u8;

/// Ticks that a hit may lag behind.
pub(crate) const BOUND: usize = 2;
pub(crate) const CALLERS: usize = 6;
/// Connections of a link, at most.
pub(crate) const LINES: usize = 2;
/// Those of the link, and those of the link before it.
pub(crate) const CONNECTIONS: usize = 2 * LINES;

pub(crate) const fn bit(name: usize) -> Set {
    1 << name
}

pub(crate) fn members(set: Set) -> impl Iterator<Item = usize> {
    (0..8).filter(move |member| set & bit(*member) != 0)
}

/// An entry, and the generations that it depends on: of the tag, of the first entry; 0 where it does not.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Entry {
    pub(crate) value: Version,
    pub(crate) stamps: [Number; 2],
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Server {
    pub(crate) entry: [Entry; 2],
    /// Whose computation has the lease: a caller's index and one.
    pub(crate) lease: [u8; 2],
    pub(crate) generation: [Number; 2],
    /// The connections that will be told of a name's next change.
    pub(crate) tracked: [Set; NAMES],
}

impl Server {
    pub(crate) fn is_valid(&self, entry: Entry) -> bool {
        let stands = |(stamp, now): (&Number, &Number)| *stamp == 0 || stamp == now;
        entry.value != 0 && entry.stamps.iter().zip(&self.generation).all(stands)
    }

    pub(crate) fn has(&self, name: usize) -> bool {
        match name {
            K | O => self.entry[name].value != 0,
            _ => self.generation[name - G] != 0,
        }
    }
}

/// A connection of the process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Connection {
    /// What the server has not executed yet.
    pub(crate) up: Queue<Request, 6>,
    /// What the process has not received yet: replies and pushes.
    pub(crate) down: Queue<Reply, 10>,
    pub(crate) tracks: bool,
    /// Nothing arrives any more, whether the process knows or not.
    pub(crate) broken: bool,
}

/// A value that the process keeps, and the names on whose local generations it hangs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Kept {
    pub(crate) value: Version,
    pub(crate) names: Set,
}

/// A heartbeat under way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Beat {
    /// The connections that have not answered.
    pub(crate) awaits: Set,
    /// Ticks since it was sent.
    pub(crate) age: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) enum Link {
    #[default]
    Down,
    /// Its first heartbeat has not been answered.
    Connecting,
    Up,
}

/// What the process knows without asking. A local generation is kept as a bit with whoever has captured it; its end
/// takes the bit away.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Mirror {
    pub(crate) link: Link,
    /// Ticks for which what is kept may be served.
    pub(crate) fresh: u8,
    pub(crate) beat: Beat,
    pub(crate) kept: [Kept; 2],
    /// The numbers of current local generations, where they are known.
    pub(crate) known: [Number; 2],
    /// Pushes that do not stand in the stream of replies, where a rule is broken.
    pub(crate) aside: Queue<Reply, 12>,
    /// Undelivered deletions; what their delivery under way deletes, and which connections have not answered.
    pub(crate) pending: Set,
    pub(crate) delivering: Set,
    pub(crate) delivery: Set,
}

/// What a caller does next, or waits for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) enum At {
    #[default]
    Idle,
    Read,
    /// The entry lists a guard that was not read.
    ReadMore,
    Begin,
    /// Another has the lease.
    Busy,
    Compute,
    /// The inner value.
    Nest,
    Fill,
    End,
    /// Has looked whether it may keep what it has read (where that is not one step).
    Keep,
    /// Has ended what its process keeps (where the deletion becomes pending later).
    Defer,
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Caller {
    pub(crate) at: At,
    /// For a reply, on this connection.
    pub(crate) waits: bool,
    pub(crate) connection: u8,
    /// The local generations that it has captured and that are current.
    pub(crate) current: Set,
    /// Has read the entry alone; the numbers of its guards were known.
    pub(crate) alone: bool,
    /// Numbers did not confirm what it has read alone.
    pub(crate) unconfirmed: bool,
    /// Computes whatever there is.
    pub(crate) forces: bool,
    /// What it has read, or computed.
    pub(crate) entry: Entry,
    /// No older version may be returned: by a strict read, by a bounded one.
    pub(crate) need: Version,
    pub(crate) own: Version,
}

/// What invalidations have promised.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Promise {
    /// Acknowledged: what strict reads owe.
    pub(crate) strict: Version,
    /// Acknowledged so many ticks ago.
    pub(crate) recent: [Version; BOUND],
    /// Acknowledged before the bound.
    pub(crate) bounded: Version,
    /// Returned from in this process.
    pub(crate) own: Version,
    /// Returned from in this process, and not delivered.
    pub(crate) deferred: Version,
}

/// What went wrong, if anything.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) enum Verdict {
    #[default]
    Fine,
    Stale,
    PastTheBound,
    OwnUnread,
    Wasteful,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct State {
    pub(crate) server: Server,
    pub(crate) connections: [Connection; CONNECTIONS],
    pub(crate) mirror: Mirror,
    pub(crate) callers: [Caller; CALLERS],
    pub(crate) database: Version,
    pub(crate) promise: Promise,
    pub(crate) budget: Budget,
    pub(crate) verdict: Verdict,
    /// The highest number in use; `canon` sees to it.
    pub(crate) numbers: Number,
}

impl State {
    /// A number that was never written.
    pub(crate) fn draw(&mut self) -> Number {
        self.numbers += 1;
        self.numbers
    }
}
