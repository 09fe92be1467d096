//! Explicit writes.

use super::{DELETE, INVALIDATE, first};
use crate::setting::{Key, Op, Setting};
use crate::state::{G0, bit};

const PUT: Op = Op::Put {
    key: 0,
    writes: true,
};
const REFRESH: Op = Op::Put {
    key: 0,
    writes: false,
};

/// Two writers write through, two readers read.
pub fn two_writers() -> Setting {
    Setting::new("two writers")
        .key(0, first(0))
        .role(0, PUT)
        .role(1, PUT)
        .readers(0, 0, 1)
        .readers(1, 0, 1)
}

/// A writer, a refresh and an invalidation.
pub fn writer_refresh_invalidation() -> Setting {
    Setting::new("writer, refresh, invalidation")
        .key(0, first(bit(G0)))
        .role(0, PUT)
        .role(1, REFRESH)
        .role(1, INVALIDATE)
        .readers(0, 0, 1)
}

/// A writer and a deletion.
pub fn writer_and_deletion() -> Setting {
    Setting::new("writer and deletion")
        .key(0, first(bit(G0)))
        .role(0, PUT)
        .role(1, DELETE)
        .readers(0, 0, 1)
        .readers(1, 0, 1)
}

/// A writer whose value has a tag that is known only from it.
pub fn writer_with_late_tag() -> Setting {
    Setting::new("writer, tags_with")
        .key(
            0,
            Key {
                late: bit(G0),
                ..first(0)
            },
        )
        .role(0, PUT)
        .role(1, INVALIDATE)
        .readers(1, 0, 1)
}

/// Somebody has read the database, and sets what it read after an invalidation. No rule of the protocol can tell.
pub fn plain_set() -> Setting {
    Setting::new("plain set")
        .key(0, first(bit(G0)))
        .role(0, Op::Set { key: 0 })
        .readers(0, 0, 1)
        .role(1, INVALIDATE)
}
