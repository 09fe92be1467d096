//! The settings: each is about one concern, and as small as that concern allows.

use super::setting::{Role, Setting};
use super::state::{G, K, KG, bit};

/// The deletion of a key ends its generation as well.
const DELETES: u8 = bit(K) | bit(KG);
const INVALIDATES: u8 = bit(G);

/// A key without guards, deleted by another process.
pub fn exact_key() -> Setting {
    Setting::new("exact key")
        .readers(1)
        .role(Role::EndsElsewhere(DELETES))
}

/// A key with a tag, which another process invalidates.
pub fn tag() -> Setting {
    tagged("tag")
        .readers(1)
        .role(Role::EndsElsewhere(INVALIDATES))
}

/// A key with a tag, which other processes invalidate twice.
pub fn tag_twice() -> Setting {
    tag()
        .role(Role::EndsElsewhere(INVALIDATES))
        .named("tag, twice")
}

/// Another process invalidates the tag, and computes.
pub fn tag_and_another_reader() -> Setting {
    tagged("tag, another process reads")
        .readers(1)
        .role(Role::ReadsElsewhere)
        .role(Role::EndsElsewhere(INVALIDATES))
}

/// This process deletes the key.
pub fn own_deletion() -> Setting {
    Setting::new("own deletion")
        .readers(1)
        .role(Role::Ends(DELETES))
}

/// This process invalidates the tag.
pub fn own_invalidation() -> Setting {
    tagged("own invalidation")
        .readers(1)
        .role(Role::Ends(INVALIDATES))
}

/// This process invalidates the tag, and another the key.
pub fn both() -> Setting {
    tagged("own invalidation, and deletion elsewhere")
        .readers(1)
        .role(Role::Ends(INVALIDATES))
        .role(Role::EndsElsewhere(DELETES))
}

/// An entry is computed anew before its time, while another process deletes the key.
pub fn refresh() -> Setting {
    Setting::new("refresh")
        .readers(1)
        .role(Role::Refresh)
        .role(Role::EndsElsewhere(DELETES))
}

/// The same with a tag, which another process invalidates.
pub fn refresh_by_tag() -> Setting {
    tagged("refresh, by tag")
        .readers(1)
        .role(Role::Refresh)
        .role(Role::EndsElsewhere(INVALIDATES))
}

/// An entry is computed anew before its time, while this process deletes the key.
pub fn refresh_and_own_deletion() -> Setting {
    Setting::new("refresh, own deletion")
        .readers(1)
        .role(Role::Refresh)
        .role(Role::Ends(DELETES))
}

/// Another entry is computed from this one, which another process deletes.
pub fn nested() -> Setting {
    Setting::new("nested")
        .readers(1)
        .role(Role::Outer)
        .role(Role::EndsElsewhere(DELETES))
}

/// The same with a tag, which the other process invalidates.
pub fn nested_by_tag() -> Setting {
    tagged("nested, by tag")
        .readers(1)
        .role(Role::Outer)
        .role(Role::EndsElsewhere(INVALIDATES))
}

fn tagged(name: &'static str) -> Setting {
    Setting {
        has_tag: true,
        ..Setting::new(name)
    }
}
