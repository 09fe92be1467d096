//! Ending: what was invalidated or deleted.

use crate::generation::{Guard, Named};
use crate::invalidate::Delivery;
use crate::redis::delivery::Undelivered;
use crate::redis::script::Script;
use crate::redis::{Redis, number};
use redis::Value;
use tokio::time::Instant;

impl Redis {
    /// Ends a tag or a scope.
    pub(crate) async fn invalidate(&self, guard: Guard, name: &str) -> Delivery {
        self.end(vec![(guard, name.into())]).await
    }

    /// Ends several guards: at one moment, where one server has all of them.
    pub(crate) async fn end_together(&self, guards: &[(Guard, &str)]) -> Delivery {
        let guards = guards.iter().map(|(guard, name)| (*guard, (*name).into()));
        self.end(guards.collect()).await
    }

    /// Deletes keys: entries, leases and generations. Tells how many entries there were, if it got through.
    pub(crate) async fn delete(&self, keys: &[&str]) -> (Delivery, Option<u64>) {
        let began = Instant::now();
        let all = keys.iter().map(|key| (Guard::Key, (*key).into()));
        let undelivered = Undelivered::new(&self.shared, all.collect::<Vec<Named>>());
        if let Ok(topology) = self.shared.as_it_is().await {
            let names = &self.shared.names;
            let limit = self.config().delivery_timeout;
            let deleting = self.evaluate_within(limit, &topology, |commands| {
                self.ending_all_keys(commands);
                for key in keys {
                    let on = [
                        names.entry(key),
                        names.lease(key),
                        names.generation(Guard::Key, key),
                    ];
                    commands.call(Script::Delete, &on);
                }
            });
            let count = |reply: &Value| number(reply).unwrap_or_default();
            let deleted = deleting.await.and_then(|replies| {
                let replies: Vec<Value> = replies.into_iter().collect::<Result<_, _>>()?;
                let of_keys = replies.iter().rev().take(keys.len());
                Ok(of_keys.map(count).sum())
            });
            if let Ok(entries) = deleted {
                undelivered.delivered();
                return (Delivery::Delivered, Some(entries));
            }
        }
        drop(undelivered);
        (self.delivered_soon(began).await, None)
    }
}
