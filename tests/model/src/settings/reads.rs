//! Readers and invalidations; batches.

use super::{DELETE, INVALIDATE, INVALIDATE_ANOTHER, first};
use crate::setting::{Key, Op, Setting};
use crate::state::{G0, G1, bit};

/// A key without guards is deleted while it is read.
pub fn exact_key() -> Setting {
    Setting::new("exact key")
        .key(0, first(0))
        .readers(0, 0, 2)
        .readers(1, 0, 1)
        .role(1, DELETE)
}

/// A key in a scope is deleted while it is read.
pub fn key_in_a_scope() -> Setting {
    Setting::new("key in a scope")
        .key(0, first(bit(G0)))
        .readers(0, 0, 2)
        .readers(1, 0, 1)
        .role(1, DELETE)
}

/// A key with a tag, which is invalidated while the key is read.
pub fn tag() -> Setting {
    Setting::new("tag")
        .key(0, first(bit(G0)))
        .readers(0, 0, 2)
        .readers(1, 0, 1)
        .role(1, INVALIDATE)
}

/// A key's tag is invalidated, and the key deleted, by two processes.
pub fn tag_and_exact_key() -> Setting {
    Setting::new("tag and exact key")
        .key(0, first(bit(G0)))
        .readers(0, 0, 2)
        .readers(1, 0, 1)
        .role(1, INVALIDATE)
        .role(0, DELETE)
}

/// Four callers in two processes, two invalidations.
pub fn tag_twice() -> Setting {
    Setting::new("tag, twice")
        .key(0, first(bit(G0)))
        .readers(0, 0, 2)
        .readers(1, 0, 2)
        .role(0, INVALIDATE)
        .role(1, INVALIDATE)
}

/// Four callers of one process, two invalidations.
pub fn crowd() -> Setting {
    Setting::new("four callers of one process")
        .key(0, first(bit(G0)))
        .readers(0, 0, 4)
        .role(1, INVALIDATE)
        .role(1, INVALIDATE)
}

/// A key lies in two scopes, each of them about a datum of its own.
pub fn two_scopes() -> Setting {
    Setting::new("two scopes")
        .key(
            0,
            Key {
                declared: bit(G0) | bit(G1),
                data: [true, true],
                ..Key::default()
            },
        )
        .readers(0, 0, 1)
        .readers(1, 0, 1)
        .role(
            1,
            Op::Invalidate {
                cell: G0,
                datum: Some(0),
            },
        )
        .role(
            0,
            Op::Invalidate {
                cell: G1,
                datum: Some(1),
            },
        )
}

/// Two places of the code read one key; only one of them declares the tag.
pub fn two_places() -> Setting {
    Setting::new("one of two places declares the tag")
        .key(0, first(bit(G0)))
        .readers(0, 0, 2)
        .bare()
        .readers(1, 0, 1)
        .role(1, INVALIDATE)
        .in_any_order()
}

/// A tag is known only from the value; another tag, which it has not, is invalidated as well.
pub fn tags_with() -> Setting {
    Setting::new("tags_with")
        .key(
            0,
            Key {
                late: bit(G0),
                ..first(0)
            },
        )
        .readers(0, 0, 1)
        .readers(1, 0, 1)
        .role(1, INVALIDATE)
        .role(0, INVALIDATE_ANOTHER)
}

/// The same in one process, which remembers.
pub fn tags_with_again() -> Setting {
    Setting::new("tags_with, remembered")
        .key(
            0,
            Key {
                late: bit(G0),
                ..first(0)
            },
        )
        .readers(0, 0, 3)
        .role(1, INVALIDATE)
        .role(1, INVALIDATE_ANOTHER)
}

/// Two processes read the same two keys at once.
pub fn batches() -> Setting {
    Setting::new("batches")
        .key(0, first(bit(G0)))
        .key(1, first(bit(G0)))
        .batch(0)
        .batch(1)
        .role(1, INVALIDATE)
}

/// Three batches, two of them in one process.
pub fn three_batches() -> Setting {
    Setting::new("three batches")
        .key(0, first(0))
        .key(1, first(0))
        .batch(0)
        .batch(0)
        .batch(1)
}
