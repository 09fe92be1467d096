//! What processes have to agree on that warm together: who was there lately, and whose turn it is.

use super::link::Failure;
use super::{Redis, millis};
use crate::sync::within;
use redis::{Cmd, Value};
use std::time::Duration;

impl Redis {
    /// Tells which of a set were seen, and how long ago.
    pub(crate) async fn seen<'i>(
        &self,
        set: &str,
        ages: impl Iterator<Item = (&'i str, Duration)>,
        window: Duration,
        capacity: usize,
    ) -> Result<(), Failure> {
        let now = self.link().await?.time_at_most();
        let name = self.shared.names.active(set);
        // Of those that others have told later, that stands.
        let mut command = redis::cmd("ZADD");
        command.arg(&name).arg("GT");
        for (id, age) in ages {
            command.arg(now.saturating_sub(millis(age))).arg(id);
        }
        self.ask_for(&command).await?;
        let mut command = redis::cmd("ZREMRANGEBYSCORE");
        let oldest = now.saturating_sub(millis(window));
        self.ask_for(command.arg(&name).arg("-inf").arg(oldest))
            .await?;
        let mut command = redis::cmd("ZREMRANGEBYRANK");
        let most = i64::try_from(capacity).unwrap_or(i64::MAX);
        self.ask_for(command.arg(&name).arg(0).arg(-most - 1))
            .await?;
        let mut command = redis::cmd("PEXPIRE");
        self.ask_for(command.arg(&name).arg(millis(window))).await?;
        Ok(())
    }

    /// Those of a set that were seen within the window, the last first.
    pub(crate) async fn recent(
        &self,
        set: &str,
        window: Duration,
        number: usize,
    ) -> Result<Vec<String>, Failure> {
        let now = self.link().await?.time_at_most();
        let mut command = redis::cmd("ZREVRANGEBYSCORE");
        command
            .arg(self.shared.names.active(set))
            .arg("+inf")
            .arg(format!("({}", now.saturating_sub(millis(window))))
            .arg("LIMIT")
            .arg(0)
            .arg(number);
        let reply = self.ask_for(&command).await?;
        redis::from_redis_value(reply).map_err(|_| Failure::Refused("not a sorted set".into()))
    }

    /// Whether this process is the first to ask for this turn of a job, which is remembered for so long.
    pub(crate) async fn takes_turn(
        &self,
        job: &str,
        turn: u64,
        remembered: Duration,
    ) -> Result<bool, Failure> {
        let mut command = redis::cmd("SET");
        command
            .arg(self.shared.names.turn(job, turn))
            .arg(self.draw())
            .arg("NX")
            .arg("PX")
            .arg(millis(remembered));
        Ok(matches!(self.ask_for(&command).await?, Value::Okay))
    }

    /// The time by the server's clock, in milliseconds since 1970.
    pub(crate) async fn server_time(&self) -> Result<u64, Failure> {
        Ok(self.link().await?.time_at_most())
    }

    async fn ask_for(&self, command: &Cmd) -> Result<Value, Failure> {
        let link = self.link().await?;
        let limit = self.config().operation_timeout;
        let sent = within(limit, link.line().send(command)).await;
        self.noted(&link, sent.unwrap_or(Err(Failure::TimedOut)))
    }
}
