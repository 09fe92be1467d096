//! Entries that die when nobody reads them.

use super::{all_well, generation_ttl, least_ttl};
use crate::generation::Named;
use crate::redis::link::Failure;
use crate::redis::script::Script;
use crate::redis::{Redis, millis, number};
use std::time::Duration;
use tokio::runtime::Handle;

/// For how long an entry is to live from now on, since it was read.
#[derive(Clone, Copy)]
pub(crate) struct Prolonged {
    /// If it lives less long otherwise.
    pub(crate) least: Duration,
    pub(crate) to: Duration,
}

impl Redis {
    /// Prolongs the life of an entry that was read, and of what it hangs on, without waiting. Only now and then: who keeps it is
    /// told of the change, and has to read it again.
    pub(crate) fn prolong_soon(&self, key: &str, guards: Vec<Named>, lives: Prolonged) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let (redis, key): (Redis, Box<str>) = (self.clone(), key.into());
        runtime.spawn(async move {
            // The next read tries again.
            let _tried = redis.prolong(&key, &guards, lives).await;
        });
    }

    async fn prolong(&self, key: &str, guards: &[Named], lives: Prolonged) -> Result<(), Failure> {
        let topology = self.topology().await?;
        let entry = [self.shared.names.entry(key)];
        let replies = self
            .evaluate(&topology, |commands| {
                commands
                    .call(Script::Prolong, &entry)
                    .arg(millis(lives.least))
                    .arg(millis(lives.to));
            })
            .await?;
        let is_prolonged = all_well(replies).map(|reply| number(&reply) == Some(1))?;
        if !is_prolonged || guards.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = self.names_of(guards).collect();
        let (least, to) = (least_ttl(Some(lives.to)), generation_ttl(Some(lives.to)));
        let replies = self
            .evaluate(&topology, |commands| {
                for name in &names {
                    commands
                        .call(Script::Prolong, std::slice::from_ref(name))
                        .arg(least.map_or(0, millis))
                        .arg(to.map_or(0, millis));
                }
            })
            .await?;
        all_well(replies).map(|_| ())
    }
}
