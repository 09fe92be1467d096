//! What is past its time to live: renewals, and callers that fall back on it.

use super::{DELETE, INVALIDATE, INVALIDATE_ANOTHER, first, second};
use crate::setting::{Key, Op, Setting};
use crate::state::{G0, G1, KG0, KG1, bit};

const INVALIDATE_SECOND: Op = Op::Invalidate {
    cell: G1,
    datum: Some(1),
};

/// Two processes renew an entry, whose tag is invalidated.
pub fn renewals() -> Setting {
    Setting::new("two renewals, tag invalidated")
        .key(0, first(bit(G0)))
        .stored(0)
        .renewal(0, 0)
        .renewal(1, 0)
        .readers(0, 0, 1)
        .readers(1, 0, 1)
        .role(1, INVALIDATE)
}

/// Two processes renew an entry, which is deleted.
pub fn renewals_by_key() -> Setting {
    Setting::new("two renewals, key deleted")
        .key(0, first(0))
        .stored(0)
        .renewal(0, 0)
        .renewal(1, 0)
        .readers(0, 0, 1)
        .readers(1, 0, 1)
        .role(1, DELETE)
}

/// One renews an entry among callers of its own process; the tag is invalidated, and the key deleted.
pub fn renewal_in_a_crowd() -> Setting {
    Setting::new("renewal, two callers beside it")
        .key(0, first(bit(G0)))
        .stored(0)
        .renewal(0, 0)
        .readers(0, 0, 2)
        .role(1, INVALIDATE)
        .role(1, DELETE)
}

/// One renews what lies in two scopes, both of which end.
pub fn renewal_in_two_scopes() -> Setting {
    Setting::new("renewal, two scopes")
        .key(
            0,
            Key {
                declared: bit(G0) | bit(G1),
                data: [true, true],
                ..Key::default()
            },
        )
        .stored(0)
        .renewal(0, 0)
        .readers(1, 0, 1)
        .role(1, INVALIDATE)
        .role(0, INVALIDATE_SECOND)
}

/// An entry is renewed, and written through.
pub fn renewal_and_writer() -> Setting {
    Setting::new("renewal and writer")
        .key(0, first(bit(G0)))
        .stored(0)
        .renewal(0, 0)
        .role(
            1,
            Op::Put {
                key: 0,
                writes: true,
            },
        )
        .readers(0, 0, 1)
        .readers(1, 0, 1)
}

/// What is renewed has a tag that is known only from its value.
pub fn renewal_with_late_tag() -> Setting {
    Setting::new("renewal, tags_with")
        .key(
            0,
            Key {
                late: bit(G0),
                ..first(0)
            },
        )
        .stored(0)
        .renewal(0, 0)
        .readers(1, 0, 1)
        .role(1, INVALIDATE)
        .role(0, INVALIDATE_ANOTHER)
}

/// An outer computation reads what is renewed meanwhile, and then deleted.
pub fn renewal_of_an_inner_key() -> Setting {
    inner("renewal of an inner key, deleted").role(1, Op::Delete { key: 1, datum: 1 })
}

/// The same, and its tag is invalidated.
pub fn renewal_of_an_inner_key_by_tag() -> Setting {
    inner("renewal of an inner key, tag invalidated").role(1, INVALIDATE_SECOND)
}

fn inner(name: &'static str) -> Setting {
    outer_and_inner(name)
        .readers(0, 0, 1)
        .renewal(0, 1)
        .readers(1, 0, 1)
}

/// An outer entry is renewed, whose computation reads an inner key that is deleted.
pub fn renewal_of_an_outer_key() -> Setting {
    outer_and_inner("renewal of an outer key, inner deleted")
        .readers(0, 0, 1)
        .renewal(1, 0)
        .readers(1, 0, 1)
        .role(1, Op::Delete { key: 1, datum: 1 })
}

/// A record under two keys is renewed under one of them, and deleted under the other.
pub fn renewal_of_a_record() -> Setting {
    Setting::new("renewal of a record")
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
        .readers(0, 0, 1)
        .renewal(1, 0)
        .readers(1, 1, 1)
        .role(1, Op::Delete { key: 1, datum: 0 })
}

/// One can fall back on what it finds, one renews, two have no use for it; the tag is invalidated.
pub fn fallbacks() -> Setting {
    Setting::new("falling back, tag invalidated")
        .key(0, first(bit(G0)))
        .stored(0)
        .readers(0, 0, 1)
        .falling_back()
        .renewal(1, 0)
        .readers(0, 0, 1)
        .readers(1, 0, 1)
        .role(1, INVALIDATE)
}

/// The same, and the key is deleted.
pub fn fallbacks_by_key() -> Setting {
    Setting::new("falling back, key deleted")
        .key(0, first(0))
        .stored(0)
        .readers(0, 0, 1)
        .falling_back()
        .renewal(1, 0)
        .readers(0, 0, 1)
        .readers(1, 0, 1)
        .role(1, DELETE)
}

/// Two can fall back on what they find, in two processes.
pub fn two_fallbacks() -> Setting {
    Setting::new("two falling back")
        .key(0, first(bit(G0)))
        .stored(0)
        .readers(0, 0, 1)
        .falling_back()
        .readers(1, 0, 1)
        .falling_back()
        .readers(1, 0, 1)
        .role(0, INVALIDATE)
}

/// One begins before the key is deleted; another falls back on what a third has computed since.
pub fn old_holder_and_rest() -> Setting {
    Setting::new("an old holder and a rest")
        .key(0, first(0))
        .readers(0, 0, 1)
        .readers(1, 0, 2)
        .readers(1, 0, 1)
        .falling_back()
        .role(1, DELETE)
}

/// A nested read falls back on what it found, which is renewed elsewhere; the tag is invalidated.
pub fn nested_fallback() -> Setting {
    nested("nested, falling back, tag invalidated").role(1, INVALIDATE_SECOND)
}

/// The same, and the inner key is deleted.
pub fn nested_fallback_by_key() -> Setting {
    nested("nested, falling back, inner key deleted").role(1, Op::Delete { key: 1, datum: 1 })
}

fn nested(name: &'static str) -> Setting {
    outer_and_inner(name)
        .readers(0, 0, 1)
        .falling_back()
        .renewal(1, 1)
        .readers(1, 0, 1)
}

fn outer_and_inner(name: &'static str) -> Setting {
    Setting::new(name)
        .key(
            0,
            Key {
                inner: Some(1),
                ..first(0)
            },
        )
        .key(1, second(bit(G1)))
        .stored(1)
}
