//! What stands on a server, by families. To know that, names have to be walked over; so it is asked for every now and then
//! only, however many people look at pages.

use crate::cache::{Cache, Health};
use crate::redis::RedisHealth;
use crate::site::discretion;
use crate::sync::lock;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a namespace on a server is made of, as it was when somebody looked last.
#[derive(Clone, Default)]
pub(super) struct ServerFamilies(Arc<Mutex<Option<Looked>>>);

struct Looked {
    at: Instant,
    sampled: u64,
    families: BTreeMap<String, u64>,
}

impl ServerFamilies {
    /// How often the server's names are looked at. A page that asks for numbers every other second has no more use of them.
    const PAUSE: Duration = Duration::from_secs(30);

    /// How the cache is doing, with the families of its server as they were a short time ago.
    pub(super) async fn beside(&self, cache: &Cache) -> Health {
        if self.is_due() {
            let mut health = cache.health().await;
            if let Some(redis) = &mut health.redis {
                self.keep(redis);
            }
            return health;
        }
        let mut health = cache.vitals().await;
        if let (Some(redis), Some(looked)) = (&mut health.redis, &*lock(&self.0))
            && redis.connected
        {
            redis.sampled = looked.sampled;
            redis.families = looked.families.clone();
        }
        health
    }

    /// Whoever is told so looks; others take meanwhile what there is.
    fn is_due(&self) -> bool {
        let (mut looked, now) = (lock(&self.0), Instant::now());
        match &mut *looked {
            Some(looked) if now.duration_since(looked.at) < Self::PAUSE => return false,
            Some(looked) => looked.at = now,
            None => {
                *looked = Some(Looked {
                    at: now,
                    sampled: 0,
                    families: BTreeMap::new(),
                });
            }
        }
        true
    }

    fn keep(&self, redis: &mut RedisHealth) {
        if !redis.connected {
            // Nothing was looked at: whoever asks next does.
            *lock(&self.0) = None;
            return;
        }
        let (discretion, mut shown) = (discretion(), BTreeMap::new());
        for (family, number) in std::mem::take(&mut redis.families) {
            *shown.entry(discretion.shown_family(&family)).or_default() += number;
        }
        redis.families = shown;
        *lock(&self.0) = Some(Looked {
            at: Instant::now(),
            sampled: redis.sampled,
            families: redis.families.clone(),
        });
    }
}
