//! Keeping up with a cluster: finds out where its slots are, and connects to whoever has them.

use super::cluster::{ASKED_EVERY, Cluster, Map, SETTLES, Shard};
use super::link::Link;
use super::supervisor::{Alive, Kept, Pauses, link_to};
use super::topology::Topology;
use super::tracking::{self, Deaf};
use super::{Shared, State};
use crate::sync::{all_at_once, within};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

/// After this a server that could not be made to tell of changes is asked again.
const HEARS_AGAIN: Duration = Duration::from_secs(10);

/// Connects to all servers of the cluster that can be reached. Somebody has to be there.
pub(super) async fn connect(shared: &Arc<Shared>, cluster: &Cluster) -> Result<Topology, Box<str>> {
    let map = cluster.ask(&[], shared.config.connect_timeout).await?;
    shared.epoch.fetch_max(map.epoch, Ordering::AcqRel);
    let outcomes = connect_to(shared, cluster, map.shards.iter().collect()).await;
    let mut why = None;
    let mut links = Vec::new();
    for (shard, outcome) in outcomes {
        match outcome {
            Ok(link) => links.push(link),
            Err(failed) => _ = why.get_or_insert(in_full(shard, &failed)),
        }
    }
    if links.is_empty() {
        return Err(why.unwrap_or_else(|| "no server of the cluster has any slots".into()));
    }
    let topology = drawn(&map, &links);
    deliver(shared, &topology).await;
    Ok(topology)
}

/// Follows the cluster until nothing of it is left.
pub(super) async fn watch(me: &Alive) -> Kept {
    let mut pauses = Pauses::new();
    let mut complaints = Complaints::default();
    let mut settles_until = Instant::now() + SETTLES;
    let mut is_whole = false;
    loop {
        let Some(alive) = me.shared() else {
            return Kept::Ended;
        };
        let limit = if !is_whole {
            pauses.next(&Arc::downgrade(&alive))
        } else {
            pauses = Pauses::new();
            if Instant::now() < settles_until {
                SETTLES / 6
            } else {
                ASKED_EVERY
            }
        };
        let (weak, redrawn) = (Arc::downgrade(&alive), Arc::clone(&alive.redraw));
        drop(alive);
        let is_told = within(limit, redrawn.notified()).await.is_some();
        if is_told {
            settles_until = Instant::now() + SETTLES;
        }
        drop(weak);
        let Some(alive) = me.shared() else {
            return Kept::Ended;
        };
        if !alive.is_up() {
            return Kept::Ended;
        }
        is_whole = redraw(&alive, &mut complaints).await;
    }
}

/// Draws the map anew. Returns whether all of it can be reached.
async fn redraw(shared: &Arc<Shared>, complaints: &mut Complaints) -> bool {
    let (super::address::Place::Cluster(cluster), State::Up(before)) =
        (&shared.place, shared.state.borrow().clone())
    else {
        return false;
    };
    let limit = shared.config.connect_timeout;
    let Ok(map) = cluster.ask(before.links(), limit).await else {
        return false;
    };
    if map.epoch < shared.epoch.fetch_max(map.epoch, Ordering::AcqRel) {
        // Others know better.
        return false;
    }
    let State::Up(before) = shared.state.borrow().clone() else {
        return false;
    };
    let is_good = |link: &&Arc<Link>| {
        let is_deaf = link.deaf.as_ref().is_some_and(Deaf::may_pass);
        !link.is_lost() && !(is_deaf && link.made.elapsed() >= HEARS_AGAIN)
    };
    let mut links: Vec<Arc<Link>> = before.links().iter().filter(is_good).cloned().collect();
    links.retain(|link| {
        map.shards
            .iter()
            .any(|shard| shard.address() == link.address)
    });
    let is_missing = |shard: &&Shard| {
        let address = shard.address();
        links.iter().all(|link| link.address != address)
    };
    let missing: Vec<&Shard> = map.shards.iter().filter(is_missing).collect();
    // Those that are there need not wait for the others.
    if !links.is_empty() {
        bring_up(shared, &before, drawn(&map, &links)).await;
    }
    let mut is_whole = true;
    let mut joined = false;
    for (shard, outcome) in connect_to(shared, cluster, missing).await {
        match outcome {
            Ok(link) => {
                complaints.is_well(shared, &link.address);
                links.push(link);
                joined = true;
            }
            Err(why) => {
                is_whole = false;
                complaints.is_not(shared, shard.address(), why);
            }
        }
    }
    if joined {
        let State::Up(before) = shared.state.borrow().clone() else {
            return false;
        };
        links.retain(|link| !link.is_lost());
        let topology = drawn(&map, &links);
        tracking::tell(shared, &topology);
        bring_up(shared, &before, topology).await;
    }
    is_whole && drawn(&map, &links).is_whole()
}

/// If it is another one than before.
async fn bring_up(shared: &Arc<Shared>, before: &Topology, topology: Topology) {
    if !topology.is_like(before) {
        deliver(shared, &topology).await;
        shared.up(topology, None);
        // What was heard so far was not heard from all.
        shared.wake.notify_one();
    }
}

/// What cannot be delivered keeps its slots from being read.
async fn deliver(shared: &Arc<Shared>, topology: &Topology) {
    if !shared.pending.is_clear() {
        let limit = shared.config.delivery_timeout;
        let topology = Arc::new(topology.clone());
        let _what_is_left_waits = within(limit, shared.deliver(&topology)).await;
    }
}

async fn connect_to<'m>(
    shared: &Arc<Shared>,
    cluster: &Cluster,
    shards: Vec<&'m Shard>,
) -> Vec<(&'m Shard, Result<Arc<Link>, Box<str>>)> {
    let limit = shared.config.connect_timeout;
    let connecting = shards.into_iter().map(|shard| async move {
        let server = cluster.connection(shard);
        let linked = within(2 * limit, link_to(shared, &server, None)).await;
        (
            shard,
            linked.unwrap_or_else(|| Err("connecting took too long".into())),
        )
    });
    all_at_once(connecting.collect()).await
}

fn drawn(map: &Map, links: &[Arc<Link>]) -> Topology {
    let served = map.shards.iter().filter_map(|shard| {
        let address = shard.address();
        let link = links.iter().find(|link| link.address == address)?;
        Some((Arc::clone(link), shard.slots.clone()))
    });
    Topology::of_cluster(served)
}

fn in_full(shard: &Shard, why: &str) -> Box<str> {
    format!("{}: {why}", shard.address()).into()
}

/// Why servers cannot be used, as it was said last.
#[derive(Default)]
struct Complaints(HashMap<Box<str>, (Box<str>, Instant)>);

impl Complaints {
    /// Says it once, and again if it is for another reason.
    fn is_not(&mut self, shared: &Shared, address: Box<str>, why: Box<str>) {
        let since = self.0.get(&address).map(|(_, since)| *since);
        if self.0.get(&address).is_none_or(|(said, _)| *said != why) {
            tracing::warn!(target: "cache_runtime", server = %shared.server_name, node = %address, %why,
                "a server of the cluster cannot be used; what lies there is not cached");
        }
        let since = since.unwrap_or_else(Instant::now);
        self.0.insert(address, (why, since));
    }

    fn is_well(&mut self, shared: &Shared, address: &str) {
        let was_away = self.0.remove(address).map(|(_, since)| since.elapsed());
        tracing::info!(target: "cache_runtime", server = %shared.server_name, node = %address, ?was_away,
            "connected to a server of the cluster");
    }
}
