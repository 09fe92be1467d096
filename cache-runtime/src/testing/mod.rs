//! Tests of your own wiring: several nodes in one process, partitions by script, virtual time (feature `testing`).

#[cfg(feature = "redis")]
mod network;
#[cfg(feature = "redis")]
mod server;
#[cfg(feature = "redis")]
mod wire;

#[cfg(feature = "redis")]
pub use network::{Network, Saved};

/// For the test that compares the stand-in with a real server. Not for people.
#[cfg(feature = "redis")]
#[doc(hidden)]
pub mod __server {
    /// The texts of the scripts that nodes load.
    pub fn scripts() -> Vec<&'static str> {
        crate::redis::Script::ALL.map(crate::redis::Script::source).to_vec()
    }

    /// Lets the stand-in remember what scripts read as this version of Redis does.
    pub fn answers_as(network: &super::Network, release: (u32, u32)) {
        network.answers_as(release);
    }
}
