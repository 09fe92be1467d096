//! Outer computations that read an inner key.

use super::{first, second};
use crate::setting::{Key, Op, Setting};
use crate::state::{G0, G1, Set, bit};

/// An outer computation reads an inner key, which is deleted.
pub fn nested_by_key() -> Setting {
    nested("nested, inner key deleted", bit(G1)).role(1, Op::Delete { key: 1, datum: 1 })
}

/// An outer computation reads an inner key, whose tag is invalidated.
pub fn nested_by_tag() -> Setting {
    nested("nested, inner tag invalidated", bit(G1)).role(
        1,
        Op::Invalidate {
            cell: G1,
            datum: Some(1),
        },
    )
}

/// The inner key is deleted, and nobody else reads it.
pub fn nested_pair() -> Setting {
    outer_pair("nested, no other reader", bit(G1)).role(1, Op::Delete { key: 1, datum: 1 })
}

fn nested(name: &'static str, declared: Set) -> Setting {
    outer_pair(name, declared).readers(0, 1, 1)
}

/// Two outer callers, in two processes.
fn outer_pair(name: &'static str, declared: Set) -> Setting {
    Setting::new(name)
        .key(
            0,
            Key {
                inner: Some(1),
                ..first(0)
            },
        )
        .key(1, second(declared))
        .readers(0, 0, 1)
        .readers(1, 0, 1)
}

/// The inner key's tag is known only from its value.
pub fn nested_tags_with() -> Setting {
    Setting::new("nested, inner tags_with")
        .key(
            0,
            Key {
                inner: Some(1),
                ..first(0)
            },
        )
        .key(
            1,
            Key {
                late: bit(G1),
                ..second(0)
            },
        )
        .readers(0, 0, 1)
        .readers(1, 0, 1)
        .role(
            1,
            Op::Invalidate {
                cell: G1,
                datum: Some(1),
            },
        )
        .role(
            0,
            Op::Invalidate {
                cell: G0,
                datum: None,
            },
        )
}

/// Two computations of one process read an inner key, from two places; one of them does not declare its tag.
pub fn nested_from_two_places() -> Setting {
    Setting::new("nested, one of two places declares the tag")
        .key(
            0,
            Key {
                inner: Some(1),
                ..first(0)
            },
        )
        .key(1, second(bit(G1)))
        .body(0, 1)
        .bare()
        .readers(0, 0, 1)
        .readers(1, 0, 1)
        .role(
            1,
            Op::Invalidate {
                cell: G1,
                datum: Some(1),
            },
        )
        .in_any_order()
}

/// Three callers of a key, and a nested read of it, in one process.
pub fn nested_crowd() -> Setting {
    Setting::new("three callers and a nested read")
        .key(1, second(bit(G1)))
        .body(0, 1)
        .readers(0, 1, 3)
        .role(
            1,
            Op::Invalidate {
                cell: G1,
                datum: Some(1),
            },
        )
        .role(
            1,
            Op::Invalidate {
                cell: G1,
                datum: Some(1),
            },
        )
}

/// An inner key is written through.
pub fn writer_of_an_inner_key() -> Setting {
    Setting::new("writer of an inner key")
        .key(
            0,
            Key {
                inner: Some(1),
                ..first(0)
            },
        )
        .key(1, second(0))
        .readers(0, 0, 1)
        .readers(1, 0, 1)
        .role(
            1,
            Op::Put {
                key: 1,
                writes: true,
            },
        )
}
