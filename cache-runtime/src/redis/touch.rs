//! Telling the server what is in use.
//!
//! A server that is full gives up what was not used for long, and it does not see the hits of this process. So the names
//! that these rely on are touched now and then: entries, and the generations that vouch for them. A touch changes
//! nothing and is pushed to nobody.

use super::Redis;
use super::commands::by_slot;
use super::link::Failure;
use super::topology::Topology;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// So often, as far as the server keeps up.
const ROUND: Duration = Duration::from_secs(5);
/// Names in one command,
const AT_ONCE: usize = 500;
/// and between two heartbeats, as soon as there are so many.
const ENOUGH: usize = 5_000;

/// Goes round the mirror's names, a part at a time.
#[derive(Default)]
pub(super) struct Touching {
    next: usize,
    began: Option<Instant>,
}

impl Touching {
    /// Touches some of the names.
    pub(super) async fn go_on(
        &mut self,
        redis: &Redis,
        topology: &Arc<Topology>,
    ) -> Result<(), Failure> {
        let Some(mirror) = redis.mirror() else {
            return Ok(());
        };
        if self.next == 0 {
            if self.began.is_some_and(|began| began.elapsed() < ROUND) {
                return Ok(());
            }
            self.began = Some(Instant::now());
        }
        let mut names = Vec::new();
        while self.next < mirror.parts() && names.len() < ENOUGH {
            names.extend(mirror.relied_on(self.next));
            self.next += 1;
        }
        if self.next == mirror.parts() {
            self.next = 0;
        }
        names.retain(|name| topology.link(name).is_ok());
        for some in names.chunks(AT_ONCE) {
            let limit = redis.config().operation_timeout;
            let touching = redis.evaluate_within(limit, topology, |commands| {
                for group in by_slot(topology, some) {
                    let commands = commands.on(&some[group[0]]).cmd("TOUCH");
                    group
                        .iter()
                        .for_each(|&place| _ = commands.arg(&some[place]));
                }
            });
            touching.await?;
        }
        Ok(())
    }
}
