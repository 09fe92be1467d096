//! What is ending, for whoever wants to know what a piece of work has changed, and for copies outside of the cache.

use super::Delivery;
use crate::cache::Cache;
use crate::generation::Guard;
use crate::key::Key;

/// Something is ending. It is told of when it has; also if its future is dropped midway: it may have, and will.
#[must_use = "it is told of as deferred when it is dropped"]
pub(crate) struct Ending<'c> {
    cache: &'c Cache,
    /// If somebody wants to know.
    #[cfg(feature = "http")]
    ended: Vec<(Guard, Box<str>)>,
    is_told: bool,
}

impl<'c> Ending<'c> {
    /// To be made before anything is done.
    pub(crate) fn of<'e>(
        cache: &'c Cache,
        ended: impl IntoIterator<Item = (Guard, &'e str)>,
    ) -> Self {
        #[cfg(feature = "http")]
        let ended = match cache.purges().is_empty() {
            true => Vec::new(),
            false => {
                let ended = ended.into_iter();
                ended.map(|(guard, name)| (guard, name.into())).collect()
            }
        };
        #[cfg(not(feature = "http"))]
        let _nobody_does = ended;
        Ending {
            cache,
            #[cfg(feature = "http")]
            ended,
            is_told: false,
        }
    }

    /// The same of keys.
    pub(crate) fn of_keys<'e>(cache: &'c Cache, keys: impl IntoIterator<Item = &'e Key>) -> Self {
        let keys = keys.into_iter();
        Ending::of(cache, keys.map(|key| (Guard::Key, key.as_str())))
    }

    /// It has ended.
    pub(crate) fn has(mut self, delivery: Delivery) {
        self.tell(delivery);
    }

    /// Nothing has.
    pub(crate) fn has_not(mut self) {
        self.is_told = true;
    }

    fn tell(&mut self, delivery: Delivery) {
        self.is_told = true;
        #[cfg(all(feature = "http", feature = "redis"))]
        crate::changes::note(self.cache, delivery);
        #[cfg(feature = "http")]
        {
            let ended = self.ended.iter();
            let ended = ended.map(|(guard, name)| (*guard, &**name));
            self.cache.purges().note(ended);
        }
        let _by_features = (self.cache, delivery);
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if !self.is_told {
            self.tell(Delivery::Deferred);
        }
    }
}
