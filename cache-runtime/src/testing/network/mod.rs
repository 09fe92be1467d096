//! Nodes that share a server, all in one process: [`Network`].

mod faults;
mod time;
mod way;

use super::server::{Data, serve};
use super::wire::Wire;
use crate::cache::{Builder, Cache};
use crate::sync::lock;
use std::fmt;
use std::sync::{Arc, Mutex};
use tokio::io::DuplexStream;
use way::{Place, Way};

/// A server in this process, nodes that share it, and a wire to each, which breaks on request. Time is virtual.
///
/// A node is a [`Cache`] as a process has it: what runs in it is the code that runs in production, down to the bytes that
/// it sends. Only the wire and the server at its other end are stand-ins. Clones are the same network.
///
/// ```
/// use cache_runtime::testing::{Network, on};
/// use cache_runtime::cached;
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use std::time::Duration;
///
/// static STOCK: AtomicU32 = AtomicU32::new(5);
///
/// #[cached(ttl = "1h", key = "stock", tags = ["stock"])]
/// async fn stock() -> u32 {
///     STOCK.load(Ordering::Relaxed)
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let network = Network::new();
/// let (shop, warehouse) = (network.node("shop").await, network.node("warehouse").await);
/// assert_eq!(on(&shop, stock()).await, 5);
///
/// network.cut("shop");
/// STOCK.store(4, Ordering::Relaxed);
/// warehouse.invalidate_tag("stock").await;
/// network.advance(Duration::from_secs(2)).await; // the bound
/// assert_eq!(on(&shop, stock()).await, 4);
/// # }
/// ```
#[derive(Clone)]
pub struct Network {
    place: Arc<Place>,
    /// Apart from the place, which each of them leads to.
    nodes: Arc<Mutex<Vec<Node>>>,
}

struct Node {
    name: Box<str>,
    cache: Cache,
    wire: Arc<Wire>,
}

/// What a server had at one moment; see [`Network::save`].
#[derive(Clone)]
pub struct Saved(Data);

impl Network {
    /// A network without nodes. Pauses the clock of the runtime, if that was not done: from here on time is virtual, and
    /// goes on when every task waits.
    ///
    /// # Panics
    ///
    /// Outside of a runtime with one thread, as `#[tokio::test]` makes: with several, time cannot be paused.
    #[track_caller]
    #[expect(clippy::new_without_default, reason = "it pauses the clock")]
    pub fn new() -> Self {
        time::pause();
        Network {
            place: Arc::new(Place::new()),
            nodes: Arc::default(),
        }
    }

    /// A node with the defaults of [`Builder`].
    ///
    /// # Panics
    ///
    /// If there is one of that name.
    pub async fn node(&self, name: &str) -> Cache {
        self.node_with(name, |builder| builder).await
    }

    /// A node with settings of its own. Where its server is and which clock it goes by is not among them.
    ///
    /// ```
    /// use cache_runtime::{Consistency, testing::Network};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let network = Network::new();
    /// let strict = |builder: cache_runtime::Builder| builder.consistency(Consistency::Strict);
    /// let cache = network.node_with("a", strict).await;
    /// assert!(cache.stats().coherence.is_none(), "every hit asks the server");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If there is one of that name, or the settings contradict each other.
    pub async fn node_with(&self, name: &str, configure: impl FnOnce(Builder) -> Builder) -> Cache {
        let wire = Arc::new(Wire::new());
        let way = Way {
            place: Arc::clone(&self.place),
            wire: Arc::clone(&wire),
        };
        let cache = configure(Cache::builder())
            .wired(Arc::new(way))
            .build()
            .await;
        let cache = cache.unwrap_or_else(|error| panic!("node `{name}`: {error}"));
        let node = Node {
            name: name.into(),
            cache: cache.clone(),
            wire,
        };
        {
            let mut nodes = lock(&self.nodes);
            assert!(
                nodes.iter().all(|other| other.name != node.name),
                "there are two nodes of the name `{name}`"
            );
            nodes.push(node);
        }
        self.check();
        cache
    }

    /// How many commands the calls of a node have sent so far: none for hits that it answers itself. Heartbeats and the
    /// like are not counted.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    #[track_caller]
    pub fn asked(&self, node: &str) -> u64 {
        self.wire(node).asked()
    }

    /// A connection to the server for a client of your own, which speaks the protocol of Redis. It ends when the server stops or
    /// restarts; no other fault concerns it.
    #[must_use]
    pub fn connection(&self) -> DuplexStream {
        serve(&self.place.server, &self.place.others)
    }

    pub(super) fn answers_as(&self, release: (u32, u32)) {
        lock(&self.place.server).remembers_as(release);
    }

    /// Every node, with what an assertion has to know of it.
    pub(super) fn nodes(&self) -> Vec<(Box<str>, Cache, bool)> {
        let nodes = lock(&self.nodes);
        let nodes = nodes.iter().map(|node| {
            let is_in_order = node.wire.is_in_order();
            (node.name.clone(), node.cache.clone(), is_in_order)
        });
        nodes.collect()
    }

    #[track_caller]
    fn wire(&self, name: &str) -> Arc<Wire> {
        let nodes = lock(&self.nodes);
        let found = nodes.iter().find(|node| *node.name == *name);
        found.map(|node| Arc::clone(&node.wire)).unwrap_or_else(|| {
            let names: Vec<&str> = nodes.iter().map(|node| &*node.name).collect();
            panic!("there is no node `{name}`; there are {names:?}")
        })
    }

    /// Whether the server was asked only what it knows.
    fn check(&self) {
        let complaint = lock(&self.place.server).complaint().map(str::to_owned);
        if let Some(complaint) = complaint {
            panic!("{complaint}");
        }
    }
}

impl Drop for Network {
    /// A test that has asked for what the stand-in does not know has not tested what it is about.
    fn drop(&mut self) {
        if Arc::strong_count(&self.nodes) == 1 && !std::thread::panicking() {
            self.check();
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes = lock(&self.nodes);
        let names: Vec<&str> = nodes.iter().map(|node| &*node.name).collect();
        f.debug_struct("Network")
            .field("nodes", &names)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Saved").finish_non_exhaustive()
    }
}
