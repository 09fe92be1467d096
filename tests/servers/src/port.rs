//! Ports for servers.

use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the ports that Linux and macOS give to outgoing connections: one of those could take the port of a server
/// while it restarts.
const PORTS: Range<u16> = 12_000..32_000;

/// A port on which nobody listens on 127.0.0.1, given out once in this process until all others had their turn.
///
/// Another process may take it before you do: bind it soon, and try another if it is gone.
///
/// # Panics
///
/// If no port is free.
pub fn free_port() -> u16 {
    static START: OnceLock<u32> = OnceLock::new();
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    // At random, so that test programs that run at the same time begin at different places.
    let start = *START.get_or_init(|| RandomState::new().hash_one(std::process::id()) as u32 / 2);
    (0..PORTS.len())
        .map(|_| {
            let turn = start.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed));
            PORTS.start + (turn % PORTS.len() as u32) as u16
        })
        .find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok())
        .expect("a port of 127.0.0.1 is free")
}
