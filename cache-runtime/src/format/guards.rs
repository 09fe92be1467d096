//! The names of an entry's guards. They often begin as its key does, or as the one before, and then that beginning is not
//! written.

use super::read::Untrusted;
use super::varint::{Out, take_varint};
use crate::generation::Guard;
use std::borrow::Cow;

/// The longest beginning that can be shared, in the low six bits of a guard's first byte; its kind is in the others.
const LONGEST_SHARED: usize = 63;
/// A tag that begins as the guard before it, and not as the key.
const LIKE_THE_LAST: u8 = 3;

/// `last` is the name of the guard before.
pub(super) fn put_guard(key: &str, last: &str, guard: Guard, name: &str, out: &mut impl Out) {
    let (with_key, with_last) = (shared(key, name), shared(last, name));
    let (kind, shared) = match guard {
        Guard::Tag if with_last > with_key => (LIKE_THE_LAST, with_last),
        Guard::Tag => (0, with_key),
        Guard::Scope => (1, with_key),
        Guard::Key => (2, with_key),
    };
    let suffix = &name[shared..];
    out.put(&[kind << 6 | shared as u8]);
    out.put_varint(suffix.len() as u64);
    out.put(suffix.as_bytes());
}

fn shared(key: &str, name: &str) -> usize {
    let bytes = key.bytes().zip(name.bytes()).take(LONGEST_SHARED);
    let mut shared = bytes.take_while(|(a, b)| a == b).count();
    // Both parts are to be text.
    while !name.is_char_boundary(shared) {
        shared -= 1;
    }
    shared
}

/// Guards, as they are written.
#[derive(Clone)]
pub(super) struct Written<'b> {
    key: &'b str,
    pub(super) rest: &'b [u8],
    /// The name before, if the next one begins like it.
    last: String,
}

impl<'b> Written<'b> {
    pub(super) fn new(key: &'b str, bytes: &'b [u8]) -> Self {
        Written {
            key,
            rest: bytes,
            last: String::new(),
        }
    }

    /// Takes a guard from the front, behind which there are more or not.
    pub(super) fn take(&mut self, more: bool) -> Result<(Guard, Cow<'b, str>), Untrusted> {
        let (&first, rest) = self.rest.split_first().ok_or(Untrusted::Length)?;
        self.rest = rest;
        let shared = usize::from(first) & LONGEST_SHARED;
        let length = take_varint(&mut self.rest).and_then(|length| usize::try_from(length).ok());
        let suffix = length.and_then(|length| self.rest.split_at_checked(length));
        let (suffix, rest) = suffix.ok_or(Untrusted::Length)?;
        self.rest = rest;
        let suffix = std::str::from_utf8(suffix).map_err(|_| Untrusted::Length)?;
        let (guard, name) = match first >> 6 {
            LIKE_THE_LAST => {
                let beginning = self.last.get(..shared).ok_or(Untrusted::Length)?;
                (Guard::Tag, Cow::Owned([beginning, suffix].concat()))
            }
            kind => {
                let beginning = self.key.get(..shared).ok_or(Untrusted::Length)?;
                let name = match (beginning, suffix) {
                    ("", name) | (name, "") => Cow::Borrowed(name),
                    (beginning, suffix) => Cow::Owned([beginning, suffix].concat()),
                };
                let guard = match kind {
                    0 => Guard::Tag,
                    1 => Guard::Scope,
                    _ => Guard::Key,
                };
                (guard, name)
            }
        };
        let is_alike = |next: &u8| next >> 6 == LIKE_THE_LAST;
        if more && self.rest.first().is_some_and(is_alike) {
            self.last.clear();
            self.last.push_str(&name);
        }
        Ok((guard, name))
    }
}
