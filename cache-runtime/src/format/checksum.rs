//! The checksum: whether an entry is what was written, and written under this key.

use super::layout::{CHECKSUM, SEAL};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Over everything but itself. What stands before it and the key go in as seed, so that an entry copied to another
/// key, by a mistake or on purpose, is not taken for that key's.
///
/// `entry` has at least a whole fixed part.
pub(super) fn checksum(entry: &[u8], key: &str) -> u32 {
    let (before, after) = (&entry[..CHECKSUM.start], &entry[CHECKSUM.end..]);
    let first = u64::from_le_bytes([before[0], before[1], before[2], 0, 0, 0, 0, 0]);
    xxh3_64_with_seed(after, xxh3_64_with_seed(key.as_bytes(), first)) as u32
}

/// The bytes by which a script on the server sees whether an entry has changed: its checksum and its seal, always at
/// the same place. As the server cuts it, of what is too short to be an entry.
pub(crate) fn fingerprint_in_place(bytes: &[u8]) -> &[u8] {
    let end = SEAL.end.min(bytes.len());
    bytes.get(CHECKSUM.start..end).unwrap_or_default()
}
