//! Writing an entry.

use super::checksum::checksum;
use super::guards::put_guard;
use super::layout::{
    CHECKSUM, DECLARED, EPOCH, FRESH_FOR, GUARDS, IDLE, LATEST, MADE, MAGIC, MANY_GUARDS,
    PROVISIONAL, VERSION,
};
use super::payload::Payload;
use super::time;
use super::varint::{Length, Out};
use crate::cost::Cost;
use crate::generation::Guard;
use crate::key::scopes;
use std::time::Duration;

/// What stands before the payload, but for what follows from it.
pub(crate) struct Head<'a> {
    /// The fingerprint of the value's type, with the version of the function that stores it.
    pub(crate) schema: u32,
    pub(crate) seal: u64,
    /// When it is stored, in milliseconds of the server's clock since 1970; from 2020 to 2054.
    pub(crate) made: u64,
    /// A fingerprint of the tags that the function declares, where others come from the value.
    pub(crate) declared: Option<u64>,
    /// In whole milliseconds, below 2^62; without it, for ever.
    pub(crate) fresh_for: Option<Duration>,
    /// How long it lives when nobody reads it, if that matters.
    pub(crate) idle: Option<Duration>,
    /// Whether something past its time to live is part of the value.
    pub(crate) provisional: bool,
    /// Of computing the value, rounded as [`Cost`] does.
    pub(crate) cost: Duration,
    /// One a guard: first those of the key's scopes, the root's before all, then those of `guards`.
    pub(crate) checks: &'a [u8],
    /// All but the scopes of the entry's own key.
    pub(crate) guards: &'a [(Guard, &'a str)],
}

/// The entry for `key`, ready to be stored.
pub(crate) fn write(key: &str, head: &Head<'_>, payload: &Payload) -> Vec<u8> {
    let mut length = Length::default();
    head.put(key, payload, &mut length);
    let mut entry = Vec::with_capacity(length.0 + payload.len());
    head.put(key, payload, &mut entry);
    payload.put(key, &mut entry);
    debug_assert_eq!(entry.len(), length.0 + payload.len());
    let checksum = checksum(&entry, key);
    entry[CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
    entry
}

impl Head<'_> {
    fn put(&self, key: &str, payload: &Payload, out: &mut impl Out) {
        out.put(&[MAGIC, VERSION << 4 | payload.codec(), self.flags(payload)]);
        out.put(&[0; CHECKSUM.end - CHECKSUM.start]);
        out.put(&self.seal.to_le_bytes());
        out.put(&self.schema.to_le_bytes());
        let made = self.made.saturating_sub(EPOCH).min(LATEST).to_le_bytes();
        out.put(&made[..MADE.end - MADE.start]);
        if let Some(declared) = self.declared {
            out.put(&declared.to_le_bytes());
        }
        if let Some(fresh_for) = self.fresh_for {
            out.put_varint(time::to_number(fresh_for));
        }
        if let Some(idle) = self.idle {
            out.put_varint(time::to_number(idle));
        }
        out.put(&[Cost::of(self.cost).0]);
        if self.guards.len() >= MANY_GUARDS {
            out.put_varint(self.guards.len() as u64);
        }
        self.put_checks(key, out);
        let mut last = "";
        for &(guard, name) in self.guards {
            put_guard(key, last, guard, name, out);
            last = name;
        }
    }

    /// Exactly as many as a reader expects, whatever was given.
    fn put_checks(&self, key: &str, out: &mut impl Out) {
        let count = scopes(key).count() + self.guards.len();
        debug_assert_eq!(self.checks.len(), count, "one a guard");
        let given = self.checks.iter().copied();
        for check in given.chain(std::iter::repeat(0)).take(count) {
            out.put(&[check]);
        }
    }

    fn flags(&self, payload: &Payload) -> u8 {
        let mut flags = payload.flags();
        if self.declared.is_some() {
            flags |= DECLARED;
        }
        if self.fresh_for.is_some() {
            flags |= FRESH_FOR;
        }
        if self.idle.is_some() {
            flags |= IDLE;
        }
        if self.provisional {
            flags |= PROVISIONAL;
        }
        flags | (self.guards.len().min(MANY_GUARDS) as u8) << GUARDS
    }
}
