//! Entries that are encrypted: what somebody can see of them who has no key, and what can be changed.

use super::golden::golden;
use super::*;
use crate::encryption::{EncryptionKey, EncryptionKeys, KeyRing, Sealer};
use crate::format::checksum::checksum;
use crate::format::layout::CHECKSUM;

fn ring(name: &str, byte: u8) -> KeyRing {
    KeyRing::new(EncryptionKey::new(name, [byte; 32]).expect("a name"))
}

fn sealer(ring: &KeyRing) -> Option<Sealer> {
    Some(Sealer::with_nonce(
        ring.current(),
        *b"ABCDEFGHIJKLMNOPQRSTUVWX",
    ))
}

fn sealed(ring: &KeyRing) -> Vec<u8> {
    let payload = payload(Codec::Bincode).sealed(sealer(ring));
    write(KEY, &head(), &payload)
}

fn read_with(entry: &[u8], key: &str, keys: &KeyRing) -> Result<Profile, Untrusted> {
    let opened = open(entry, key)?;
    opened.expect_schema(schema())?;
    opened.verify()?;
    opened.decode(LIMIT, Some(keys))
}

/// As somebody does who cannot encrypt, and can compute a checksum.
fn forged(mut entry: Vec<u8>, key: &str, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    change(&mut entry);
    let right = checksum(&entry, key).to_le_bytes();
    entry[CHECKSUM].copy_from_slice(&right);
    entry
}

#[test]
fn an_encrypted_entry_is_pinned() {
    let keys = ring("2026-11", 3);
    let entry = golden!(
        "encrypted",
        "a profile as in `bincode.hex`, encrypted with the key `2026-11`, which is 32 times 03, and the nonce \
         `ABCDEFGHIJKLMNOPQRSTUVWX`",
        sealed(&keys)
    );
    assert_eq!(read_with(&entry, KEY, &keys), Ok(profile()));
    let opened = open(&entry, KEY).expect("an entry");
    assert!(opened.is_encrypted() && !opened.is_absent());
    assert_eq!(opened.codec(), Some(Codec::Bincode));
    assert_eq!(opened.seal(), SEAL);
}

#[test]
fn an_encrypted_absence_is_pinned_and_cannot_be_made_up() {
    let keys = ring("2026-11", 3);
    let absent = Payload::absent().sealed(sealer(&keys));
    let entry = golden!(
        "encrypted_absent",
        "that there is no value, encrypted with the key and the nonce of `encrypted.hex`",
        write(KEY, &head(), &absent)
    );
    let opened = open(&entry, KEY).expect("an entry");
    assert!(opened.is_encrypted() && opened.is_absent());
    assert_eq!(opened.verify(), Ok(()));
    assert_eq!(opened.confirm_absence(Some(&keys)), Ok(()));
    assert_eq!(opened.confirm_absence(None), Err(Untrusted::Key));
    assert_eq!(
        opened.decode::<Profile>(LIMIT, Some(&keys)),
        Err(Untrusted::Decoding)
    );
    // Of a value.
    let made_up = forged(sealed(&keys), KEY, |entry| entry[1] &= 0xf8);
    let opened = open(&made_up, KEY).expect("looks like an entry");
    assert!(opened.is_absent() && opened.verify().is_ok());
    assert_eq!(opened.confirm_absence(Some(&keys)), Err(Untrusted::Forged));
}

#[test]
fn nothing_of_the_value_can_be_seen() {
    let keys = ring("2026-11", 3);
    let contains = |entry: &[u8], text: &[u8]| entry.windows(text.len()).any(|it| it == text);
    let clear = write(KEY, &head(), &payload(Codec::Bincode));
    for text in [&b"Ada"[..], b"Lovelace", b"Monday"] {
        assert!(contains(&clear, text));
        assert!(!contains(&sealed(&keys), text));
    }
}

#[test]
fn without_the_right_key_it_is_none() {
    let entry = sealed(&ring("2026-11", 3));
    let no_key = open(&entry, KEY).and_then(|opened| opened.decode::<Profile>(LIMIT, None));
    assert_eq!(no_key, Err(Untrusted::Key));
    let read = |keys: KeyRing| read_with(&entry, KEY, &keys);
    assert_eq!(read(ring("2026-12", 3)), Err(Untrusted::Key));
    assert_eq!(read(ring("2026-11", 4)), Err(Untrusted::Forged));
    // After the key was changed.
    let old = EncryptionKey::new("2026-11", [3; 32]).expect("a name");
    assert_eq!(read(ring("2026-12", 4).and(old)), Ok(profile()));
}

/// Every byte of the entry and the key that it stands under, where the checksum is put right again.
#[test]
fn nothing_of_it_can_be_changed_or_moved() {
    let keys = ring("2026-11", 3);
    let entry = sealed(&keys);
    for at in (0..entry.len()).filter(|at| !CHECKSUM.contains(at)) {
        for bit in 0..8 {
            let changed = forged(entry.clone(), KEY, |entry| entry[at] ^= 1 << bit);
            let read = read_with(&changed, KEY, &keys);
            assert!(read.is_err(), "bit {bit} of byte {at}: {read:?}");
        }
    }
    let other = "user:43:profile";
    let moved = forged(entry, other, |_| {});
    assert_eq!(open(&moved, other).and_then(|it| it.verify()), Ok(()));
    assert_eq!(read_with(&moved, other, &keys), Err(Untrusted::Forged));
}

/// A record stands under several keys; what is the same in them looks different.
#[test]
fn every_entry_of_a_value_has_a_nonce_of_its_own() {
    let keys = ring("2026-11", 3);
    let payload = payload(Codec::Bincode).sealed(sealer(&keys));
    let entries: Vec<Vec<u8>> = (0..300).map(|_| write(KEY, &head(), &payload)).collect();
    let ends: std::collections::HashSet<&[u8]> = entries
        .iter()
        .map(|entry| &entry[entry.len() - payload.len()..])
        .collect();
    assert_eq!(ends.len(), entries.len());
    for entry in &entries {
        assert_eq!(read_with(entry, KEY, &keys), Ok(profile()));
    }
    let drawn = [(); 2].map(|()| Sealer::new(keys.current()).expect("random numbers"));
    let [first, second] = drawn.map(|sealer| {
        let payload = Payload::absent().sealed(Some(sealer));
        write(KEY, &head(), &payload)
    });
    assert_ne!(first, second);
}

#[test]
fn what_is_too_short_to_be_encrypted_is_refused() {
    let keys = ring("2026-11", 3);
    let entry = sealed(&keys);
    let length = payload(Codec::Bincode).sealed(sealer(&keys)).len();
    for kept in 0..length {
        let cut = entry[..entry.len() - length + kept].to_vec();
        let cut = forged(cut, KEY, |_| {});
        assert!(read_with(&cut, KEY, &keys).is_err(), "{kept} bytes");
    }
}
