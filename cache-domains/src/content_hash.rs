//! Keys made of contents.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha512_256};
use std::fmt;

/// A hash of contents, for keys of what follows from these alone: of 256 bits (of one content SHA-256, FIPS 180-4), as 64 hexadecimal
/// digits. Nobody can find
/// two contents with one hash, so it is safe where contents come from outside.
///
/// ```
/// use cache_domains::ContentHash;
///
/// let hash = ContentHash::of(b"abc");
/// assert_eq!(
///     hash.as_str(),
///     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContentHash(String);

impl ContentHash {
    /// Of one content.
    pub fn of(content: impl AsRef<[u8]>) -> Self {
        ContentHash(hexadecimal(&Sha256::digest(content)))
    }

    /// Of several in their order. The length of each counts, so that none runs into the next; the hash is another one
    /// (SHA-512/256, FIPS 180-4), so that no single content has it, either.
    ///
    /// ```
    /// use cache_domains::ContentHash;
    ///
    /// assert_ne!(ContentHash::of_all(["ab", "c"]), ContentHash::of_all(["a", "bc"]));
    /// assert_ne!(ContentHash::of_all(["a"]), ContentHash::of(b"\0\0\0\0\0\0\0\x01a"));
    /// ```
    pub fn of_all<C: AsRef<[u8]>>(contents: impl IntoIterator<Item = C>) -> Self {
        let mut hasher = Sha512_256::new();
        for content in contents {
            let content = content.as_ref();
            hasher.update((content.len() as u64).to_be_bytes());
            hasher.update(content);
        }
        ContentHash(hexadecimal(&hasher.finalize()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.collect()
}
