//! Ending: what was invalidated or deleted.

use crate::generation::Guard;
use crate::invalidate::Delivery;
use crate::redis::link::Failure;
use crate::redis::names::Any;
use crate::redis::{Redis, Undelivered, number};
use crate::sync::within;
use redis::Pipeline;
use tokio::time::Instant;

impl Redis {
    /// Ends a tag or a scope.
    pub(crate) async fn invalidate(&self, guard: Guard, name: &str) -> Delivery {
        self.delete_names(self.names_ended(guard, name)).await
    }

    /// Ends several guards in one command.
    pub(crate) async fn end_together(&self, guards: &[(Guard, &str)]) -> Delivery {
        let names = guards.iter();
        let names = names.flat_map(|(guard, name)| self.names_ended(*guard, name));
        self.delete_names(names.collect()).await
    }

    /// Everything that goes with a guard when it ends: what is deleted stands for what was.
    pub(crate) fn names_ended(&self, guard: Guard, name: &str) -> Vec<String> {
        let names = &self.shared.names;
        match guard {
            Guard::Tag => vec![names.any(Any::Tag), names.generation(guard, name)],
            Guard::Scope => vec![names.any(Any::Key), names.generation(guard, name)],
            Guard::Key => vec![
                names.any(Any::Key),
                names.entry(name),
                names.lease(name),
                names.generation(guard, name),
            ],
        }
    }

    /// Deletes keys: entries, leases and generations. Tells how many entries there were, if it got through.
    pub(crate) async fn delete(&self, keys: &[&str]) -> (Delivery, Option<u64>) {
        let began = Instant::now();
        let all = keys
            .iter()
            .flat_map(|key| self.names_ended(Guard::Key, key))
            .collect();
        let undelivered = Undelivered::new(&self.shared, all);
        if let Ok(link) = self.shared.link_as_it_is().await {
            let names = &self.shared.names;
            let mut commands = Pipeline::new();
            commands.atomic().cmd("DEL").arg(names.any(Any::Key));
            for key in keys {
                commands.cmd("DEL").arg(names.entry(key));
                commands
                    .cmd("DEL")
                    .arg(names.lease(key))
                    .arg(names.generation(Guard::Key, key));
            }
            let limit = self.config().delivery_timeout;
            let sent = within(limit, link.line().send_all(&commands)).await;
            let outcome = sent.unwrap_or(Err(Failure::TimedOut)).and_then(|replies| {
                let numbers = replies
                    .into_iter()
                    .map(|reply| Ok(number(&reply?).unwrap_or(0)));
                numbers.collect::<Result<Vec<u64>, Failure>>()
            });
            if let Ok(numbers) = self.noted(&link, outcome) {
                undelivered.delivered();
                let entries = numbers.iter().skip(1).step_by(2).sum();
                return (Delivery::Delivered, Some(entries));
            }
        }
        drop(undelivered);
        (self.delivered_soon(began).await, None)
    }

    /// Ends a guard without waiting: for futures that are being dropped. Nothing is read here until it has ended.
    pub(crate) fn end_soon(&self, guard: Guard, name: &str) {
        drop(Undelivered::new(
            &self.shared,
            self.names_ended(guard, name),
        ));
    }
}
