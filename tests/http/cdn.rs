//! A CDN as the layer believes one to be: it holds what it may for as long as it may, knows it by keys, and purges by them. Between a
//! response that has come and its being held there is time, in which it may be purged in vain.

use crate::world::*;
use cache_runtime::http::{Purge, PurgeError};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

#[derive(Clone, Default)]
pub(crate) struct Cdn(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    held: HashMap<String, Told>,
    asked: Vec<Vec<String>>,
    /// What it says instead of purging.
    refusals: VecDeque<Option<PurgeError>>,
}

impl Cdn {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no panic")
    }

    /// What it holds of a path.
    pub(crate) fn held(&self, path: &str) -> Option<Told> {
        self.state().held.get(path).cloned()
    }

    /// What it sends; `None`: it has to ask.
    pub(crate) fn send(&self, path: &str) -> Option<Told> {
        self.held(path)
    }

    /// Takes a response that has come from the origin, and was on its way for a while.
    pub(crate) async fn take(&self, path: &str, told: &Told, transit: Duration) {
        if !transit.is_zero() {
            tokio::time::sleep(transit).await;
        }
        let control = told.header("cdn-cache-control");
        if control.starts_with("max-age=") {
            self.state().held.insert(path.to_owned(), told.clone());
        }
    }

    /// The requests to purge that there were so far, and their keys.
    pub(crate) fn asked(&self) -> Vec<Vec<String>> {
        self.state().asked.clone()
    }

    /// All keys that were purged, and forgets them.
    pub(crate) fn purged(&self) -> BTreeSet<String> {
        std::mem::take(&mut self.state().asked)
            .into_iter()
            .flatten()
            .collect()
    }

    /// Refuses for the next times; `None`: it panics.
    pub(crate) fn refuses(&self, refusals: impl IntoIterator<Item = Option<PurgeError>>) {
        self.state().refusals.extend(refusals);
    }
}

impl Purge for Cdn {
    async fn purge(&self, keys: &[String]) -> Result<(), PurgeError> {
        let mut state = self.state();
        state.asked.push(keys.to_vec());
        if let Some(refusal) = state.refusals.pop_front() {
            drop(state);
            return Err(refusal.expect("a CDN whose client panics"));
        }
        state
            .held
            .retain(|_, told| keys_of(told).is_disjoint(&keys.iter().cloned().collect()));
        Ok(())
    }
}

/// The keys of a response.
pub(crate) fn keys_of(told: &Told) -> BTreeSet<String> {
    let keys = told.header("surrogate-key").split(' ');
    keys.filter(|key| !key.is_empty())
        .map(str::to_owned)
        .collect()
}
