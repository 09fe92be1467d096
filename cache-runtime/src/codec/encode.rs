//! Writing a value so that it can be read back as it was, or saying why that cannot be.

use super::checked::Checked;
use super::decode::decode;
use super::sink::Sink;
use super::watch::Watch;
use super::{Codec, DecodeError};
use crate::schema::{self, Schema, Unsuited};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why a value is not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EncodeError {
    #[error(transparent)]
    Unsuited(#[from] Unsuited),
    #[error(
        "`{container}.{field}` was skipped (`skip_serializing_if`), which {codec} cannot show; remove the \
         attribute, or choose `codec = json` or `codec = msgpack`"
    )]
    SkippedField {
        container: &'static str,
        field: &'static str,
        codec: Codec,
    },
    #[error(
        "the `Serialize` implementation of {container} announced {announced} parts and wrote {written}"
    )]
    WrongCount {
        container: &'static str,
        announced: usize,
        written: usize,
    },
    #[error(
        "an option holds what {codec} writes as null, and would be read back as `None`; choose \
         `codec = bincode` or `codec = postcard`"
    )]
    Null { codec: Codec },
    #[error("JSON has no `NaN` and no infinity; choose another codec")]
    NotFinite,
    #[error("the value is nested more than 127 levels deep")]
    TooDeep,
    #[cfg(feature = "encryption")]
    #[error("it has to be encrypted, and this machine has no random numbers to give")]
    NoRandomNumbers,
    #[cfg(feature = "encryption")]
    #[error("it has to be encrypted, and the provider of keys has panicked")]
    NoCurrentKey,
    #[error("others encrypt it, and this process has no keys for that (CACHE_ENCRYPTION_KEYS)")]
    NoKeys,
    #[error("the value takes more than {limit} bytes")]
    TooLarge { limit: usize },
    #[error(
        "most of the value's elements take no bytes ({elements} of them), which no reader believes"
    )]
    Weightless { elements: usize },
    #[error(
        "`{type_name}` written with {codec} does not come back as it was ({why}); its `Serialize` and \
         `Deserialize` do not match"
    )]
    NotRoundTrip {
        type_name: &'static str,
        codec: Codec,
        why: String,
    },
    #[error("the value's `Serialize` implementation, or the codec, failed: {0}")]
    Failed(String),
    #[error("the value's `Serialize` implementation panicked")]
    Panicked,
}

impl EncodeError {
    /// What is wrong, in so far as it will be wrong again.
    pub(crate) fn about(&self) -> &'static str {
        match self {
            EncodeError::Unsuited(unsuited) => unsuited.type_name,
            EncodeError::SkippedField { field, .. } => field,
            EncodeError::WrongCount { container, .. } => container,
            EncodeError::NotRoundTrip { type_name, .. } => type_name,
            EncodeError::Null { .. } => "null",
            EncodeError::NotFinite => "not finite",
            EncodeError::TooDeep => "too deep",
            #[cfg(feature = "encryption")]
            EncodeError::NoRandomNumbers => "no random numbers",
            #[cfg(feature = "encryption")]
            EncodeError::NoCurrentKey => "no current key",
            EncodeError::NoKeys => "no keys",
            EncodeError::TooLarge { .. } => "too large",
            EncodeError::Weightless { .. } => "weightless",
            EncodeError::Failed(_) => "failed",
            EncodeError::Panicked => "panicked",
        }
    }
}

/// The bytes of a value: at most `limit`, and so that [`decode`] reads them with the same limit.
///
/// In debug builds, and wherever something looks odd, the bytes are read back and compared: the mistakes that this
/// finds (a `Serialize` and a `Deserialize` that do not match) belong to the type, so that tests meet them.
pub(crate) fn encode<T>(value: &T, codec: Codec, limit: usize) -> Result<Vec<u8>, EncodeError>
where
    T: Serialize + DeserializeOwned + 'static,
{
    let schema = schema::of::<T>();
    schema.suits(codec)?;
    let encoded = write(value, codec, schema, limit)?;
    if cfg!(debug_assertions) || encoded.doubtful {
        read_back::<T>(&encoded.bytes, codec, schema, limit)?;
    }
    Ok(encoded.bytes)
}

struct Encoded {
    bytes: Vec<u8>,
    doubtful: bool,
}

fn write<T: Serialize>(
    value: &T,
    codec: Codec,
    schema: &Schema,
    limit: usize,
) -> Result<Encoded, EncodeError> {
    let watch = Watch::new(codec, schema);
    let mut sink = Sink::new(limit);
    // Nothing of ours is left half done by a panic: sink and watch go no further than this function.
    let written = catch_unwind(AssertUnwindSafe(|| {
        write_with(codec, &Checked::new(value, &watch), &mut sink)
    }));
    if let Some(fault) = watch.fault() {
        return Err(fault);
    }
    if sink.is_full() {
        return Err(EncodeError::TooLarge { limit });
    }
    written
        .unwrap_or(Err(None))
        .map_err(|words| words.map_or(EncodeError::Panicked, EncodeError::Failed))?;
    let bytes = sink.into_bytes();
    watch.believe(bytes.len(), limit)?;
    Ok(Encoded {
        doubtful: watch.is_doubtful(),
        bytes,
    })
}

/// The codec's own words, if it fails.
fn write_with<T: Serialize>(
    codec: Codec,
    value: &T,
    sink: &mut Sink,
) -> Result<(), Option<String>> {
    fn words(error: impl ToString) -> Option<String> {
        Some(error.to_string())
    }
    match codec {
        Codec::Bincode => {
            bincode::serde::encode_into_std_write(value, sink, bincode::config::standard())
                .map(drop)
                .map_err(|error| match error {
                    bincode::error::EncodeError::OtherString(words) => Some(words),
                    error => words(error),
                })
        }
        #[cfg(feature = "postcard")]
        Codec::Postcard => postcard::to_io(value, sink).map(drop).map_err(words),
        #[cfg(feature = "msgpack")]
        Codec::MessagePack => value
            .serialize(&mut rmp_serde::Serializer::new(sink).with_struct_map())
            .map_err(words),
        #[cfg(feature = "json")]
        Codec::Json => value
            .serialize(&mut serde_json::Serializer::new(sink))
            .map_err(words),
    }
}

/// Whether `bytes` are read as a value that is written as they are. Maps and sets may come in another order.
fn read_back<T>(
    bytes: &[u8],
    codec: Codec,
    schema: &Schema,
    limit: usize,
) -> Result<(), EncodeError>
where
    T: Serialize + DeserializeOwned,
{
    let mismatch = |why: String| EncodeError::NotRoundTrip {
        type_name: schema.type_name,
        codec,
        why,
    };
    let value: T = decode(bytes, codec, limit).map_err(|error| match error {
        DecodeError::Exceeding => EncodeError::TooLarge { limit },
        error => mismatch(error.to_string()),
    })?;
    let again = write(&value, codec, schema, limit)
        .map_err(|error| mismatch(error.to_string()))?
        .bytes;
    // A user's `Drop` may panic, too.
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(value)));
    if dropped.is_err() || (again != bytes && histogram(&again) != histogram(bytes)) {
        return Err(mismatch("what was read is written otherwise".to_owned()));
    }
    Ok(())
}

/// How often each byte occurs: the same for any order of a map's entries, hardly so for different values.
fn histogram(bytes: &[u8]) -> [u32; 256] {
    let mut counts = [0; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    counts
}
