//! Codecs: how a value becomes bytes, and how bytes that may come from anybody become a value again.
//!
//! Writing refuses what could not be read back as it was ([`EncodeError`]). Reading allocates no more than it was
//! allowed to, and neither panics nor overflows the stack, whatever the bytes ([`DecodeError`]). What stands around
//! the bytes in an entry is another room's: [`format`](crate::format).

mod bounded;
mod budget;
mod checked;
mod decode;
mod encode;
mod sink;
#[cfg(test)]
mod tests;
mod watch;

pub(crate) use decode::{DecodeError, decode};
pub(crate) use encode::{EncodeError, encode};

use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// How values are written into entries on a server. The embedded cache keeps values as they are and needs none.
///
/// ```
/// use cache_runtime::Codec;
///
/// assert_eq!("bincode".parse(), Ok(Codec::default()));
/// assert_eq!(Codec::Bincode.to_string(), "bincode");
/// let unknown = "protobuf".parse::<Codec>().unwrap_err();
/// assert!(unknown.to_string().starts_with("unknown codec `protobuf`"));
/// ```
///
/// An entry says how it was written. So a codec can be changed at any time: entries that were written with another
/// one are read as long as that is compiled in, and are misses afterwards.
///
/// | codec | feature | size and speed | types |
/// |---|---|---|---|
/// | `bincode` | | smallest, fastest | the format does not describe itself, see below |
/// | `postcard` | `postcard` | about the same | as `bincode` |
/// | `msgpack` | `msgpack` | names of fields are written | all |
/// | `json` | `json` | largest, slowest; readable in `redis-cli` | maps need keys that are text or numbers; no `NaN` |
///
/// With bincode and postcard a type cannot use `#[serde(flatten)]`, `untagged`, `tag`, `skip_serializing_if`, nor
/// hold a `serde_json::Value`. Such a type is refused with a message that says so. It never is stored wrongly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// [bincode](https://docs.rs/bincode) 2, with integers of variable length.
    #[default]
    Bincode,
    /// [postcard](https://docs.rs/postcard), whose format is specified.
    #[cfg(feature = "postcard")]
    Postcard,
    /// [MessagePack](https://msgpack.org), with the names of fields.
    #[cfg(feature = "msgpack")]
    MessagePack,
    /// JSON.
    #[cfg(feature = "json")]
    Json,
}

/// Name, number in entries, whether this build has it. The numbers are for ever.
const KNOWN: [(&str, u8, Option<Codec>); 4] = [
    ("bincode", 1, Some(Codec::Bincode)),
    ("postcard", 2, {
        #[cfg(feature = "postcard")]
        let codec = Some(Codec::Postcard);
        #[cfg(not(feature = "postcard"))]
        let codec = None;
        codec
    }),
    ("msgpack", 3, {
        #[cfg(feature = "msgpack")]
        let codec = Some(Codec::MessagePack);
        #[cfg(not(feature = "msgpack"))]
        let codec = None;
        codec
    }),
    ("json", 4, {
        #[cfg(feature = "json")]
        let codec = Some(Codec::Json);
        #[cfg(not(feature = "json"))]
        let codec = None;
        codec
    }),
];

impl Codec {
    /// All that this build has.
    #[cfg(test)]
    pub(crate) fn all() -> impl Iterator<Item = Codec> {
        KNOWN.into_iter().filter_map(|(_, _, codec)| codec)
    }

    pub(crate) fn from_id(id: u8) -> Option<Self> {
        let (_, _, codec) = KNOWN.into_iter().find(|&(_, known, _)| known == id)?;
        codec
    }

    pub(crate) const fn id(self) -> u8 {
        KNOWN[self.row()].1
    }

    pub(crate) const fn name(self) -> &'static str {
        KNOWN[self.row()].0
    }

    /// Whether the bytes alone tell names and kinds. Otherwise they mean something only beside the type.
    pub(crate) const fn describes_itself(self) -> bool {
        match self {
            Codec::Bincode => false,
            #[cfg(feature = "postcard")]
            Codec::Postcard => false,
            #[cfg(feature = "msgpack")]
            Codec::MessagePack => true,
            #[cfg(feature = "json")]
            Codec::Json => true,
        }
    }

    pub(crate) const fn is_json(self) -> bool {
        #[cfg(feature = "json")]
        if matches!(self, Codec::Json) {
            return true;
        }
        false
    }

    const fn row(self) -> usize {
        match self {
            Codec::Bincode => 0,
            #[cfg(feature = "postcard")]
            Codec::Postcard => 1,
            #[cfg(feature = "msgpack")]
            Codec::MessagePack => 2,
            #[cfg(feature = "json")]
            Codec::Json => 3,
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Codec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl FromStr for Codec {
    type Err = UnknownCodec;

    fn from_str(name: &str) -> Result<Self, UnknownCodec> {
        match KNOWN.into_iter().find(|&(known, _, _)| known == name) {
            Some((_, _, Some(codec))) => Ok(codec),
            Some((name, _, None)) => Err(UnknownCodec::Missing { name }),
            None => Err(UnknownCodec::Unheard {
                name: name.to_owned(),
            }),
        }
    }
}

/// A name that is no [`Codec`] of this build.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnknownCodec {
    /// There is one of this name, but it is not compiled in.
    #[error("codec `{name}` is not compiled in; enable the feature `{name}` of cache-runtime")]
    Missing {
        /// Its name, which is also that of its feature.
        name: &'static str,
    },
    /// There is none.
    #[error("unknown codec `{name}`; expected `bincode`, `postcard`, `msgpack` or `json`")]
    Unheard {
        /// What was asked for.
        name: String,
    },
}
