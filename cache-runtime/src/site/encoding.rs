//! How a site's values are written on a server, where its author has chosen: `codec = …` and `compress = …`.
//!
//! Expansions name the choices as functions, which exist whatever the features are. One that this build does not have
//! ends the compilation. Without a server nothing is written, so then all may be chosen.

#[cfg(feature = "redis")]
use crate::codec::Codec;
#[cfg(feature = "redis")]
use crate::format::Compression;

/// `codec = …`, by its name.
#[derive(Clone, Copy)]
#[cfg_attr(
    not(feature = "redis"),
    allow(dead_code, reason = "nothing is encoded")
)]
pub struct ChosenCodec(&'static str);

/// `compress = …`
#[derive(Clone, Copy)]
#[cfg_attr(
    not(feature = "redis"),
    allow(dead_code, reason = "nothing is compressed")
)]
pub struct ChosenCompression(Choice);

#[derive(Clone, Copy)]
enum Choice {
    Off,
    Lz4,
    Zstd,
}

#[cfg(feature = "redis")]
impl ChosenCodec {
    pub(super) fn codec(self) -> Option<Codec> {
        self.0.parse().ok()
    }
}

#[cfg(feature = "redis")]
impl ChosenCompression {
    pub(super) fn compression(self) -> Compression {
        match self.0 {
            Choice::Off => Compression::Off,
            #[cfg(feature = "zstd")]
            Choice::Zstd => Compression::Zstd,
            // That `zstd` is missing was said when the program was compiled.
            _ => Compression::Lz4,
        }
    }
}

/// The error is reported at the attribute, not in here.
#[track_caller]
const fn built_in(is_it: bool, otherwise: &'static str) {
    if cfg!(feature = "redis") && !is_it {
        panic!("{}", otherwise);
    }
}

pub mod codecs {
    use super::{ChosenCodec, built_in};

    pub const fn bincode() -> ChosenCodec {
        ChosenCodec("bincode")
    }

    #[track_caller]
    pub const fn postcard() -> ChosenCodec {
        built_in(
            cfg!(feature = "postcard"),
            "`codec = postcard` needs the feature `postcard` of cache-runtime",
        );
        ChosenCodec("postcard")
    }

    #[track_caller]
    pub const fn msgpack() -> ChosenCodec {
        built_in(
            cfg!(feature = "msgpack"),
            "`codec = msgpack` needs the feature `msgpack` of cache-runtime",
        );
        ChosenCodec("msgpack")
    }

    #[track_caller]
    pub const fn json() -> ChosenCodec {
        built_in(
            cfg!(feature = "json"),
            "`codec = json` needs the feature `json` of cache-runtime",
        );
        ChosenCodec("json")
    }
}

pub mod compressions {
    use super::{Choice, ChosenCompression, built_in};

    pub const fn off() -> ChosenCompression {
        ChosenCompression(Choice::Off)
    }

    pub const fn lz4() -> ChosenCompression {
        ChosenCompression(Choice::Lz4)
    }

    #[track_caller]
    pub const fn zstd() -> ChosenCompression {
        built_in(
            cfg!(feature = "zstd"),
            "`compress = zstd` needs the feature `zstd` of cache-runtime",
        );
        ChosenCompression(Choice::Zstd)
    }
}
