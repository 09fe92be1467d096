//! Where everything stands. Numbers here are for ever; another layout is another [`VERSION`].

use std::ops::Range;

/// No text begins so, and no MessagePack.
pub(super) const MAGIC: u8 = 0xc1;
/// In the high four bits of the second byte, over the codec.
pub(super) const VERSION: u8 = 1;

pub(super) const CHECKSUM: Range<usize> = 3..7;
pub(super) const SEAL: Range<usize> = 7..15;
pub(super) const SCHEMA: Range<usize> = 15..19;
pub(super) const MADE: Range<usize> = 19..24;
/// What has no fixed place begins here.
pub(super) const VARIABLE: usize = 24;

/// In place of a codec, where there is no value: the function found nothing.
pub(super) const NO_CODEC: u8 = 0;

/// Added to the codec of a payload that is encrypted.
pub(super) const ENCRYPTED: u8 = 8;
/// Bytes by which a payload becomes longer when it is encrypted, at most.
pub(super) const ENCRYPTION: usize = 1 + 32 + 24 + 16;

/// Times of day count from the beginning of 2020, in milliseconds since 1970.
pub(super) const EPOCH: u64 = 1_577_836_800_000;
/// The latest that can be written, in 2054.
pub(super) const LATEST: u64 = (1 << 40) - 1;

/// How the payload is compressed, of the third byte's flags.
pub(super) const COMPRESSION: u8 = 0b11;
pub(super) const LZ4: u8 = 1;
#[cfg(feature = "zstd")]
pub(super) const ZSTD: u8 = 2;
/// It dies when nobody reads it for some time, which follows.
pub(super) const IDLE: u8 = 1 << 2;
/// Something past its time to live is part of the value: what is made of it is fresh for no longer than it is.
pub(super) const PROVISIONAL: u8 = 1 << 3;
/// A fingerprint of the declared tags follows.
pub(super) const DECLARED: u8 = 1 << 4;
/// It stays fresh for some time only, which follows.
pub(super) const FRESH_FOR: u8 = 1 << 5;
/// How many guards are listed, in the two highest bits.
pub(super) const GUARDS: u8 = 6;
/// So many or more: the number follows.
pub(super) const MANY_GUARDS: usize = 3;
