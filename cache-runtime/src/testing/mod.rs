//! Tests of your own wiring: several nodes in one process, partitions by script, virtual time (feature `testing`).
//!
//! ```toml
//! [dev-dependencies]
//! cache-runtime = { path = "../cache-runtime", features = ["testing"] }
//! tokio = { version = "1", features = ["rt", "macros", "test-util"] }
//! ```
//!
//! [`Network`] has the nodes; each is a [`Cache`](crate::Cache) that runs the code of production. [`on`] makes annotated
//! functions use one of them. Where one cache is enough, [`cache`] makes it.
//!
//! The feature adds a look at the task to every call of an annotated function. It belongs under `dev-dependencies`.

#[cfg(feature = "redis")]
mod network;
mod place;
#[cfg(feature = "redis")]
mod server;
#[cfg(feature = "redis")]
mod wire;

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
