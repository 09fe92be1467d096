//! The names of an entry's guards. They often begin as its key does, and then that beginning is not written.

use super::read::Untrusted;
use super::varint::{Out, take_varint};
use crate::generation::Guard;
use std::borrow::Cow;

/// The longest beginning that can be shared, in the low six bits of a guard's first byte; its kind is in the others.
const LONGEST_SHARED: usize = 63;

pub(super) fn put_guard(key: &str, guard: Guard, name: &str, out: &mut impl Out) {
    let shared = shared(key, name);
    let kind: u8 = match guard {
        Guard::Tag => 0,
        Guard::Scope => 1,
        Guard::Key => 2,
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

/// Takes a guard from the front of `bytes`.
pub(super) fn take_guard<'b>(
    key: &'b str,
    bytes: &mut &'b [u8],
) -> Result<(Guard, Cow<'b, str>), Untrusted> {
    let (&first, rest) = bytes.split_first().ok_or(Untrusted::Length)?;
    *bytes = rest;
    let guard = match first >> 6 {
        0 => Guard::Tag,
        1 => Guard::Scope,
        2 => Guard::Key,
        _ => return Err(Untrusted::Version),
    };
    let beginning = key.get(..usize::from(first) & LONGEST_SHARED);
    let length = take_varint(bytes).and_then(|length| usize::try_from(length).ok());
    let suffix = length.and_then(|length| bytes.split_at_checked(length));
    let (Some(beginning), Some((suffix, rest))) = (beginning, suffix) else {
        return Err(Untrusted::Length);
    };
    *bytes = rest;
    let suffix = std::str::from_utf8(suffix).map_err(|_| Untrusted::Length)?;
    let name = match (beginning, suffix) {
        ("", name) | (name, "") => Cow::Borrowed(name),
        (beginning, suffix) => Cow::Owned([beginning, suffix].concat()),
    };
    Ok((guard, name))
}
