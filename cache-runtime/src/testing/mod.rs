//! Tests of your own wiring: several nodes in one process, partitions by script, virtual time (feature `testing`).
//!
//! ```toml
//! [dev-dependencies]
//! cache-runtime = { path = "../cache-runtime", features = ["testing"] }
//! tokio = { version = "1", features = ["rt", "macros", "test-util"] }
//! ```
//!
//! A test needs no Redis server, sleeps for no real time, and does not depend on how fast the machine is. [`Network`] has the nodes; each is a
//! [`Cache`](crate::Cache) that runs the code of production. [`on`] makes annotated functions use one of them. The assertions say
//! what a test is about: [`assert_cached!`], [`assert_invalidates!`], [`assert_keeps!`] of one cache, and
//! [`assert_coherent!`] of all nodes. Where one cache is enough, [`cache`] makes it.
//!
//! ```
//! use cache_runtime::testing::{Network, assert_coherent, assert_invalidates, on};
//! use cache_runtime::{cache_invalidate, cached};
//! use std::sync::Mutex;
//!
//! struct Db(Mutex<String>);
//!
//! #[cached(ttl = "5m", key = "user:{id}", skip(db))]
//! async fn user_name(db: &Db, id: u64) -> String {
//!     db.0.lock().unwrap().clone()
//! }
//!
//! #[cache_invalidate("user:{id}")]
//! async fn rename_user(db: &Db, id: u64, name: &str) {
//!     *db.0.lock().unwrap() = name.to_owned();
//! }
//!
//! // #[tokio::test]
//! async fn a_renamed_user_is_seen_everywhere() {
//!     let db = Db(Mutex::new("Ada".to_owned()));
//!     let network = Network::new();
//!     let (a, b) = (network.node("a").await, network.node("b").await);
//!
//!     // The wiring, on one node.
//!     on(&a, async {
//!         assert_invalidates!(rename_user(&db, 1, "Ada").await => user_name(&db, 1).await);
//!     })
//!     .await;
//!
//!     // The other one hears of it, and finds out by itself when it is cut off.
//!     on(&a, rename_user(&db, 1, "Grace")).await;
//!     assert_coherent!(network, user_name(&db, 1).await, "Grace");
//!     network.cut("b");
//!     on(&a, rename_user(&db, 1, "Edith")).await;
//!     assert_coherent!(network, user_name(&db, 1).await, "Edith");
//! }
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! #     a_renamed_user_is_seen_everywhere().await;
//! # }
//! ```
//!
//! The feature adds a look at the task to every call of an annotated function. It belongs under `dev-dependencies`.

mod assert;
#[cfg(feature = "redis")]
mod network;
mod place;
#[cfg(feature = "redis")]
mod server;
#[cfg(feature = "redis")]
mod wire;

#[cfg(feature = "redis")]
pub use crate::assert_coherent;
pub use crate::{assert_cached, assert_invalidates, assert_keeps};
#[cfg(feature = "redis")]
pub use network::{Network, Saved};
pub use place::{cache, on};

/// For the test that compares the stand-in with a real server. Not for people.
#[cfg(feature = "redis")]
#[doc(hidden)]
pub mod __server {
    /// The texts of the scripts that nodes load.
    pub fn scripts() -> Vec<&'static str> {
        crate::redis::Script::ALL
            .map(crate::redis::Script::source)
            .to_vec()
    }

    /// Lets the stand-in remember what scripts read as this version of Redis does.
    pub fn answers_as(network: &super::Network, release: (u32, u32)) {
        network.answers_as(release);
    }
}

/// What expansions of the assertions name. Not for people.
#[doc(hidden)]
pub mod __assert {
    #[cfg(feature = "redis")]
    pub use super::assert::coherent;
    pub use super::assert::{Verdict, cached, invalidates, keeps};
}
