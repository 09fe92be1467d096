//! Reading through for several identifiers at once: one look for all, one run of the body for those that are missing.
//!
//! Each identifier has an entry, a flight and a lease of its own, as if its function had been called for it alone. A batch
//! finishes or gives up every lead it has before it waits for one of another's; otherwise two batches could wait for each
//! other.

mod each;
mod filling;
mod turn;

pub use each::items_of;
#[cfg(feature = "redis")]
pub(super) use turn::Blocked;
pub(super) use turn::{Now, Waited};

use super::call::{Call, Lookup};
use super::miss::{Course, Pending};
use super::plan::Plan;
#[cfg(feature = "redis")]
use super::remote;
use super::shape::Shape;
use super::store::Decision;
use crate::cache::Cache;
use crate::key::Key;
use crate::site::Site;
use crate::sync::all_at_once;
use crate::value::CacheValue;
use each::{Collection, Each};
use filling::Filling;
use std::collections::HashMap;
use std::future::Future;

/// So often others are waited for. Whoever is in the way then, is passed by.
const MOST_ROUNDS: usize = 3;

/// A call for several identifiers.
pub struct Batch<'c> {
    pub site: &'static Site,
    pub cache: &'c Cache,
    /// Whether to look at all (`when = …`).
    pub wanted: bool,
}

/// What is known of one identifier.
pub(super) struct Slot<I, V> {
    pub(super) id: I,
    pub(super) key: Key,
    state: State<V>,
    /// Whether it is computed for this caller alone: whoever is at it has nothing for this one.
    alone: bool,
}

enum State<V> {
    Found(Option<V>),
    Open(Box<Pending>),
    /// Past the cache.
    Past,
    /// The same, and the computation that asks is to depend on it.
    #[cfg(feature = "redis")]
    PastInside(Box<Pending>),
}

impl Batch<'_> {
    /// The items of all identifiers, from the cache or else from `body`, which is given those that are missing.
    pub async fn fill<I, V, R, W, S, F>(
        self,
        (whole, each): (W, S),
        ids: impl IntoIterator<Item = I>,
        (key, plan): (impl Fn(&I) -> Key, impl Fn(&I) -> Plan),
        body: impl Fn(Vec<I>) -> F,
        decide: impl Fn(&I, &S::Value, &mut Decision),
    ) -> R
    where
        I: Clone + PartialEq,
        W: Shape<R>,
        W::Value: Collection<Id = I, Item = V>,
        S: Shape<V>,
        S::Value: CacheValue,
        F: Future<Output = R>,
    {
        let (mut slots, places) = self.look(each, ids, &key, plan).await;
        let mut extra = Vec::new();
        for round in 0.. {
            let open: Vec<usize> = (0..slots.len())
                .filter(|&at| !matches!(slots[at].state, State::Found(_)))
                .collect();
            if open.is_empty() {
                break;
            }
            let mut filling = Filling::new(self.site, self.cache);
            let mut blocked = Vec::new();
            for slot in &mut slots {
                slot.alone |= round == MOST_ROUNDS;
            }
            for (at, turn) in self.turns(each, &slots, &open).await {
                match turn {
                    None => filling.past(at),
                    Some(Now::Answered(item)) => slots[at].state = State::Found(item),
                    Some(Now::Ours(lead, claim)) => filling.lead(at, lead, claim),
                    Some(Now::Blocked(by)) => blocked.push((at, by)),
                }
            }
            if !filling.is_empty() {
                let missing = filling.ids(&slots);
                let returned = filling.run(&slots, body(missing)).await;
                let place = |id: &I| places.get(&key(id)).map_or(&[][..], Vec::as_slice);
                let shapes = (whole, each);
                match filling
                    .keep(shapes, &mut slots, place, returned, &decide)
                    .await
                {
                    Ok(more) => extra.extend(more),
                    // All leads are given up, so that nobody waits for this.
                    Err(returned) => return returned,
                }
            }
            let waits = blocked.into_iter().filter_map(|(at, by)| {
                let State::Open(pending) = &slots[at].state else {
                    return None;
                };
                Some(async move { (at, pending.waits(Each(each), by).await) })
            });
            for (at, waited) in self.side_by_side(waits.collect()).await {
                match waited {
                    Waited::Answered(item) => slots[at].state = State::Found(item),
                    Waited::Again => {}
                    Waited::Alone => slots[at].alone = true,
                }
            }
        }
        let found = slots.into_iter().filter_map(|slot| match slot.state {
            State::Found(item) => item.map(|item| (slot.id, item)),
            _ => None,
        });
        whole.value(Collection::put_together(found.chain(extra).collect()))
    }

    /// Looks every identifier up, each once; and where those with a key are.
    async fn look<I, V, S>(
        &self,
        each: S,
        ids: impl IntoIterator<Item = I>,
        key: impl Fn(&I) -> Key,
        plan: impl Fn(&I) -> Plan,
    ) -> (Vec<Slot<I, V>>, HashMap<Key, Vec<usize>>)
    where
        I: PartialEq,
        S: Shape<V>,
        S::Value: CacheValue,
    {
        let (mut places, mut slots) = (HashMap::<Key, Vec<usize>>::new(), Vec::new());
        for id in ids {
            let key = key(&id);
            let alike = places.entry(key.clone()).or_default();
            if alike.iter().any(|&at: &usize| {
                let Slot { id: other, .. }: &Slot<I, V> = &slots[at];
                *other == id
            }) {
                continue;
            }
            alike.push(slots.len());
            let call = Call::new(self.site, self.cache, &key).when(self.wanted);
            let state = match call.look(Each(each), || plan(&id)) {
                Lookup::Hit(item) => State::Found(item),
                Lookup::Miss(miss) => match miss.course {
                    Course::Through(pending) | Course::Serve(pending) => State::Open(pending),
                    #[cfg(feature = "redis")]
                    Course::PastInside(pending) => State::PastInside(pending),
                    Course::Past(_) => State::Past,
                },
            };
            slots.push(Slot {
                id,
                key,
                state,
                alone: false,
            });
        }
        #[cfg(feature = "redis")]
        self.depend(&mut slots).await;
        (slots, places)
    }

    /// Makes the computation that this call is part of depend on what goes past the cache.
    #[cfg(feature = "redis")]
    async fn depend<I, V>(&self, slots: &mut [Slot<I, V>]) {
        let past = slots.iter().filter_map(|slot| match &slot.state {
            State::PastInside(pending) => Some(remote::depend(pending)),
            _ => None,
        });
        self.side_by_side(past.collect()).await;
        for slot in slots {
            if let State::PastInside(_) = slot.state {
                slot.state = State::Past;
            }
        }
    }

    /// The outputs of all of these, in their order.
    async fn side_by_side<F: Future>(&self, works: Vec<F>) -> Vec<F::Output> {
        side_by_side(self.cache, works).await
    }

    /// What can be done about each of these at once; `None` for those that go past the cache.
    async fn turns<I, V, S>(
        &self,
        each: S,
        slots: &[Slot<I, V>],
        open: &[usize],
    ) -> Vec<(usize, Option<Now<Option<V>>>)>
    where
        S: Shape<V>,
        S::Value: CacheValue,
    {
        let turns = open.iter().map(|&at| async move {
            let turn = match &slots[at].state {
                State::Open(pending) if slots[at].alone => {
                    let (lead, claim) = pending.alone().await;
                    Some(Now::Ours(lead, claim))
                }
                State::Open(pending) => Some(pending.now(Each(each)).await),
                _ => None,
            };
            (at, turn)
        });
        self.side_by_side(turns.collect()).await
    }
}

/// The outputs of all of these, in their order. Where there is a server, it is asked about some of them at a time.
async fn side_by_side<F: Future>(cache: &Cache, works: Vec<F>) -> Vec<F::Output> {
    #[cfg(feature = "redis")]
    if let Some(redis) = cache.redis() {
        return redis.together(works).await;
    }
    let _ = cache;
    all_at_once(works).await
}
