//! The seal: what an entry's validity hangs on, in eight bytes, and a hint at which guard broke it.

use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

/// Of the generations of all guards in their order, on the server with this replication id.
pub(crate) fn seal(replication_id: &str, generations: impl IntoIterator<Item = u64>) -> u64 {
    let mut generations = generations.into_iter();
    // As a rule all of it fits, and a hash in one go is several times as fast.
    let mut bytes = [0; 256];
    let mut length = 0;
    if let Some(front) = bytes.get_mut(..replication_id.len()) {
        front.copy_from_slice(replication_id.as_bytes());
        length = replication_id.len();
        while let Some(room) = bytes.get_mut(length..length + 8) {
            let Some(generation) = generations.next() else {
                return xxh3_64(&bytes[..length]);
            };
            room.copy_from_slice(&generation.to_le_bytes());
            length += 8;
        }
    }
    let mut hash = Xxh3Default::new();
    if length == 0 {
        hash.update(replication_id.as_bytes());
    }
    hash.update(&bytes[..length]);
    for generation in generations {
        hash.update(&generation.to_le_bytes());
    }
    hash.digest()
}

/// A byte of one guard's generation. An entry carries one a guard, so that it can be told which of them has ended;
/// only the seal says whether one has.
pub(crate) fn check(generation: u64) -> u8 {
    generation.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh3::xxh3_64;

    #[test]
    fn a_seal_is_the_hash_of_one_run_of_bytes() {
        let id = "8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb";
        let mut bytes = id.as_bytes().to_vec();
        for count in 0..40u64 {
            let generations = (0..count).map(|n| n * 0x0123_4567_89ab);
            assert_eq!(seal(id, generations), xxh3_64(&bytes));
            bytes.extend((count * 0x0123_4567_89ab).to_le_bytes());
        }
    }

    #[test]
    fn an_id_of_any_length_counts() {
        for length in [0, 40, 255, 256, 257, 400] {
            let id = "x".repeat(length);
            let bytes = [id.as_bytes(), &7u64.to_le_bytes(), &9u64.to_le_bytes()].concat();
            assert_eq!(seal(&id, [7, 9]), xxh3_64(&bytes), "{length}");
        }
    }

    #[test]
    fn order_number_and_server_count() {
        let seals = [
            seal("a", []),
            seal("a", [0]),
            seal("a", [1, 2]),
            seal("a", [2, 1]),
            seal("b", [1, 2]),
        ];
        for (at, one) in seals.iter().enumerate() {
            assert!(!seals[at + 1..].contains(one));
        }
        assert_eq!(check(0x1234), 0x34);
    }
}
