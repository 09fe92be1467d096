//! Rolling deploys: an old and a new version of an application, side by side on one server, on the same keys, while
//! types, options and formats change. Whatever they find of each other: no call fails, none is given a value that is
//! not what its own loader would have made, and what either invalidates, both lose.

#![forbid(unsafe_code)]

mod bytes;
mod changes;
#[cfg(feature = "encryption")]
mod encryption;
mod leftovers;
mod mixed;
mod processes;
mod records;
mod tags;
mod world;
