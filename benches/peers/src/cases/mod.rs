//! What is measured.

mod batch;
mod coherence;
mod invalidation;
mod local_hit;
mod ping;
mod redis_hit;
mod stampede;
mod tiered_hit;

use crate::measure::Rounds;
use crate::report::Chapter;
use test_servers::RedisServer;

pub(crate) const NAMES: [&str; 7] = [
    "local-hit",
    "tiered-hit",
    "redis-hit",
    "stampede",
    "invalidation",
    "batch",
    "coherence",
];

/// How thorough a run is.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    /// Three rounds of everything: to see that it works.
    pub(crate) short: bool,
    /// Invalidates a million entries, too.
    pub(crate) million: bool,
}

impl Effort {
    fn rounds(self, most: usize, seconds: u64) -> Rounds {
        if self.short {
            return Rounds::new(3, 1);
        }
        Rounds::new(most, seconds)
    }
}

/// Measures the case of this name. The server is its own.
pub(crate) async fn measure(name: &str, server: &RedisServer, effort: Effort) -> Chapter {
    match name {
        "local-hit" => local_hit::measure(effort).await,
        "tiered-hit" => tiered_hit::measure(server, effort).await,
        "redis-hit" => redis_hit::measure(server, effort).await,
        "stampede" => stampede::measure(server, effort).await,
        "invalidation" => invalidation::measure(server, effort).await,
        "batch" => batch::measure(server, effort).await,
        "coherence" => coherence::measure(server, effort).await,
        other => panic!("there is no case `{other}`"),
    }
}
