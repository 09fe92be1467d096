//! Real Redis servers, and a proxy that breaks on request, for tests.
//!
//! [`Deployment`] is what the run asks for. [`RedisCluster`] is several that form a cluster. [`RedisServer`] is a `redis-server` process of its own: a port, a folder and an end with the test. [`Proxy`] stands
//! before one (or before anything that speaks TCP) and delays, hangs, loses, truncates or cuts what passes, and counts
//! it. [`Connection`] is as much of a client as a test of these needs, and [`wait_until`] waits for what can only be
//! polled.
//!
//! Everything here panics with a message instead of returning an error, except where the error is what a test is
//! after. Everything here takes real time: a paused Tokio clock stands still meanwhile, and does not run ahead.

mod cluster;
mod deployment;
mod port;
mod proxy;
mod resp;
mod rights;
mod server;
mod wait;

pub use cluster::{RedisCluster, Seen};
pub use deployment::Deployment;
pub use port::free_port;
pub use proxy::Proxy;
pub use resp::{Connection, Reply};
pub use rights::{least_rights, least_rights_on_sentinels};
pub use server::{Builder, RedisServer, Tls};
pub use wait::wait_until;

/// Sends a signal (`-STOP`, `-CONT`) to a child that has not been waited for. Through the shell's own `kill`: small systems
/// have no other.
///
/// # Panics
///
/// If that fails.
pub fn signal(child: &std::process::Child, signal: &str) {
    let command = format!("kill {signal} {}", child.id());
    let status = std::process::Command::new("sh")
        .args(["-c", &command])
        .status();
    let is_done = status.as_ref().is_ok_and(std::process::ExitStatus::success);
    assert!(is_done, "{command}: {status:?}");
}

/// Whether this run of the tests is one with strict consistency (`TEST_CONSISTENCY=strict`), for suites that have to hold
/// with the default as well.
pub fn is_strict_run() -> bool {
    std::env::var_os("TEST_CONSISTENCY").is_some_and(|consistency| consistency == "strict")
}
