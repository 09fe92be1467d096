//! Making the bytes of an entry.

use crate::cache::Cache;
use crate::codec::EncodeError;
use crate::format::{self, Head, Payload};
use crate::generation::{Guard, Stamp};
use crate::key::scopes;
use crate::read_through::Lifespan;
use crate::redis::{Origin, Sealed};
use crate::schema;
use crate::secrecy::Sealer;
use crate::site::Site;
use crate::stats::count;
use crate::trace;
use crate::value::CacheValue;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// A value on its way into one entry or several.
pub(crate) struct Sealing {
    site: &'static Site,
    payload: Payload,
    schema: u32,
    lifespan: Lifespan,
    cost: Duration,
}

impl Sealing {
    /// Encodes `value`, or the finding that there is none, and encrypts it if it is secret and there are keys. That it cannot be is
    /// logged.
    pub(crate) fn of<T: CacheValue>(
        cache: &Cache,
        site: &'static Site,
        is_secret: bool,
        value: Option<&T>,
        limit: usize,
        lifespan: Lifespan,
        cost: Duration,
    ) -> Result<Self, EncodeError> {
        let schema = schema::of::<T>();
        let encoded = match value {
            None => Ok(Payload::absent()),
            Some(value) => Payload::of(value, site.codec_in(cache), site.compression(), limit),
        };
        let payload = encoded.and_then(|payload| {
            let sealer = sealer_in(cache, is_secret)?;
            // What others encrypt is not replaced by what everybody can read.
            let is_secret_elsewhere = || site.counters(cache).undecryptable.load(Relaxed) > 0;
            if sealer.is_none() && is_secret && is_secret_elsewhere() {
                return Err(EncodeError::NoKeys);
            }
            Ok(payload.sealed(sealer))
        });
        Ok(Sealing {
            site,
            payload: payload.inspect_err(|error| {
                count(&site.counters(cache).not_encoded);
                trace::not_encoded(site, error);
            })?,
            schema: site.kind_of(schema),
            lifespan,
            cost,
        })
    }

    /// The entry under `key`, as it is while these generations stand.
    pub(crate) fn under(&self, key: &str, stamps: &[Stamp], origin: Origin<'_>) -> Sealed {
        let implied: Vec<&str> = scopes(key).collect();
        let of_scope = |scope: &&str| {
            let stamp = stamps.iter().find(|stamp| stamp.is_of(Guard::Scope, scope));
            // They are among the stamps of every key. If one were not, the entry would be invalid.
            stamp.map_or(0, |stamp| stamp.generation)
        };
        let is_listed = |stamp: &&Stamp| match stamp.guard {
            Guard::Scope => !implied.contains(&&*stamp.name),
            Guard::Key => *stamp.name != *key,
            Guard::Tag => true,
        };
        let listed: Vec<&Stamp> = stamps.iter().filter(is_listed).collect();
        let of_listed = listed.iter().map(|stamp| stamp.generation);
        let generations: Vec<u64> = implied.iter().map(of_scope).chain(of_listed).collect();
        let checks: Vec<u8> = generations
            .iter()
            .map(|&generation| format::check(generation))
            .collect();
        let guards: Vec<(Guard, &str)> = listed
            .iter()
            .map(|stamp| (stamp.guard, &*stamp.name))
            .collect();
        let head = Head {
            schema: self.schema,
            seal: format::seal(origin.replication_id, generations),
            made: origin.time,
            declared: self.site.value_tags.then(|| self.site.declared()),
            fresh_for: self.lifespan.fresh,
            idle: self.lifespan.idle,
            provisional: self.lifespan.provisional,
            cost: self.cost,
            checks: &checks,
            guards: &guards,
        };
        Sealed {
            key: key.into(),
            bytes: format::write(key, &head, &self.payload),
        }
    }
}

/// How the next value is encrypted, if it has to be.
fn sealer_in(cache: &Cache, is_secret: bool) -> Result<Option<Sealer>, EncodeError> {
    #[cfg(feature = "encryption")]
    return cache.encryption().sealer(is_secret);
    #[cfg(not(feature = "encryption"))]
    {
        let _ = (cache, is_secret);
        Ok(None)
    }
}
