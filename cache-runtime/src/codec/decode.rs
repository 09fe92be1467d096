//! Reading a value from bytes that nobody vouches for.

use super::Codec;
use super::bounded::Bounded;
use super::budget::Budget;
use serde::de::{DeserializeOwned, DeserializeSeed};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why bytes are no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeError {
    /// Not what the codec or the type expects; or the type's `Deserialize` implementation panicked.
    #[error("not a value of this type")]
    Malformed,
    /// More elements, memory or levels than decoding may cost.
    #[error("longer or deeper than decoding may be")]
    Exceeding,
    /// A value, and something after it.
    #[error("bytes after the value")]
    Trailing,
}

/// Reads the value that `bytes` are, to the last one.
///
/// Its elements may take about twice `limit` bytes in memory, a growing list three times that for a moment; texts no
/// more than is there. It may be 127 levels deep.
pub(crate) fn decode<T: DeserializeOwned>(
    bytes: &[u8],
    codec: Codec,
    limit: usize,
) -> Result<T, DecodeError> {
    let budget = Budget::new(bytes.len(), limit);
    let seed = Bounded {
        seed: PhantomData::<T>,
        budget: &budget,
    };
    // A user's `Deserialize` may panic at bytes that it has not expected. Nothing of ours is left half done.
    let decoded = catch_unwind(AssertUnwindSafe(|| match codec {
        Codec::Bincode => bincode(seed, bytes),
        #[cfg(feature = "postcard")]
        Codec::Postcard => postcard(seed, bytes),
        #[cfg(feature = "msgpack")]
        Codec::MessagePack => msgpack(seed, bytes),
        #[cfg(feature = "json")]
        Codec::Json => json(seed, bytes),
    }));
    match decoded.unwrap_or(Err(DecodeError::Malformed)) {
        Err(DecodeError::Malformed) if budget.is_exhausted() => Err(DecodeError::Exceeding),
        decoded => decoded,
    }
}

/// The codecs' words are dropped: the bytes may be anything, and the words quote them.
fn malformed<E>(_: E) -> DecodeError {
    DecodeError::Malformed
}

fn ended<T>(value: T, ends: bool) -> Result<T, DecodeError> {
    if ends {
        Ok(value)
    } else {
        Err(DecodeError::Trailing)
    }
}

fn bincode<'b, S: DeserializeSeed<'b>>(seed: S, bytes: &'b [u8]) -> Result<S::Value, DecodeError> {
    let (value, read) =
        bincode::serde::seed_decode_from_slice(seed, bytes, bincode::config::standard())
            .map_err(malformed)?;
    ended(value, read == bytes.len())
}

#[cfg(feature = "postcard")]
fn postcard<'b, S: DeserializeSeed<'b>>(seed: S, bytes: &'b [u8]) -> Result<S::Value, DecodeError> {
    let mut codec = postcard::Deserializer::from_bytes(bytes);
    let value = seed.deserialize(&mut codec).map_err(malformed)?;
    let rest = codec.finalize().map_err(malformed)?;
    ended(value, rest.is_empty())
}

#[cfg(feature = "msgpack")]
fn msgpack<'b, S: DeserializeSeed<'b>>(seed: S, bytes: &'b [u8]) -> Result<S::Value, DecodeError> {
    use rmp_serde::decode::Error;

    let mut codec = rmp_serde::Deserializer::from_read_ref(bytes);
    let value = seed.deserialize(&mut codec).map_err(malformed)?;
    // It does not tell how far it has read. At the end there is no byte to begin another value with.
    let next: Result<bool, Error> = serde::Deserialize::deserialize(&mut codec);
    ended(value, matches!(next, Err(Error::InvalidMarkerRead(_))))
}

#[cfg(feature = "json")]
fn json<'b, S: DeserializeSeed<'b>>(seed: S, bytes: &'b [u8]) -> Result<S::Value, DecodeError> {
    let mut codec = serde_json::Deserializer::from_slice(bytes);
    let value = seed.deserialize(&mut codec).map_err(malformed)?;
    // Blanks are nothing to `end`, but nothing that we write ends in one.
    let ends = codec.end().is_ok() && !bytes.last().is_some_and(u8::is_ascii_whitespace);
    ended(value, ends)
}
