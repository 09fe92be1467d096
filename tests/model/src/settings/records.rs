//! Records, stored under two keys.

use super::first;
use crate::setting::{Key, Op, Setting};
use crate::state::{KG0, KG1, bit};

/// Writes the record through, under one of its keys.
const fn put(key: usize) -> Op {
    Op::Put { key, writes: true }
}

/// A record is read under both its keys, and deleted under one.
pub fn record() -> Setting {
    two_keys("record under two keys")
        .readers(0, 0, 1)
        .readers(1, 1, 1)
        .readers(1, 0, 1)
        .role(1, Op::Delete { key: 1, datum: 0 })
}

/// A record is read under both its keys, and written.
pub fn writer_of_a_record() -> Setting {
    two_keys("writer of a record")
        .readers(0, 0, 1)
        .readers(1, 1, 1)
        .readers(1, 0, 1)
        .role(1, put(1))
}

/// A record is written under one key, and deleted under the other.
pub fn record_written_and_deleted() -> Setting {
    two_keys("record, written and deleted")
        .role(0, put(0))
        .role(1, Op::Delete { key: 1, datum: 0 })
        .readers(1, 1, 1)
}

/// Two writers of a record, one under each key.
pub fn two_writers_of_a_record() -> Setting {
    two_keys("two writers of a record")
        .role(0, put(0))
        .role(1, put(1))
        .readers(0, 0, 1)
        .readers(1, 1, 1)
}

/// A record is written that has lost its other key, while it is read under that one.
pub fn record_that_loses_a_key() -> Setting {
    two_keys("record that loses a key")
        .readers(0, 1, 1)
        .readers(1, 1, 1)
        .role(1, put(0))
        .bare()
}

fn two_keys(name: &'static str) -> Setting {
    Setting::new(name)
        .key(
            0,
            Key {
                late: bit(KG1),
                copy: Some(1),
                ..first(0)
            },
        )
        .key(
            1,
            Key {
                late: bit(KG0),
                copy: Some(0),
                ..first(0)
            },
        )
}
