//! Codecs: what they write comes back, what would not is refused, and hostile bytes cost little.

mod hostile;
mod refusals;
mod round_trips;

use super::{Codec, decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

const LIMIT: usize = 1 << 20;

/// Writes and reads `value` with every codec.
fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug + 'static>(value: &T) {
    for codec in Codec::all() {
        comes_back_with(codec, value);
    }
}

fn comes_back_with<T>(codec: Codec, value: &T)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug + 'static,
{
    let bytes = encode(value, codec, LIMIT).unwrap_or_else(|error| panic!("{codec}: {error}"));
    let read: T = decode(&bytes, codec, LIMIT)
        .unwrap_or_else(|error| panic!("{codec}: {error}: {value:?} as {bytes:?}"));
    assert_eq!(&read, value, "{codec}");
}

/// Why `value` is not written.
fn refusal<T: Serialize + DeserializeOwned + 'static>(codec: Codec, value: &T) -> Option<String> {
    encode(value, codec, LIMIT)
        .err()
        .map(|error| error.to_string())
}
