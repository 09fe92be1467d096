//! Which server has which names, as far as this process knows: one server has all of them, or each server of a cluster
//! those of some slots.
//!
//! What is known is never mended. When a server is lost, or a slot lies elsewhere, there is another topology, which shares
//! the links that are still good.

use super::link::{Failure, Link, Origin};
use super::script::Script;
use super::sequence;
use super::slot::{self, SLOTS};
use std::sync::Arc;

#[derive(Clone)]
pub(crate) struct Topology {
    /// Two with the same number are the same.
    number: u64,
    links: Box<[Arc<Link>]>,
    /// Of a cluster: the place among `links` of the one that has each slot.
    slots: Option<Box<[Place]>>,
    /// Of a cluster: the epoch of the configuration that this shows.
    configuration: u64,
    tracks: bool,
}

type Place = u16;
/// Where a slot is that nobody has, or that cannot be reached.
const NOWHERE: Place = Place::MAX;

impl Topology {
    /// One server has everything.
    pub(super) fn of_one(link: Arc<Link>) -> Self {
        Topology {
            number: link.epoch,
            tracks: link.tracks,
            links: Box::new([link]),
            slots: None,
            configuration: 0,
        }
    }

    /// Each of these servers has some slots, in the configuration of this epoch.
    pub(super) fn of_cluster(
        configuration: u64,
        served: impl IntoIterator<Item = (Arc<Link>, Vec<(u16, u16)>)>,
    ) -> Self {
        let mut slots = vec![NOWHERE; SLOTS].into_boxed_slice();
        let mut links = Vec::new();
        for (link, ranges) in served {
            let place = Place::try_from(links.len()).unwrap_or(NOWHERE);
            for (first, last) in ranges {
                let range = usize::from(first)..=usize::from(last);
                if let Some(slots) = slots.get_mut(range) {
                    slots.fill(place);
                }
            }
            links.push(link);
        }
        Topology::new(links.into(), slots, configuration)
    }

    fn new(links: Box<[Arc<Link>]>, slots: Box<[Place]>, configuration: u64) -> Self {
        Topology {
            number: sequence::next(),
            tracks: links.iter().all(|link| link.tracks),
            links,
            slots: Some(slots),
            configuration,
        }
    }

    /// What is left without this link; `None`: nothing.
    pub(super) fn without(&self, epoch: u64) -> Option<Self> {
        let at = self.links.iter().position(|link| link.epoch == epoch)?;
        let mut slots = self.slots.clone()?;
        for place in &mut slots {
            *place = match usize::from(*place) {
                lost if lost == at => NOWHERE,
                behind if behind > at && *place != NOWHERE => *place - 1,
                _ => *place,
            };
        }
        let left = self.links.iter().filter(|link| link.epoch != epoch);
        let left: Box<[_]> = left.cloned().collect();
        (!left.is_empty()).then(|| Topology::new(left, slots, self.configuration))
    }

    /// The same, where nobody has the slots of which this says so.
    pub(super) fn blocked(&self, is_blocked: impl Fn(u16) -> bool) -> Option<Self> {
        let mut slots = self.slots.clone()?;
        for (slot, place) in (0..).zip(&mut slots) {
            if is_blocked(slot) {
                *place = NOWHERE;
            }
        }
        Some(Topology {
            number: self.number,
            links: self.links.clone(),
            slots: Some(slots),
            configuration: self.configuration,
            tracks: self.tracks,
        })
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Whether servers tell of every change to what was read from them.
    pub(crate) fn tracks(&self) -> bool {
        self.tracks
    }

    /// The epoch of the configuration that this shows; 0, if it is no cluster's.
    pub(super) fn configuration(&self) -> u64 {
        self.configuration
    }

    pub(super) fn links(&self) -> &[Arc<Link>] {
        &self.links
    }

    pub(super) fn has(&self, link: &Link) -> bool {
        self.links.iter().any(|ours| ours.epoch == link.epoch)
    }

    /// Whether every link of `before` is still there.
    pub(super) fn has_all_of(&self, before: &Topology) -> bool {
        before.links.iter().all(|link| self.has(link))
    }

    pub(super) fn is_cluster(&self) -> bool {
        self.slots.is_some()
    }

    /// The slot of a name; where there is only one server, all names share one.
    pub(super) fn slot(&self, name: &str) -> u16 {
        if self.is_cluster() { slot::of(name) } else { 0 }
    }

    /// The place of the server that has a slot.
    pub(super) fn place(&self, slot: u16) -> Result<usize, Failure> {
        match &self.slots {
            None => Ok(0),
            Some(slots) => match slots.get(usize::from(slot)) {
                None | Some(&NOWHERE) => Err(Failure::NoLink),
                Some(&place) => Ok(usize::from(place)),
            },
        }
    }

    /// The server that has a name.
    pub(super) fn link(&self, name: &str) -> Result<&Arc<Link>, Failure> {
        Ok(&self.links[self.place(self.slot(name))?])
    }

    /// Who has a slot: the number of its link.
    fn holder(&self, slot: u16) -> Option<u64> {
        let place = self.place(slot).ok()?;
        Some(self.links[place].epoch)
    }

    /// Whether a slot lies on another server than in `before`.
    pub(super) fn moves(&self, before: &Topology, slot: u16) -> bool {
        self.holder(slot) != before.holder(slot)
    }

    /// Whether every name lies where it does in `other`, for all that is known of it.
    pub(super) fn is_like(&self, other: &Topology) -> bool {
        let places =
            |of: &Topology| -> Vec<u64> { of.links.iter().map(|link| link.epoch).collect() };
        places(self) == places(other)
            && self.slots == other.slots
            && self.configuration == other.configuration
    }

    /// How many slots nobody serves who can be reached.
    pub(super) fn unserved(&self) -> usize {
        let slots = self.slots.iter().flatten();
        slots.filter(|&&place| place == NOWHERE).count()
    }

    /// Whether every slot is served.
    pub(super) fn is_whole(&self) -> bool {
        self.unserved() == 0
    }

    pub(super) fn hash(&self, script: Script) -> &str {
        self.links.first().map_or("", |link| link.hash(script))
    }

    /// Where and when an entry of this name is made.
    pub(super) fn origin(&self, name: &str) -> Origin<'_> {
        self.link(name)
            .map_or_else(|_| Origin::default(), |link| link.origin())
    }

    /// A number as its server knows it, as the generation of this name that all others know; or the other way round.
    pub(super) fn marked(&self, name: &str, number: u64) -> u64 {
        self.link(name).map_or(number, |link| link.marked(number))
    }

    /// What the servers' clocks show, at least and at most.
    #[cfg(feature = "http")]
    pub(super) fn clock(&self) -> (u64, u64) {
        let clocks = self.links.iter().map(|link| link.clock());
        clocks.fold((u64::MAX, 0), |(least, most), (at_least, at_most)| {
            (least.min(at_least), most.max(at_most))
        })
    }
}
