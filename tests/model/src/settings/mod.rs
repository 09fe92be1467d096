//! The settings: each is about one concern, and as small as that concern allows.

mod nested;
mod reads;
mod records;
mod renewals;
mod writes;

pub use nested::*;
pub use reads::*;
pub use records::*;
pub use renewals::*;
pub use writes::*;

use crate::setting::{Key, Op};
use crate::state::{G0, G1, Set};

const DELETE: Op = Op::Delete { key: 0, datum: 0 };
const INVALIDATE: Op = Op::Invalidate {
    cell: G0,
    datum: Some(0),
};
/// Ends a tag that nobody's value has.
const INVALIDATE_ANOTHER: Op = Op::Invalidate {
    cell: G1,
    datum: None,
};

/// A key about the first datum.
fn first(declared: Set) -> Key {
    Key {
        declared,
        data: [true, false],
        ..Key::default()
    }
}

/// A key about the second datum.
fn second(declared: Set) -> Key {
    Key {
        declared,
        data: [false, true],
        ..Key::default()
    }
}
