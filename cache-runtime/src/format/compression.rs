//! Compression of payloads.

use super::layout::LZ4;
#[cfg(feature = "zstd")]
use super::layout::ZSTD;
use super::read::Untrusted;
use super::varint::{Out, take_varint};

/// Shorter payloads are stored as they are: the time is better spent on the network.
const WORTHWHILE: usize = 1024;
/// A block of LZ4 is longer than its content by this factor at most.
const LZ4_FACTOR: usize = 255;
#[cfg(feature = "zstd")]
const ZSTD_LEVEL: i32 = 1;

/// How payloads are compressed, those from 1024 bytes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Compression {
    Off,
    #[default]
    Lz4,
    #[cfg(feature = "zstd")]
    Zstd,
}

/// What is stored in place of `bytes` and the flag for it, if that saves an eighth.
pub(super) fn compress(bytes: &[u8], with: Compression) -> Option<(u8, Vec<u8>)> {
    if bytes.len() < WORTHWHILE {
        return None;
    }
    let (flag, stored) = match with {
        Compression::Off => return None,
        Compression::Lz4 => (LZ4, lz4(bytes)?),
        #[cfg(feature = "zstd")]
        Compression::Zstd => (ZSTD, zstd(bytes)?),
    };
    (stored.len() <= bytes.len() - bytes.len() / 8).then_some((flag, stored))
}

/// The inverse. Whoever wrote `stored` may claim any length: one beyond `limit` is not allocated.
pub(super) fn decompress(flag: u8, mut stored: &[u8], limit: usize) -> Result<Vec<u8>, Untrusted> {
    let length = take_varint(&mut stored).ok_or(Untrusted::Compression)?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > limit {
        return Err(Untrusted::Length);
    }
    let bytes = match flag {
        LZ4 if length <= stored.len().saturating_mul(LZ4_FACTOR) => {
            let mut bytes = vec![0; length];
            let written = lz4_flex::block::decompress_into(stored, &mut bytes);
            bytes.truncate(written.map_err(|_| Untrusted::Compression)?);
            bytes
        }
        #[cfg(feature = "zstd")]
        ZSTD => ::zstd::bulk::decompress(stored, length).map_err(|_| Untrusted::Compression)?,
        _ => return Err(Untrusted::Compression),
    };
    if bytes.len() == length {
        Ok(bytes)
    } else {
        Err(Untrusted::Compression)
    }
}

fn headed(bytes: &[u8], room: usize) -> Vec<u8> {
    let mut stored = Vec::with_capacity(10 + room);
    stored.put_varint(bytes.len() as u64);
    stored
}

fn lz4(bytes: &[u8]) -> Option<Vec<u8>> {
    let room = lz4_flex::block::get_maximum_output_size(bytes.len());
    let mut stored = headed(bytes, room);
    let head = stored.len();
    stored.resize(head + room, 0);
    let written = lz4_flex::block::compress_into(bytes, &mut stored[head..]).ok()?;
    stored.truncate(head + written);
    Some(stored)
}

#[cfg(feature = "zstd")]
fn zstd(bytes: &[u8]) -> Option<Vec<u8>> {
    let block = ::zstd::bulk::compress(bytes, ZSTD_LEVEL).ok()?;
    let mut stored = headed(bytes, block.len());
    stored.put(&block);
    Some(stored)
}
