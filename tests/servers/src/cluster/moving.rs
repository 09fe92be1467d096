//! Moving slots from one server to another, a step at a time.

use super::{RedisCluster, id, must};
use crate::resp::Reply;
use crate::server::RedisServer;

impl RedisCluster {
    /// Moves a slot with all that is in it, while others read and write it.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub async fn move_slot(&self, slot: u16, from: &RedisServer, to: &RedisServer) {
        self.begin_to_move(slot, from, to).await;
        while self.move_some(slot, from, to, 10).await > 0 {}
        self.end_of_move(slot, from, to).await;
    }

    /// From here on new names of this slot belong to the other server.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub async fn begin_to_move(&self, slot: u16, from: &RedisServer, to: &RedisServer) {
        let (source, target, slot) = (id(from).await, id(to).await, slot.to_string());
        must(to, &["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source]).await;
        must(from, &["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target]).await;
    }

    /// Moves some of the names that are there; returns how many.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub async fn move_some(
        &self,
        slot: u16,
        from: &RedisServer,
        to: &RedisServer,
        number: usize,
    ) -> usize {
        let (slot, number) = (slot.to_string(), number.to_string());
        let found = from
            .command(&["CLUSTER", "GETKEYSINSLOT", &slot, &number])
            .await;
        let names = found.texts();
        let port = to.port().to_string();
        for name in &names {
            let moved = from
                .command(&["MIGRATE", "127.0.0.1", &port, name, "0", "5000", "REPLACE"])
                .await;
            // It may have expired or been deleted meanwhile.
            let is_gone = matches!(&moved, Reply::Simple(text) if text == "NOKEY");
            assert!(moved.is_ok() || is_gone, "{moved:?} to MIGRATE");
        }
        names.len()
    }

    /// Leaves a copy of a name on a server that has not its slot, as a migration does of which the reply is lost.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub async fn leave_copy(&self, name: &str, from: &RedisServer, to: &RedisServer) {
        let slot = self.slot_of(name).await;
        self.begin_to_move(slot, from, to).await;
        let port = to.port().to_string();
        let migrate = ["MIGRATE", "127.0.0.1", &port, name, "0", "5000", "COPY"];
        must(from, &migrate).await;
        for node in [from, to] {
            must(node, &["CLUSTER", "SETSLOT", &slot.to_string(), "STABLE"]).await;
        }
    }

    /// The slot belongs to this server from here on, and is empty. The others learn of it sooner or later.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub async fn claim_slot(&self, slot: u16, from: &RedisServer, to: &RedisServer) {
        let (source, target, slot) = (id(from).await, id(to).await, slot.to_string());
        must(to, &["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source]).await;
        must(to, &["CLUSTER", "SETSLOT", &slot, "NODE", &target]).await;
    }

    /// The slot belongs to the other server.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub async fn end_of_move(&self, slot: u16, from: &RedisServer, to: &RedisServer) {
        let (target, slot) = (id(to).await, slot.to_string());
        for node in [to, from] {
            must(node, &["CLUSTER", "SETSLOT", &slot, "NODE", &target]).await;
        }
    }
}
