//! Telling the server what is in use.
//!
//! A server that is full gives up what was not used for long, and it does not see the hits of this process. So the names
//! that these rely on are touched now and then: entries, and the generations that vouch for them. A touch changes
//! nothing and is pushed to nobody.

use super::link::{Failure, Link};
use super::mirror::Mirror;
use crate::sync::within;
use redis::Cmd;
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
    pub(super) async fn go_on(&mut self, mirror: &Mirror, link: &Link) -> Result<(), Failure> {
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
        for some in names.chunks(AT_ONCE) {
            let mut command = Cmd::new();
            command.arg("TOUCH").arg(some);
            let sent = within(link.patience, link.line().send(&command)).await;
            sent.unwrap_or(Err(Failure::TimedOut))?;
        }
        Ok(())
    }
}
