//! Encryption of what is on a server, by keys that the server does not have.
//!
//! `docs/entry-format.md` has every byte. What is encrypted stands in an entry in place of its payload; what stands around it is
//! authenticated with it, and so is the entry's key.

mod ring;
mod xaes;

pub use ring::{EncryptionKeys, KeyRing, KeyRingError};

use crate::codec::EncodeError;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use xaes::Xaes256Gcm;
use zeroize::Zeroizing;

/// A key for AES-256 and the name by which entries refer to it.
///
/// ```
/// use cache_runtime::encryption::EncryptionKey;
///
/// # fn from_a_vault() -> [u8; 32] { [7; 32] }
/// let key = EncryptionKey::new("2026-11", from_a_vault())?;
/// assert_eq!(key.name(), "2026-11");
/// # Ok::<(), cache_runtime::encryption::KeyRingError>(())
/// ```
///
/// Entries are encrypted with XAES-256-GCM (C2SP): AES-256-GCM (NIST SP 800-38D) under a key that is derived for each entry
/// from this one and 192 random bits, so that one key serves for more entries than will ever be written.
pub struct EncryptionKey {
    name: Box<str>,
    cipher: Xaes256Gcm,
}

/// Names are part of every entry.
const LONGEST_NAME: usize = 32;

impl EncryptionKey {
    /// A key of 256 bits, drawn at random by whoever keeps it; not a password. Its name is no secret: 1 to 32 letters, digits,
    /// `-`, `_` and `.`, never used for another key.
    ///
    /// # Errors
    ///
    /// [`KeyRingError::Name`] for any other name.
    pub fn new(name: &str, key: [u8; 32]) -> Result<Self, KeyRingError> {
        let key = Zeroizing::new(key);
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(is_plain) {
            return Err(KeyRingError::Name);
        }
        Ok(EncryptionKey {
            name: name.into(),
            cipher: Xaes256Gcm::new(&key),
        })
    }

    /// What entries call it.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Not the key itself.
impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKey")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// How a value is encrypted, in one entry or several.
pub(crate) struct Sealer {
    key: Arc<EncryptionKey>,
    nonce: [u8; Xaes256Gcm::NONCE],
    /// Entries so far, each of which has a nonce of its own.
    sealed: AtomicU32,
}

impl Sealer {
    /// With nonces that nobody has used. `None`: this machine has no random numbers to give.
    pub(crate) fn new(key: Arc<EncryptionKey>) -> Option<Self> {
        let mut nonce = [0; Xaes256Gcm::NONCE];
        getrandom::fill(&mut nonce).ok()?;
        Some(Sealer::with_nonce(key, nonce))
    }

    /// With this nonce first.
    pub(crate) fn with_nonce(key: Arc<EncryptionKey>, nonce: [u8; Xaes256Gcm::NONCE]) -> Self {
        Sealer {
            key,
            nonce,
            sealed: AtomicU32::new(0),
        }
    }

    fn next_nonce(&self) -> [u8; Xaes256Gcm::NONCE] {
        let mut nonce = self.nonce;
        let nth = self.sealed.fetch_add(1, Ordering::Relaxed);
        let number = nonce.iter_mut().rev().zip(nth.to_le_bytes());
        number.for_each(|(byte, of_number)| *byte ^= of_number);
        nonce
    }

    /// How many bytes it adds.
    pub(crate) fn overhead(&self) -> usize {
        1 + self.key.name.len() + Xaes256Gcm::NONCE + Xaes256Gcm::TAG
    }

    /// Appends `plain`, encrypted, and what it takes to decrypt it, to `entry`, which is authenticated with it.
    pub(crate) fn seal(&self, entry: &mut Vec<u8>, plain: &[u8], associated: &[u8]) {
        let (name, nonce) = (self.key.name.as_bytes(), self.next_nonce());
        entry.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        entry.extend_from_slice(name);
        entry.extend_from_slice(&nonce);
        let start = entry.len();
        entry.extend_from_slice(plain);
        let tag = self
            .key
            .cipher
            .encrypt(&nonce, associated, &mut entry[start..]);
        entry.extend_from_slice(&tag);
    }
}

/// What a cache encrypts, and with what.
#[derive(Clone, Default)]
pub(crate) struct Encryption {
    pub(crate) keys: Option<Arc<dyn EncryptionKeys>>,
    /// Not only what is sensitive.
    pub(crate) everything: bool,
}

impl Encryption {
    /// Whether entries of a site that is `sensitive`, or not, are to be encrypted.
    pub(crate) fn is_for(&self, sensitive: bool) -> bool {
        self.keys.is_some() && (sensitive || self.everything)
    }

    /// How the next value of such a site is encrypted, if it is to be.
    pub(crate) fn sealer(&self, sensitive: bool) -> Result<Option<Sealer>, EncodeError> {
        match &self.keys {
            Some(keys) if self.is_for(sensitive) => {
                let key = asked(|| keys.current()).ok_or(EncodeError::NoCurrentKey)?;
                let sealer = Sealer::new(key).ok_or(EncodeError::NoRandomNumbers)?;
                Ok(Some(sealer))
            }
            _ => Ok(None),
        }
    }
}

/// What a provider of keys says, who may be anybody: one that panics has none.
fn asked<T>(ask: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(AssertUnwindSafe(ask)).ok()
}

impl fmt::Debug for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encryption")
            .field("is_on", &self.keys.is_some())
            .field("everything", &self.everything)
            .finish()
    }
}

/// Why something cannot be decrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Undecryptable<'b> {
    Malformed,
    /// The key of this name is not there.
    Key(&'b str),
    /// It, or what is authenticated with it, is not what was written.
    Forged,
}

/// The inverse of [`Sealer::seal`].
pub(crate) fn unseal<'b>(
    sealed: &'b [u8],
    associated: &[u8],
    keys: &dyn EncryptionKeys,
) -> Result<Vec<u8>, Undecryptable<'b>> {
    const MALFORMED: Undecryptable<'static> = Undecryptable::Malformed;
    let (&length, rest) = sealed.split_first().ok_or(MALFORMED)?;
    let (name, rest) = rest.split_at_checked(length.into()).ok_or(MALFORMED)?;
    let (nonce, rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
    let (encrypted, tag) = rest.split_last_chunk().ok_or(MALFORMED)?;
    let name = std::str::from_utf8(name).map_err(|_| MALFORMED)?;
    let key = asked(|| keys.find(name)).flatten();
    let key = key.ok_or(Undecryptable::Key(name))?;
    let mut plain = encrypted.to_vec();
    if key.cipher.decrypt(nonce, associated, &mut plain, tag) {
        Ok(plain)
    } else {
        Err(Undecryptable::Forged)
    }
}
