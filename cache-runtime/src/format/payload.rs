//! The value of an entry, encoded once: the same value may be stored under several keys.

use super::compression::{Compression, compress};
use super::layout::{CHECKSUM, ENCRYPTED, NO_CODEC};
use crate::codec::{Codec, EncodeError, encode};
use crate::secrecy::Sealer;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What is stored of a value.
pub(crate) struct Payload {
    bytes: Vec<u8>,
    codec: u8,
    /// Those flags of the entry that tell how to read it.
    flags: u8,
    /// It is encrypted on its way into an entry.
    sealer: Option<Sealer>,
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
            sealer: None,
        })
    }

    /// That there is no value.
    pub(crate) fn absent() -> Self {
        Payload {
            bytes: Vec::new(),
            codec: NO_CODEC,
            flags: 0,
            sealer: None,
        }
    }

    /// The same, to be encrypted in every entry.
    pub(crate) fn sealed(self, sealer: Option<Sealer>) -> Self {
        Payload { sealer, ..self }
    }

    /// Bytes that it takes in an entry.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() + self.sealer.as_ref().map_or(0, Sealer::overhead)
    }

    /// Appends it to `entry`, which stands under `key`.
    pub(super) fn put(&self, key: &str, entry: &mut Vec<u8>) {
        match &self.sealer {
            None => entry.extend_from_slice(&self.bytes),
            Some(sealer) => {
                let associated = associated(key, entry);
                sealer.seal(entry, &self.bytes, &associated);
            }
        }
    }

    pub(super) fn codec(&self) -> u8 {
        match self.sealer {
            None => self.codec,
            Some(_) => self.codec | ENCRYPTED,
        }
    }

    pub(super) fn flags(&self) -> u8 {
        self.flags
    }
}

/// What is authenticated with an encrypted payload: the key, and all that stands before it but for the checksum.
pub(super) fn associated(key: &str, head: &[u8]) -> Vec<u8> {
    let mut associated = Vec::with_capacity(8 + key.len() + head.len());
    associated.extend_from_slice(&(key.len() as u64).to_le_bytes());
    associated.extend_from_slice(key.as_bytes());
    associated.extend_from_slice(&head[..CHECKSUM.start]);
    associated.extend_from_slice(&head[CHECKSUM.end..]);
    associated
}
