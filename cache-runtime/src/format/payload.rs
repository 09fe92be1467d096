//! The value of an entry, encoded once: the same value may be stored under several keys.

use super::compression::{Compression, compress};
use super::layout::NO_CODEC;
use crate::codec::{Codec, EncodeError, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What is stored of a value.
pub(crate) struct Payload {
    bytes: Vec<u8>,
    codec: u8,
    /// Those flags of the entry that tell how to read it.
    flags: u8,
}

impl Payload {
    /// Encodes `value`, in `limit` bytes at most, and compresses it if that is worthwhile.
    pub(crate) fn of<T>(
        value: &T,
        codec: Codec,
        compression: Compression,
        limit: usize,
    ) -> Result<Self, EncodeError>
    where
        T: Serialize + DeserializeOwned + 'static,
    {
        let bytes = encode(value, codec, limit)?;
        let (flags, bytes) = compress(&bytes, compression).unwrap_or((0, bytes));
        Ok(Payload {
            bytes,
            codec: codec.id(),
            flags,
        })
    }

    /// That there is no value.
    pub(crate) fn absent() -> Self {
        Payload {
            bytes: Vec::new(),
            codec: NO_CODEC,
            flags: 0,
        }
    }

    /// Bytes that it takes in an entry.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn codec(&self) -> u8 {
        self.codec
    }

    pub(super) fn flags(&self) -> u8 {
        self.flags
    }
}
