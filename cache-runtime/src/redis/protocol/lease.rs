//! Keeping a lease, and giving it back.

use super::all_well;
use crate::redis::link::Failure;
use crate::redis::script::Script;
use crate::redis::{Redis, Token, millis, number};
use crate::sync::within;
use std::time::Duration;
use tokio::runtime::Handle;

impl Redis {
    /// Keeps the lease. Returns whether it still stands. `too_long`: others need not wait for it any more, and may take it
    /// over.
    pub(crate) async fn renew(
        &self,
        key: &str,
        token: Token,
        too_long: bool,
    ) -> Result<bool, Failure> {
        let topology = self.topology().await?;
        let lease = [self.shared.names.lease(key)];
        let replies = self
            .evaluate(&topology, |commands| {
                commands
                    .call(Script::Renew, &lease)
                    .arg(token.to_string())
                    .arg(millis(self.config().lease))
                    .arg(u8::from(too_long));
            })
            .await?;
        all_well(replies).map(|reply| number(&reply) == Some(1))
    }

    /// Gives the lease back.
    pub(crate) async fn release(&self, key: &str, token: Token) {
        if self.try_release(key, token).await.is_err() {
            self.release_soon(key, token);
        }
    }

    /// Gives the lease back without waiting, when the server can be reached. Others would have to wait until it expires.
    pub(crate) fn release_soon(&self, key: &str, token: Token) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let (redis, key): (Redis, Box<str>) = (self.clone(), key.into());
        runtime.spawn(async move {
            let released = async {
                let mut state = redis.shared.state.subscribe();
                loop {
                    match redis.try_release(&key, token).await {
                        // Nor would it be done later.
                        Ok(()) | Err(Failure::Refused(_)) => return,
                        Err(_) if state.changed().await.is_err() => return,
                        Err(_) => {}
                    }
                }
            };
            within(redis.config().lease, released).await;
        });
    }

    /// Gives the lease back, and leaves the source alone for `time`: others do not compute meanwhile, if they have something
    /// else to answer with.
    pub(crate) async fn rest(&self, key: &str, token: Token, time: Duration) {
        // Others would not rest, if this fails.
        if self.end_lease(key, token, Some(time)).await.is_err() {
            self.release_soon(key, token);
        }
    }

    async fn try_release(&self, key: &str, token: Token) -> Result<(), Failure> {
        self.end_lease(key, token, None).await
    }

    async fn end_lease(
        &self,
        key: &str,
        token: Token,
        rest: Option<Duration>,
    ) -> Result<(), Failure> {
        let topology = self.topology().await?;
        let lease = [self.shared.names.lease(key)];
        let replies = self
            .evaluate(&topology, |commands| {
                commands
                    .call(Script::Release, &lease)
                    .arg(token.to_string())
                    .arg(rest.map_or(0, millis));
            })
            .await?;
        all_well(replies).map(|_| ())
    }
}
