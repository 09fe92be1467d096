//! What a fuzzer throws its bytes at: everything between bytes from a server and a value.

use super::{Compression, Head, Payload, Untrusted, open, write};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

pub(crate) const KEY: &str = "user:42:profile";
const LIMIT: usize = 1 << 16;

/// A type with one of everything that can be long, deep or many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) roles: Vec<Role>,
    pub(crate) seen: Option<i64>,
    pub(crate) by_day: BTreeMap<String, (u16, bool)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Role {
    Guest,
    Member(u32),
    Owner { of: Vec<Role> },
    Either(Box<Role>, Box<Role>),
}

/// Reads `bytes` as an entry, and what it holds as several types, whether or not the checksum is right: who forges an
/// entry can forge its checksum. Panics if that breaks a promise.
pub(crate) fn entry(bytes: &[u8]) {
    let Ok(opened) = open(bytes, KEY) else {
        return;
    };
    let verified = opened.verify();
    assert_eq!(opened.guards().len(), opened.guards().count());
    for (_, name) in opened.guards() {
        assert!(name.len() <= KEY.len() + bytes.len());
    }
    assert!(opened.is_absent() || opened.codec().is_some());

    let profile = opened.decode::<Profile>(LIMIT, None);
    let _ = opened.decode::<Vec<Vec<Vec<()>>>>(LIMIT, None);
    let _ = opened.decode::<HashMap<String, Vec<Option<[u64; 32]>>>>(LIMIT, None);
    #[cfg(feature = "json")]
    let _ = opened.decode::<serde_json::Value>(LIMIT, None);
    if let Ok(profile) = profile {
        is_written_again(&profile, &opened);
    }
    if verified.is_ok() {
        let mut other = bytes.to_vec();
        other[bytes.len() / 2] ^= 1;
        let opened = open(&other, KEY).and_then(|opened| opened.verify());
        assert!(opened.is_err(), "a flipped bit was not noticed");
        let moved = open(bytes, "user:42:profilf").map(|opened| opened.verify());
        assert!(!matches!(moved, Ok(Ok(()))), "another key was not noticed");
    }
}

/// What could be read can be written, and is read as the same.
fn is_written_again(profile: &Profile, opened: &super::Opened<'_>) {
    let Some(codec) = opened.codec() else {
        return;
    };
    let payload = Payload::of(profile, codec, Compression::Lz4, LIMIT);
    let payload = payload.expect("a value that was read can be written");
    let guards: Vec<_> = opened.guards().collect();
    let guards: Vec<_> = guards
        .iter()
        .map(|(guard, name)| (*guard, &**name))
        .collect();
    let head = Head {
        schema: opened.schema(),
        seal: opened.seal(),
        declared: opened.declared(),
        made: opened.made(),
        fresh_for: opened.fresh_for(),
        idle: opened.idle(),
        provisional: opened.is_provisional(),
        cost: opened.cost(),
        checks: opened.checks(),
        guards: &guards,
    };
    let entry = write(KEY, &head, &payload);
    let again = open(&entry, KEY).expect("just written");
    assert_eq!(again.verify(), Ok(()));
    assert_eq!(again.checks(), opened.checks());
    assert_eq!(again.made(), opened.made());
    assert_eq!(again.fresh_for(), opened.fresh_for());
    assert_eq!(again.idle(), opened.idle());
    assert_eq!(again.is_provisional(), opened.is_provisional());
    assert_eq!(again.cost(), opened.cost());
    assert!(again.guards().eq(opened.guards()));
    let read: Result<Profile, Untrusted> = again.decode(LIMIT, None);
    assert_eq!(read.as_ref(), Ok(profile));
}
