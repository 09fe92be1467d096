//! What the cache costs on a Redis server, as ratios to the bare commands, measured in turn in one run.
//!
//! ```text
//! cargo bench --bench redis              # all of it
//! cargo bench --bench redis -- hits      # or one of: hits, invalidation, memory
//! cargo bench --bench redis -- sizes     # only if it is asked for: the table of docs/guide/operating.md
//! ```
//!
//! It starts a server of its own on a free port.

mod hits;
mod invalidation;
mod memory;
mod rounds;
mod sizes;

use test_servers::RedisServer;

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        let server = RedisServer::start().await;
        if wants("hits") {
            hits::measure(&server).await;
        }
        if wants("invalidation") {
            invalidation::measure(&server).await;
        }
        if wants("memory") {
            memory::measure(&server).await;
        }
        if wanted.iter().any(|wanted| wanted == "sizes") {
            sizes::measure(&server).await;
        }
    });
}
