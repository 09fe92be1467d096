//! Keeping up with a cluster: finds out where its slots are, and connects to whoever has them.

use super::address::Place;
use super::cluster::{ASKED_EVERY, Cluster, Map, SETTLES};
use super::link::Link;
use super::slot;
use super::supervisor::{Alive, Kept, Pauses, link_to};
use super::topology::Topology;
use super::tracking::{self, Deaf};
use super::{Shared, State};
use crate::sync::{first_of, within};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// After this a server that could not be made to tell of changes is asked again.
const HEARS_AGAIN: Duration = Duration::from_secs(10);

/// While there is no server at all, those that have refused are tried again after so long.
const AGAIN: Duration = Duration::from_millis(100);

/// Connects to the servers of the cluster. Somebody has to be there; who is late, comes later. Those that refuse are tried again
/// for as long as others have not made up their minds.
pub(super) async fn connect(shared: &Arc<Shared>, cluster: &Cluster) -> Result<Topology, Box<str>> {
    let limit = 2 * shared.config.connect_timeout;
    let began = Instant::now();
    let mut following = Following::default();
    let (mut links, mut why) = (Vec::new(), None);
    let map = loop {
        let map = cluster.ask(&[], shared.config.connect_timeout).await?;
        shared.epoch.fetch_max(map.epoch, Ordering::AcqRel);
        following.connect_to_missing(shared, cluster, &map, &links);
        let mut patience = AGAIN;
        while !following.under_way.is_empty()
            && let Some(Told::Connected(address, connected)) =
                within(patience, following.next()).await
        {
            following.under_way.remove(&address);
            match connected {
                Ok(link) => {
                    links.push(link);
                    patience = shared.config.operation_timeout;
                }
                Err(failed) => why = Some(format!("{address}: {failed}").into()),
            }
        }
        if !links.is_empty() {
            break map;
        }
        if following.under_way.is_empty() || began.elapsed() >= limit {
            return Err(why.unwrap_or_else(|| "none of its servers can be reached".into()));
        }
    };
    let topology = drawn(&map, &links);
    deliver(shared, &topology).await;
    Ok(topology)
}

/// Follows the cluster until nothing of it is left.
pub(super) async fn watch(me: &Alive) -> Kept {
    let mut following = Following::default();
    let mut pauses = Pauses::new();
    let mut settles_until = Instant::now() + SETTLES;
    loop {
        let Some(alive) = me.shared() else {
            return Kept::Ended;
        };
        // Who connects holds it too, and nobody else may.
        if !alive.is_up() || Arc::strong_count(&alive) <= 1 + following.connecting.len() {
            return Kept::Ended;
        }
        let pause = if !following.is_whole {
            pauses.next(&Arc::downgrade(&alive))
        } else if Instant::now() < settles_until {
            SETTLES / 6
        } else {
            pauses = Pauses::new();
            ASKED_EVERY
        };
        let redrawn = Arc::clone(&alive.redraw);
        drop(alive);
        let told = async {
            redrawn.notified().await;
            Told::Redraw
        };
        let heard = within(pause, first_of(told, following.next())).await;
        let Some(alive) = me.shared() else {
            return Kept::Ended;
        };
        match heard {
            Some(Told::Connected(address, connected)) => {
                following.has_connected(&alive, address, connected).await;
            }
            told => {
                if told.is_some() {
                    settles_until = Instant::now() + SETTLES;
                }
                following.redraw(&alive).await;
            }
        }
    }
}

enum Told {
    /// Something does not lie where it was thought to.
    Redraw,
    Connected(Box<str>, Connected),
}

type Connected = Result<Arc<Link>, Box<str>>;

/// What is known of a cluster, and to whom it is being connected.
#[derive(Default)]
struct Following {
    map: Option<Map>,
    /// Each ends by itself after a while. None of the others waits for it.
    connecting: JoinSet<(Box<str>, Connected)>,
    under_way: HashSet<Box<str>>,
    complaints: Complaints,
    /// Whether all of the map can be reached.
    is_whole: bool,
}

impl Following {
    /// The next attempt to connect that has ended.
    async fn next(&mut self) -> Told {
        loop {
            match self.connecting.join_next().await {
                Some(Ok((address, connected))) => return Told::Connected(address, connected),
                // It has panicked, or its runtime ends.
                Some(Err(_)) => self.under_way.clear(),
                None => std::future::pending().await,
            }
        }
    }

    /// Draws the map anew, and connects to whoever is missing.
    async fn redraw(&mut self, shared: &Arc<Shared>) {
        let (Place::Cluster(cluster), State::Up(before)) =
            (&shared.place, shared.state.borrow().clone())
        else {
            return;
        };
        let limit = shared.config.connect_timeout;
        let Ok(map) = cluster.ask(before.links(), limit).await else {
            self.is_whole = false;
            return;
        };
        if map.epoch < shared.epoch.fetch_max(map.epoch, Ordering::AcqRel) {
            // Others know better.
            self.is_whole = false;
            return;
        }
        let links = good_links(shared, &map);
        self.connect_to_missing(shared, cluster, &map, &links);
        self.map = Some(map);
        self.bring_up(shared, links).await;
    }

    /// Begins to connect to those to whom there is no link, and nobody connects already.
    fn connect_to_missing(
        &mut self,
        shared: &Arc<Shared>,
        cluster: &Cluster,
        map: &Map,
        links: &[Arc<Link>],
    ) {
        let limit = 2 * shared.config.connect_timeout;
        for shard in &map.shards {
            let address = shard.address();
            let is_there = links.iter().any(|link| link.address == address);
            if !is_there && self.under_way.insert(address.clone()) {
                let (shared, server) = (Arc::clone(shared), cluster.connection(shard));
                let slots = shard.slots.clone();
                self.connecting.spawn(async move {
                    let connecting = link_to(&shared, &server, Some(&slots), None);
                    let connected = within(limit, connecting).await;
                    let too_long = || Err("connecting took too long".into());
                    (address, connected.unwrap_or_else(too_long))
                });
            }
        }
    }

    async fn has_connected(
        &mut self,
        shared: &Arc<Shared>,
        address: Box<str>,
        connected: Connected,
    ) {
        self.under_way.remove(&address);
        match (connected, &self.map) {
            (Ok(link), Some(map)) => {
                self.complaints.is_well(shared, &link.address);
                let mut links = good_links(shared, map);
                links.push(link);
                self.bring_up(shared, links).await;
            }
            (Ok(_), None) => {}
            (Err(why), _) => self.complaints.is_not(shared, address, why),
        }
    }

    async fn bring_up(&mut self, shared: &Arc<Shared>, links: Vec<Arc<Link>>) {
        let (Some(map), State::Up(before)) = (&self.map, shared.state.borrow().clone()) else {
            return;
        };
        let topology = drawn(map, &links);
        self.is_whole = topology.is_whole();
        if links.is_empty() || topology.is_like(&before) {
            return;
        }
        deliver(shared, &topology).await;
        tracking::tell(shared, &topology);
        shared.up(topology, None);
        // What was heard so far was not heard from all.
        shared.wake.notify_one();
    }
}

/// Those that are there, and have a place on the map.
fn good_links(shared: &Shared, map: &Map) -> Vec<Arc<Link>> {
    let State::Up(topology) = shared.state.borrow().clone() else {
        return Vec::new();
    };
    let only = shared.names.only_slot();
    let is_good = |link: &&Arc<Link>| {
        let mut shards = map.shards.iter();
        let Some(shard) = shards.find(|shard| shard.address() == link.address) else {
            return false;
        };
        let is_deaf = link.deaf.as_ref().is_some_and(Deaf::may_pass);
        let is_tried_again = is_deaf && link.made.elapsed() >= HEARS_AGAIN;
        let has_it_now = only.is_some_and(|only| slot::is_among(only, &shard.slots));
        let is_tried_now = link.is_untried && has_it_now;
        !link.is_lost() && !is_tried_again && !is_tried_now
    };
    topology.links().iter().filter(is_good).cloned().collect()
}

/// What cannot be delivered keeps its slots from being read.
async fn deliver(shared: &Arc<Shared>, topology: &Topology) {
    if !shared.pending.is_clear() {
        let limit = shared.config.delivery_timeout;
        let topology = Arc::new(topology.clone());
        let _what_is_left_waits = within(limit, shared.deliver(&topology)).await;
    }
}

fn drawn(map: &Map, links: &[Arc<Link>]) -> Topology {
    let served = map.shards.iter().filter_map(|shard| {
        let address = shard.address();
        let link = links.iter().find(|link| link.address == address)?;
        Some((Arc::clone(link), shard.slots.clone()))
    });
    Topology::of_cluster(map.epoch, served)
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
