//! Entries: the bytes that are written for ever, and everything that can be wrong with them.

mod damage;
#[cfg(feature = "encryption")]
mod encrypted;
mod golden;
mod sizes;

use super::fuzz::{Profile, Role};
use super::{Compression, Head, Payload, Untrusted, fingerprint_in_place, open, write};
use crate::codec::Codec;
use crate::generation::Guard;
use crate::schema;
use std::time::Duration;

const KEY: &str = super::fuzz::KEY;
const LIMIT: usize = 1 << 20;
const SEAL: u64 = 0x0102_0304_0506_0708;

fn profile() -> Profile {
    Profile {
        id: 42,
        name: "Ada Lovelace".to_owned(),
        roles: vec![
            Role::Guest,
            Role::Member(1843),
            Role::Owner {
                of: vec![Role::Guest],
            },
        ],
        seen: Some(-3_686_400),
        by_day: [("Monday".to_owned(), (1, true))].into(),
    }
}

/// With a name long enough to be compressed.
fn long_profile() -> Profile {
    Profile {
        name: "Augusta Ada King, Countess of Lovelace. ".repeat(60),
        ..profile()
    }
}

fn head() -> Head<'static> {
    Head {
        schema: schema(),
        seal: SEAL,
        declared: None,
        made: 1_700_000_000_000,
        fresh_for: Some(Duration::from_secs(300)),
        idle: None,
        provisional: false,
        cost: Duration::from_millis(20),
        checks: &[1, 2, 3, 4, 5],
        guards: &[(Guard::Tag, "user:42"), (Guard::Tag, "profiles")],
    }
}

fn schema() -> u32 {
    schema::of::<Profile>().fingerprint as u32
}

fn payload(codec: Codec) -> Payload {
    Payload::of(&profile(), codec, Compression::default(), LIMIT).expect("written")
}

fn read(entry: &[u8]) -> Result<Profile, Untrusted> {
    let opened = open(entry, KEY)?;
    opened.expect_schema(schema())?;
    opened.verify()?;
    opened.decode(LIMIT, None)
}
