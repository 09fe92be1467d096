//! Entries as bytes: what stands around a value on a server.
//!
//! `docs/entry-format.md` specifies every byte. This room writes and reads them; it never asks a server for anything,
//! and does not judge whether an entry is valid. What it is given to read may come from anybody: it allocates nothing
//! for what has not been looked at, and what it cannot trust is an [`Untrusted`], which is a miss.
//!
//! In the order of reading: [`open`] looks at the header, the caller at seal and schema, [`Opened::verify`] at the
//! checksum, [`Opened::decode`] at the payload.

mod checksum;
mod compression;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod guards;
mod layout;
mod payload;
mod read;
mod seal;
#[cfg(test)]
mod tests;
mod time;
mod varint;
mod write;

pub(crate) use checksum::fingerprint_in_place;
pub(crate) use compression::Compression;
pub(crate) use payload::Payload;
pub(crate) use read::{Opened, Untrusted, open};
pub(crate) use seal::{check, seal};
pub(crate) use write::{Head, write};
