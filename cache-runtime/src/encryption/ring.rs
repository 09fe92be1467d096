//! Where keys come from.

use super::EncryptionKey;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Keys by name: what entries are encrypted with, and what they can be decrypted with.
///
/// A [`KeyRing`] holds keys that do not change. Implement it for whoever asks a vault; it is asked at every entry, so it has
/// to have the answer at hand.
///
/// ```
/// use cache_runtime::encryption::{EncryptionKey, EncryptionKeys};
/// use std::sync::{Arc, RwLock};
///
/// /// Renewed by a task in the background.
/// struct Vault(RwLock<Vec<Arc<EncryptionKey>>>);
///
/// impl EncryptionKeys for Vault {
///     fn current(&self) -> Arc<EncryptionKey> {
///         Arc::clone(&self.0.read().expect("no panic")[0])
///     }
///     fn find(&self, name: &str) -> Option<Arc<EncryptionKey>> {
///         let keys = self.0.read().expect("no panic");
///         keys.iter().find(|key| key.name() == name).cloned()
///     }
/// }
/// ```
pub trait EncryptionKeys: Send + Sync + 'static {
    /// The key for what is written from now on.
    fn current(&self) -> Arc<EncryptionKey>;

    /// The key of this name, if it is still there. Without it, what was encrypted with it is a miss.
    fn find(&self, name: &str) -> Option<Arc<EncryptionKey>>;
}

/// Keys that do not change while the program runs: one to write, that one and others to read.
///
/// ```
/// use cache_runtime::Cache;
/// use cache_runtime::encryption::{EncryptionKey, KeyRing};
///
/// # fn from_a_vault(_: &str) -> [u8; 32] { [7; 32] }
/// # fn main() -> Result<(), cache_runtime::encryption::KeyRingError> {
/// let keys = KeyRing::new(EncryptionKey::new("2026-11", from_a_vault("2026-11"))?)
///     .and(EncryptionKey::new("2026-05", from_a_vault("2026-05"))?);
/// let builder = Cache::builder().encryption(keys);
/// # Ok(()) }
/// ```
///
/// To change keys without a wave of misses, first give all processes the new key as one to read (`and`), then make it the one to
/// write, and take the old one away when what it has written has expired.
#[derive(Debug)]
pub struct KeyRing {
    current: Arc<EncryptionKey>,
    others: Vec<Arc<EncryptionKey>>,
}

/// Why a key or a ring of keys cannot be used. It does not quote keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// The name of a key.
    #[error("a key's name is made of 1 to 32 letters, digits, `-`, `_` and `.`")]
    Name,
    /// A key in text.
    #[error("a key is 64 hexadecimal digits, as `openssl rand -hex 32` makes them")]
    Key,
    /// A ring in text.
    #[error("a ring of keys is `{{name}}:{{key}}`, or several with commas between them")]
    Ring,
    /// Two keys of one name.
    #[error("two keys have one name")]
    Twice,
    /// One of several keys in text.
    #[error("key {number} of the ring: {why}")]
    Nth {
        /// Which, counted from 1.
        number: usize,
        /// What is wrong with it.
        why: Box<KeyRingError>,
    },
}

impl KeyRing {
    /// This key writes and reads.
    pub fn new(current: EncryptionKey) -> Self {
        KeyRing {
            current: Arc::new(current),
            others: Vec::new(),
        }
    }

    /// This one reads as well.
    ///
    /// # Panics
    ///
    /// If there is a key of its name already: entries say by which name they were encrypted.
    #[must_use]
    pub fn and(mut self, other: EncryptionKey) -> Self {
        let name = other.name();
        assert!(self.find(name).is_none(), "two keys have the name `{name}`");
        self.others.push(Arc::new(other));
        self
    }

    /// Reads `2026-11:64 hexadecimal digits,2026-05:…`. The first writes.
    ///
    /// ```
    /// use cache_runtime::encryption::{EncryptionKeys, KeyRing};
    ///
    /// let text = format!("2026-11:{},2026-05:{}", "ab".repeat(32), "07".repeat(32));
    /// let keys = KeyRing::parse(&text)?;
    /// assert_eq!(keys.current().name(), "2026-11");
    /// assert!(keys.find("2026-05").is_some());
    /// # Ok::<(), cache_runtime::encryption::KeyRingError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What is wrong, without the keys.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let mut ring: Option<KeyRing> = None;
        let is_one = !text.contains(',');
        for (nth, item) in text.split(',').enumerate() {
            let key = key_of(item).and_then(|key| match &ring {
                Some(ring) if ring.find(key.name()).is_some() => Err(KeyRingError::Twice),
                _ => Ok(key),
            });
            let key = key.map_err(|why| match is_one {
                true => why,
                false => KeyRingError::Nth {
                    number: nth + 1,
                    why: Box::new(why),
                },
            })?;
            ring = Some(match ring {
                None => KeyRing::new(key),
                Some(ring) => ring.and(key),
            });
        }
        ring.ok_or(KeyRingError::Ring)
    }
}

impl EncryptionKeys for KeyRing {
    fn current(&self) -> Arc<EncryptionKey> {
        Arc::clone(&self.current)
    }

    fn find(&self, name: &str) -> Option<Arc<EncryptionKey>> {
        let mut keys = std::iter::once(&self.current).chain(&self.others);
        keys.find(|key| key.name() == name).cloned()
    }
}

/// `2026-11:64 hexadecimal digits`.
fn key_of(text: &str) -> Result<EncryptionKey, KeyRingError> {
    let (name, key) = text.trim().split_once(':').ok_or(KeyRingError::Ring)?;
    EncryptionKey::new(name.trim(), *bytes_of(key.trim())?)
}

fn bytes_of(digits: &str) -> Result<Zeroizing<[u8; 32]>, KeyRingError> {
    let mut bytes = Zeroizing::new([0; 32]);
    if digits.len() != 2 * bytes.len() {
        return Err(KeyRingError::Key);
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16).ok_or(KeyRingError::Key);
        *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_no_part_of_a_key() {
        let key = "5e".repeat(32);
        let longest = "o".repeat(32);
        let text = format!(" new : {key} ,old: {key},{longest}:{key}\n");
        let ring = KeyRing::parse(&text).expect("a ring");
        assert_eq!(ring.current().name(), "new");
        for name in ["new", "old", &longest] {
            assert_eq!(ring.find(name).expect("it is there").name(), name);
        }
        assert!(ring.find("other").is_none());
    }

    #[test]
    fn a_text_that_is_no_ring_says_why_without_quoting_it() {
        let key = "5e".repeat(32);
        let nth = |number, why| KeyRingError::Nth {
            number,
            why: Box::new(why),
        };
        for (text, error) in [
            (String::new(), KeyRingError::Ring),
            (key.clone(), KeyRingError::Ring),
            (format!("a:{key},"), nth(2, KeyRingError::Ring)),
            (format!("a:{key},b:5e"), nth(2, KeyRingError::Key)),
            (format!("a:5e,b:{key}"), nth(1, KeyRingError::Key)),
            (format!(":{key}"), KeyRingError::Name),
            (format!("a b:{key}"), KeyRingError::Name),
            (format!("{}:{key}", "a".repeat(33)), KeyRingError::Name),
            (format!("a:{key}5"), KeyRingError::Key),
            (format!("a:{}", "xy".repeat(32)), KeyRingError::Key),
            (format!("a:{}", "é".repeat(32)), KeyRingError::Key),
            (
                format!("a:{key},b:{key},a:{key}"),
                nth(3, KeyRingError::Twice),
            ),
        ] {
            let told = KeyRing::parse(&text).expect_err(&text);
            assert_eq!(told, error, "{text}");
            assert!(!told.to_string().contains("5e5e"));
        }
        let ring = KeyRing::parse(&format!("a:{key}")).expect("a ring");
        assert!(!format!("{ring:?}").contains("5e"), "{ring:?}");
    }
}
