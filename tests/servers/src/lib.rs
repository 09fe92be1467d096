//! Real Redis servers, and a proxy that breaks on request, for tests.
//!
//! [`RedisServer`] is a `redis-server` process of its own: a port, a folder and an end with the test. [`Proxy`] stands
//! before one (or before anything that speaks TCP) and delays, hangs, loses, truncates or cuts what passes, and counts
//! it. [`Connection`] is as much of a client as a test of these needs, and [`wait_until`] waits for what can only be
//! polled.
//!
//! Everything here panics with a message instead of returning an error, except where the error is what a test is
//! after. Everything here takes real time: a paused Tokio clock stands still meanwhile, and does not run ahead.

mod port;
mod proxy;
mod resp;
mod server;
mod wait;

pub use port::free_port;
pub use proxy::Proxy;
pub use resp::{Connection, Reply};
pub use server::{Builder, RedisServer};
pub use wait::wait_until;
