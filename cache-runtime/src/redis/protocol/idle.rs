//! Entries that die when nobody reads them.

use super::call;
use crate::redis::script::Script;
use crate::redis::{Redis, millis};
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
    /// Prolongs the life of an entry that was read, without waiting. Only now and then: who keeps it is told of the change,
    /// and has to read it again.
    pub(crate) fn prolong_soon(&self, key: &str, lives: Prolonged) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let (redis, key): (Redis, Box<str>) = (self.clone(), key.into());
        runtime.spawn(async move {
            let Ok(link) = redis.link().await else { return };
            let entry = [redis.shared.names.entry(&key)];
            // The next read tries again.
            let _tried = redis
                .evaluate(&link, |commands, link| {
                    call(commands, link, Script::Prolong, &entry)
                        .arg(millis(lives.least))
                        .arg(millis(lives.to));
                })
                .await;
        });
    }
}
