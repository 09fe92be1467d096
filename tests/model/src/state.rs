//! What there is: Redis, the database behind it, processes and their callers.
//!
//! Everything is a small number in a fixed place, since millions of these are made.

use crate::budget::Budget;
use crate::moving::Moving;

/// Callers of the largest setting.
pub(crate) const CALLERS: usize = 8;

/// The number of a generation; 0 is none.
pub(crate) type Number = u8;
/// What a read remembers of a generation that was not there.
pub(crate) const ABSENT: Number = u8::MAX;

/// Generations, and bits in a set of them: two tags or scopes, the keys' own, and those that end with any.
pub(crate) const G0: usize = 0;
pub(crate) const G1: usize = 1;
pub(crate) const KG0: usize = 2;
pub(crate) const KG1: usize = 3;
pub(crate) const ANY_TAG: usize = 4;
pub(crate) const ANY_KEY: usize = 5;
pub(crate) const CELLS: usize = 6;

/// A set of generations; a few more bits stand for what else a batch asks of Redis.
pub(crate) type Set = u8;
/// In a batch: the entry is to be read, or its lease acquired. When deleting in two commands: the entry.
pub(crate) const ENTRY: Set = 1 << 6;
/// In a batch of `vouch`: `any` is to be read.
pub(crate) const VOUCH: Set = 1 << 7;
/// In a lease: its computation has failed, and its source is left alone.
pub(crate) const REST: u8 = 1 << 7;
/// Those that end first.
pub(crate) const ANY: Set = bit(ANY_TAG) | bit(ANY_KEY);
/// Those an entry can depend on.
pub(crate) const GUARDS: usize = 4;

pub(crate) const fn bit(cell: usize) -> Set {
    1 << cell
}

pub(crate) const fn key_generation(key: usize) -> usize {
    KG0 + key
}

/// The cells in a set of generations.
pub(crate) fn cells(set: Set) -> impl Iterator<Item = usize> {
    (0..CELLS).filter(move |cell| set & bit(*cell) != 0)
}

/// An entry; its seal is kept as what it is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Entry {
    /// The replication id of its server, and again; 0: there is no entry.
    pub(crate) sealed: [u8; 2],
    /// The versions of the two data that the value was computed from.
    pub(crate) data: [u8; 2],
    /// The generations of its guards; 0: not a guard of this entry.
    pub(crate) stamps: [Number; GUARDS],
}

impl Caller {
    /// With a lease in hand.
    pub(crate) fn computes(&self) -> bool {
        let computes = matches!(self.at, At::Computes | At::Nested | At::Vouches | At::Fills);
        computes && self.lease == Lease::Ok
    }

    /// Whether there is something to answer with if a computation fails.
    pub(crate) fn can_fall_back(&self) -> bool {
        self.last.exists()
    }
}

impl Entry {
    pub(crate) fn exists(&self) -> bool {
        self.sealed[0] != 0
    }
}

/// The keys of one Redis.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Redis {
    pub(crate) entry: [Entry; 2],
    /// Whose computation has the lease: a caller's index and one; 0: nobody's. With [`REST`], whose has failed.
    pub(crate) lease: [u8; 2],
    pub(crate) generation: [Number; CELLS],
}

/// Where a caller stands in its program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub(crate) enum At {
    #[default]
    Idle,
    /// Parts of the entry and its guards are still to be read.
    Reads,
    /// Has a valid entry, whose key has no generation yet; takes one and reads again.
    TakesGeneration,
    /// Found nothing valid; looks for a flight next.
    Missed,
    /// Will have the value of the flight it follows.
    Joined,
    /// Came after the begin of the flight it follows: asks whether that still stands, or reads again when it has ended.
    Waits,
    /// Asks whether the lease and the generations of the flight it follows still stand.
    Verifies,
    /// They did: will have the flight's value, if that depends on nothing besides.
    Shares,
    /// They did not, but others were faster: reads again when the flight has ended.
    WaitsForItsEnd,
    /// The batch of `begin` is under way.
    Begins,
    /// Another process has the lease.
    Busy,
    Computes,
    /// The computation waits for its nested read.
    Nested,
    Vouches,
    Fills,
    Releases,
    /// A writer: its permit is under way.
    Permits,
    /// A writer: about to write to the database.
    Writes,
    /// A writer: its deletions are under way.
    Ends,
    Commits,
    Sets,
    Done,
    /// Crashed or dropped.
    Gone,
}

/// The reply of `acquire`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub(crate) enum Lease {
    #[default]
    Unknown,
    Ok,
    Busy,
    /// The source is left alone.
    Resting,
    Changed,
}

/// A caller, or the nested read of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Caller {
    pub(crate) at: At,
    /// The callers of its process whose last `begin` for its key was sent after its own call had begun: a bit each.
    pub(crate) may_join: u8,
    /// How many computations it has waited for, where that is asked.
    pub(crate) waits: u8,
    /// Others of its process find its flight.
    pub(crate) leads: bool,
    /// What it computes will not be stored.
    pub(crate) unstored: bool,
    /// Some of its guards were known only from the value.
    pub(crate) vouched: bool,
    /// Its computation has failed.
    pub(crate) failed: bool,
    /// What it replaces was still valid under what it captured.
    pub(crate) replaces: bool,
    pub(crate) lease: Lease,
    /// Whose flight it joined, waits for or wants to take the place of: an index and one.
    pub(crate) follows: u8,
    /// What the batch under way has not got yet.
    pub(crate) todo: Set,
    /// No value older than this may be returned.
    pub(crate) need: [u8; 2],
    /// The entry that was read. For the writer of a record: its stamps are the fresh generations of the record's keys.
    pub(crate) seen: Entry,
    /// What it answers with if it comes to no value: a valid entry, past its time to live. Where no entry lists it stands the
    /// generation of its own key, for an outer computation.
    pub(crate) last: Entry,
    /// The generations that were read, captured or inherited.
    pub(crate) got: [Number; CELLS],
    /// What its process knew of them before it began: of those that the value alone tells.
    pub(crate) known: [Number; GUARDS],
    /// The replication id of the connection on which it captured; on a cluster, for each key that of the server that had it.
    pub(crate) sealed: [u8; 2],
    /// Its value.
    pub(crate) data: [u8; 2],
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Process {
    pub(crate) crashed: bool,
    /// The replication ids that its connections have read; 0: not connected.
    pub(crate) connected: [u8; 2],
    /// Undelivered deletions.
    pub(crate) pending: Set,
    /// What its own deferred invalidations ask of its reads.
    pub(crate) floor: [u8; 2],
    /// Guards remembered of a value that could not be stored, for each key.
    pub(crate) remembered: [Set; 2],
    /// How many of a moving key's names it has deleted, one after the other.
    pub(crate) apart: u8,
}

/// Wanting to compute.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Intent {
    /// A lease that can be taken over.
    pub(crate) supersedes: u8,
    /// There is nothing else to answer with: a rest does not matter.
    pub(crate) must_compute: bool,
}

/// A command to Redis that changes something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Command {
    Acquire {
        key: usize,
        token: u8,
        seen: Entry,
        intent: Intent,
    },
    Capture {
        cell: usize,
        number: Number,
    },
    Fill {
        key: usize,
        token: u8,
        entry: Entry,
    },
    Release {
        key: usize,
        token: u8,
        /// Whether the source is to be left alone.
        rests: bool,
    },
    Delete(Set),
    Commit {
        key: usize,
        captured: Number,
        fresh: Number,
        entry: Entry,
    },
    Set {
        key: usize,
        entry: Entry,
    },
    /// A record's copy under its other key.
    Copy {
        key: usize,
        captured: Number,
        entry: Entry,
    },
}

/// What went wrong, if anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub(crate) enum Verdict {
    #[default]
    Fine,
    Stale,
    Wasteful,
    Crowded,
    Impatient,
    Idle,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct State {
    pub(crate) redis: Redis,
    /// The lagging replica, or the old file.
    pub(crate) copy: Redis,
    pub(crate) replication: [u8; 2],
    pub(crate) moving: Moving,
    /// The versions of two data.
    pub(crate) database: [u8; 2],
    /// What acknowledged invalidations ask of every read.
    pub(crate) floor: [u8; 2],
    pub(crate) processes: [Process; 2],
    pub(crate) callers: [Caller; CALLERS],
    /// Commands that their senders have given up.
    pub(crate) late: [Option<Command>; 2],
    pub(crate) budget: Budget,
    /// How often each key's value was computed, where that is asked.
    pub(crate) computed: [u8; 2],
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
