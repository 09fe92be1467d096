//! Reading an entry that nobody vouches for.

use super::checksum::checksum;
use super::compression::decompress;
use super::guards::Written;
use super::layout::{
    CHECKSUM, COMPRESSION, DECLARED, ENCRYPTED, ENCRYPTION, EPOCH, FRESH_FOR, GUARDS, IDLE, MADE,
    MAGIC, MANY_GUARDS, NO_CODEC, PROVISIONAL, SCHEMA, SEAL, VARIABLE, VERSION,
};
use super::payload::associated;
use super::time;
use super::varint::take_varint;
use crate::codec::{Codec, DecodeError, decode};
use crate::cost::Cost;
use crate::generation::Guard;
use crate::key::scopes;
use crate::secrecy::{Keys, Undecryptable, unseal};
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

/// Why bytes are no entry to us. Each is a kind of miss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub(crate) enum Untrusted {
    #[error("not an entry of this cache")]
    Foreign,
    #[error("written by a version that knows more")]
    Version,
    #[error("written with a codec that is not compiled in")]
    Codec,
    #[error("a value of another shape or version")]
    Schema,
    #[error("shorter or longer than it may be")]
    Length,
    #[error("damaged, or written under another key")]
    Checksum,
    #[error("encrypted with a key that is not there")]
    Key,
    #[error("encrypted, and not what was written, or not under this key")]
    Forged,
    #[error("not encrypted, and it has to be")]
    Clear,
    #[error("cannot be decompressed")]
    Compression,
    #[error("cannot be decoded")]
    Decoding,
    #[error("bytes after the value")]
    Trailing,
}

impl From<DecodeError> for Untrusted {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Malformed => Untrusted::Decoding,
            DecodeError::Exceeding => Untrusted::Length,
            DecodeError::Trailing => Untrusted::Trailing,
        }
    }
}

/// An entry whose header could be read. Until [`verify`](Self::verify), everything in it may be wrong.
#[derive(Clone, Debug)]
pub(crate) struct Opened<'b> {
    bytes: &'b [u8],
    key: &'b str,
    flags: u8,
    /// Of the value, if there is one.
    codec: Option<Codec>,
    is_encrypted: bool,
    declared: Option<u64>,
    fresh_for: Option<Duration>,
    idle: Option<Duration>,
    cost: Duration,
    checks: &'b [u8],
    guard_count: usize,
    /// The listed guards, as they are written.
    guards: &'b [u8],
    payload: &'b [u8],
}

/// Reads the header of what was found under `key`.
pub(crate) fn open<'b>(bytes: &'b [u8], key: &'b str) -> Result<Opened<'b>, Untrusted> {
    if bytes.first() != Some(&MAGIC) {
        return Err(Untrusted::Foreign);
    }
    let &[_, version_and_codec, flags, ..] = bytes else {
        return Err(Untrusted::Length);
    };
    if version_and_codec >> 4 != VERSION {
        return Err(Untrusted::Version);
    }
    let (codec, is_encrypted) = codec(version_and_codec & 0xf, flags)?;
    let mut rest = bytes.get(VARIABLE..).ok_or(Untrusted::Length)?;
    let declared = if flags & DECLARED != 0 {
        let (declared, after) = rest.split_first_chunk().ok_or(Untrusted::Length)?;
        rest = after;
        Some(u64::from_le_bytes(*declared))
    } else {
        None
    };
    let mut time = |flag| match flags & flag {
        0 => Ok(None),
        _ => time::of_number(number(&mut rest)?)
            .map(Some)
            .ok_or(Untrusted::Length),
    };
    let (fresh_for, idle) = (time(FRESH_FOR)?, time(IDLE)?);
    let (&cost, mut rest) = rest.split_first().ok_or(Untrusted::Length)?;
    let guard_count = match usize::from(flags >> GUARDS) {
        MANY_GUARDS => usize::try_from(number(&mut rest)?)
            .ok()
            .filter(|count| *count >= MANY_GUARDS)
            .ok_or(Untrusted::Length)?,
        few => few,
    };
    let check_count = guard_count.saturating_add(scopes(key).count());
    let (checks, rest) = rest
        .split_at_checked(check_count)
        .ok_or(Untrusted::Length)?;
    let mut written = Written::new(key, rest);
    for left in (0..guard_count).rev() {
        written.take(left > 0)?;
    }
    let payload = written.rest;
    if codec.is_none() && !is_encrypted && !payload.is_empty() {
        return Err(Untrusted::Length);
    }
    Ok(Opened {
        bytes,
        key,
        flags,
        codec,
        is_encrypted,
        declared,
        fresh_for,
        idle,
        cost: Cost(cost).time(),
        checks,
        guard_count,
        guards: &rest[..rest.len() - payload.len()],
        payload,
    })
}

/// The codec of the value, if there is to be one, and whether it is encrypted.
fn codec(id: u8, flags: u8) -> Result<(Option<Codec>, bool), Untrusted> {
    let is_encrypted = cfg!(feature = "encryption") && id & ENCRYPTED != 0;
    let id = if is_encrypted { id ^ ENCRYPTED } else { id };
    match Codec::from_id(id) {
        None if id == NO_CODEC && flags & COMPRESSION == 0 => Ok((None, is_encrypted)),
        codec => codec
            .map(|codec| (Some(codec), is_encrypted))
            .ok_or(Untrusted::Codec),
    }
}

fn number(bytes: &mut &[u8]) -> Result<u64, Untrusted> {
    take_varint(bytes).ok_or(Untrusted::Length)
}

impl<'b> Opened<'b> {
    /// Whether it is what was written, under this key.
    pub(crate) fn verify(&self) -> Result<(), Untrusted> {
        if u32::from_le_bytes(self.fixed(CHECKSUM)) == checksum(self.bytes, self.key) {
            Ok(())
        } else {
            Err(Untrusted::Checksum)
        }
    }

    /// Whether it holds a value of this shape.
    pub(crate) fn expect_schema(&self, schema: u32) -> Result<(), Untrusted> {
        if self.schema() == schema {
            Ok(())
        } else {
            Err(Untrusted::Schema)
        }
    }

    /// The value. `limit` is that of the writer: on the payload, on what it is decompressed to, and twice as much on
    /// the elements of the value in memory.
    pub(crate) fn decode<T: DeserializeOwned + 'static>(
        &self,
        limit: usize,
        keys: Option<&dyn Keys>,
    ) -> Result<T, Untrusted> {
        let codec = self.codec.ok_or(Untrusted::Decoding)?;
        let payload = self.decrypted(limit, keys)?;
        let value = match self.flags & COMPRESSION {
            0 => decode(&payload, codec, limit)?,
            with => decode(&decompress(with, &payload, limit)?, codec, limit)?,
        };
        Ok(value)
    }

    /// That there is no value, which is authenticated as a value is.
    pub(crate) fn confirm_absence(&self, keys: Option<&dyn Keys>) -> Result<(), Untrusted> {
        match self.decrypted(self.payload.len(), keys)?.is_empty() {
            true => Ok(()),
            false => Err(Untrusted::Trailing),
        }
    }

    fn decrypted(&self, limit: usize, keys: Option<&dyn Keys>) -> Result<Cow<'b, [u8]>, Untrusted> {
        let added = if self.is_encrypted { ENCRYPTION } else { 0 };
        if self.payload.len() > limit.saturating_add(added) {
            return Err(Untrusted::Length);
        }
        if !self.is_encrypted {
            return Ok(Cow::Borrowed(self.payload));
        }
        let head = &self.bytes[..self.bytes.len() - self.payload.len()];
        let associated = associated(self.key, head);
        let plain = unseal(self.payload, &associated, keys.ok_or(Untrusted::Key)?);
        plain.map(Cow::Owned).map_err(|why| match why {
            Undecryptable::Malformed => Untrusted::Length,
            Undecryptable::Key(_) => Untrusted::Key,
            Undecryptable::Forged => Untrusted::Forged,
        })
    }

    /// Whether these keys decrypt it, if that takes any.
    pub(crate) fn can_be_decrypted(&self, limit: usize, keys: Option<&dyn Keys>) -> bool {
        !self.is_encrypted || self.decrypted(limit, keys).is_ok()
    }

    /// Whether the payload is encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    pub(crate) fn seal(&self) -> u64 {
        u64::from_le_bytes(self.fixed(SEAL))
    }

    pub(crate) fn schema(&self) -> u32 {
        u32::from_le_bytes(self.fixed(SCHEMA))
    }

    /// When it was stored, in milliseconds of the server's clock since 1970.
    pub(crate) fn made(&self) -> u64 {
        let [a, b, c, d, e] = self.fixed(MADE);
        EPOCH + u64::from_le_bytes([a, b, c, d, e, 0, 0, 0])
    }

    /// With which the value was written, if there is one.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn codec(&self) -> Option<Codec> {
        self.codec
    }

    /// Whether the function found nothing.
    pub(crate) fn is_absent(&self) -> bool {
        self.codec.is_none()
    }

    pub(crate) fn declared(&self) -> Option<u64> {
        self.declared
    }

    pub(crate) fn fresh_for(&self) -> Option<Duration> {
        self.fresh_for
    }

    /// How long it lives when nobody reads it, if that matters.
    pub(crate) fn idle(&self) -> Option<Duration> {
        self.idle
    }

    pub(crate) fn is_provisional(&self) -> bool {
        self.flags & PROVISIONAL != 0
    }

    pub(crate) fn cost(&self) -> Duration {
        self.cost
    }

    /// One a guard: first those of the key's scopes, then those of [`guards`](Self::guards).
    pub(crate) fn checks(&self) -> &'b [u8] {
        self.checks
    }

    /// The listed guards: all but the scopes of the entry's own key.
    pub(crate) fn guards(&self) -> impl ExactSizeIterator<Item = (Guard, Cow<'b, str>)> + use<'b> {
        Guards {
            written: Written::new(self.key, self.guards),
            left: self.guard_count,
        }
    }

    /// Bytes that the value takes in the entry.
    #[cfg(test)]
    pub(crate) fn payload_len(&self) -> usize {
        self.payload.len()
    }

    fn fixed<const N: usize>(&self, at: Range<usize>) -> [u8; N] {
        let mut number = [0; N];
        // `open` has seen that the fixed part is there.
        number.copy_from_slice(&self.bytes[at]);
        number
    }
}

struct Guards<'b> {
    written: Written<'b>,
    left: usize,
}

impl<'b> Iterator for Guards<'b> {
    type Item = (Guard, Cow<'b, str>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        // `open` has read them all.
        self.written.take(self.left > 0).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Guards<'_> {}
