//! As much of a Redis client as tests of servers and proxies need: RESP2, one command or batch at a time.

mod connection;
mod reply;

pub(crate) use connection::Blocking;
pub use connection::Connection;
pub use reply::Reply;
