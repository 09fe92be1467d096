//! What can happen to a network and to its server.

use super::{Network, Saved};
use crate::sync::lock;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What can happen to the wire of one node. All of these panic if there is no such node.
impl Network {
    /// A partition: from here on nothing passes between the node and the server, in either direction, and neither is told.
    /// What is sent waits, and arrives after [`heal`](Self::heal), as TCP has it.
    #[track_caller]
    pub fn cut(&self, node: &str) {
        self.wire(node).cut();
    }

    /// Ends a partition and a delay. A node whose connection was given up connects again within a second.
    #[track_caller]
    pub fn heal(&self, node: &str) {
        self.wire(node).heal();
    }

    /// From here on replies and news reach the node so much later; what is on its way as well. Calls wait for a reply no
    /// longer than the operation timeout, 50 ms unless [`Builder::operation_timeout`](crate::Builder::operation_timeout)
    /// says otherwise; a node that is answered later for long gives its connection up.
    #[track_caller]
    pub fn delay(&self, node: &str, by: Duration) {
        self.wire(node).delay(by);
    }

    /// The next command that a call of the node sends is executed, and what was sent along with it; then the connection
    /// breaks, before the reply is there. The node cannot know whether it was.
    #[track_caller]
    pub fn lose_next_reply(&self, node: &str) {
        self.wire(node).lose_next_reply();
    }

    /// Breaks the node's connections, which both sides notice (behind a cut, when that is healed). It connects again.
    #[track_caller]
    pub fn reset(&self, node: &str) {
        self.wire(node).breaks();
    }
}

/// What can happen to the server.
impl Network {
    /// Stops the server: its connections break, and new ones are refused until [`restart`](Self::restart) and the like.
    pub fn stop(&self) {
        self.place.is_down.store(true, Ordering::Release);
        self.place.others.breaks();
        lock(&self.nodes).iter().for_each(|node| node.wire.breaks());
    }

    /// Restarts the server with everything that it had. It has another replication id, so that no entry of before is
    /// valid any more.
    pub fn restart(&self) {
        let data = lock(&self.place.server).data();
        self.restart_from(&Saved(data));
    }

    /// Restarts the server with nothing.
    pub fn restart_empty(&self) {
        self.restart_from(&Saved(super::Data::default()));
    }

    /// What the server has at this moment, for [`restart_from`](Self::restart_from).
    #[must_use]
    pub fn save(&self) -> Saved {
        Saved(lock(&self.place.server).data())
    }

    /// Restarts the server with what it had then, as from a file or on a replica that is behind: what was deleted since
    /// is there again.
    ///
    /// ```
    /// use cache_runtime::testing::Network;
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let network = Network::new();
    /// let cache = network.node("a").await;
    /// assert_eq!(cache.get_or_set("answer", || async { 41 }).await, 41);
    /// let saved = network.save();
    /// cache.invalidate("answer").await;
    /// network.restart_from(&saved);
    /// network.advance(Duration::from_secs(1)).await;
    /// assert_eq!(cache.get_or_set("answer", || async { 42 }).await, 42);
    /// # }
    /// ```
    pub fn restart_from(&self, saved: &Saved) {
        self.stop();
        lock(&self.place.server).restart(saved.0.clone());
        self.place.is_down.store(false, Ordering::Release);
    }

    /// Makes the server give up every name that matches, as one that is full does with some. Names are those on the server:
    /// `user:42`, and behind it what this library keeps for itself, `~tag:profiles` or `~scope:user:`. Returns how many
    /// there were.
    pub fn evict(&self, pattern: &str) -> usize {
        lock(&self.place.server).evict(pattern)
    }

    /// Empties the server (`FLUSHALL`).
    pub fn flush(&self) {
        lock(&self.place.server).flush();
    }

    /// Makes the server forget the scripts that nodes have loaded (`SCRIPT FLUSH`).
    pub fn forget_scripts(&self) {
        lock(&self.place.server).forget_scripts();
    }
}
