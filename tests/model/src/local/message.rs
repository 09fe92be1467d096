//! What goes over a connection.

use super::state::{Entry, Number, Set};

/// To the server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) enum Request {
    #[default]
    Nothing,
    /// `GET` or `MGET`.
    Read {
        caller: u8,
        names: Set,
    },
    /// `acquire` and `capture`.
    Begin {
        caller: u8,
        forces: bool,
    },
    /// A nested read: `capture` of what the inner entry depends on and of its key's generation, then the entry.
    Nest {
        caller: u8,
    },
    Fill {
        caller: u8,
        entry: Entry,
    },
    Delete {
        caller: u8,
        names: Set,
    },
    /// A deletion that was pending.
    Deliver(Set),
    /// `INFO replication`.
    Beat,
}

/// From the server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) enum Reply {
    #[default]
    Nothing,
    Read {
        caller: u8,
        entry: Entry,
        numbers: [Number; 2],
    },
    Begun {
        caller: u8,
        outcome: Outcome,
        numbers: [Number; 2],
        /// The generations that `capture` has set or extended.
        wrote: Set,
    },
    Nested {
        caller: u8,
        entry: Entry,
        numbers: [Number; 2],
        wrote: Set,
    },
    Done {
        caller: u8,
    },
    Delivered,
    /// `line` is set when the process puts it aside.
    Beat {
        line: u8,
    },
    /// No reply: these names have changed.
    Push(Set),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) enum Outcome {
    #[default]
    Acquired,
    Busy,
    Changed,
}
