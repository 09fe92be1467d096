//! What processes have to agree on that warm together: who was there lately, and whose turn it is.

use super::link::{Failure, Link};
use super::{Redis, millis};
use redis::{Cmd, Pipeline, Value};
use std::time::Duration;

/// Whose a turn of a job is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Ours,
    /// Another process has it, and runs it while it lives.
    Taken,
    /// It was run to its end.
    Run,
}

/// What stands for a turn on the server.
const TAKEN: &str = "taken";
const RUN: &str = "run";

impl Redis {
    /// Tells which of a set were seen, and how long ago.
    pub(crate) async fn seen<'i>(
        &self,
        set: &str,
        ages: impl Iterator<Item = (&'i str, Duration)>,
        window: Duration,
        capacity: usize,
    ) -> Result<(), Failure> {
        let link = self.link().await?;
        let now = link.time_at_most();
        let ages: Vec<_> = ages.collect();
        let name = self.shared.names.active(set);
        let oldest = now.saturating_sub(millis(window));
        let most = i64::try_from(capacity).unwrap_or(i64::MAX);
        let told = |commands: &mut Pipeline, _: &Link| {
            // `GT` would be exact, and takes Redis 6.2; who was seen again meanwhile is soon told of again.
            commands.cmd("ZADD").arg(&name);
            for (id, age) in &ages {
                commands.arg(now.saturating_sub(millis(*age))).arg(id);
            }
            let commands = commands.cmd("ZREMRANGEBYSCORE").arg(&name);
            let commands = commands.arg("-inf").arg(oldest);
            let commands = commands.cmd("ZREMRANGEBYRANK").arg(&name);
            let commands = commands.arg(0).arg(-most - 1);
            commands.cmd("PEXPIRE").arg(&name).arg(millis(window));
        };
        let replies = self.evaluate(&link, told).await?;
        replies.into_iter().try_for_each(|reply| reply.map(|_| ()))
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
            .arg(i64::try_from(number).unwrap_or(i64::MAX));
        let reply = self.ask_for(&command).await?;
        redis::from_redis_value(reply).map_err(|_| Failure::Refused("not a sorted set".into()))
    }

    /// Takes a turn of a job for so long, unless it is taken, or was run.
    pub(crate) async fn takes_turn(
        &self,
        (job, turn): (&str, u64),
        lease: Duration,
    ) -> Result<Turn, Failure> {
        let name = self.shared.names.turn(job, turn);
        let mut command = redis::cmd("SET");
        command.arg(&name).arg(TAKEN).arg("NX");
        command.arg("PX").arg(millis(lease));
        if matches!(self.ask_for(&command).await?, Value::Okay) {
            return Ok(Turn::Ours);
        }
        let mut command = redis::cmd("GET");
        Ok(match self.ask_for(command.arg(&name)).await? {
            Value::BulkString(bytes) if bytes == RUN.as_bytes() => Turn::Run,
            _ => Turn::Taken,
        })
    }

    /// Keeps it, while it is run.
    pub(crate) async fn keeps_turn(
        &self,
        turn: (&str, u64),
        lease: Duration,
    ) -> Result<(), Failure> {
        self.set_turn(turn, TAKEN, lease).await
    }

    /// It was run, which is remembered for so long.
    pub(crate) async fn ends_turn(
        &self,
        turn: (&str, u64),
        remembered: Duration,
    ) -> Result<(), Failure> {
        self.set_turn(turn, RUN, remembered).await
    }

    async fn set_turn(
        &self,
        (job, turn): (&str, u64),
        state: &str,
        lives: Duration,
    ) -> Result<(), Failure> {
        let mut command = redis::cmd("SET");
        command.arg(self.shared.names.turn(job, turn)).arg(state);
        command.arg("PX").arg(millis(lives));
        self.ask_for(&command).await.map(|_| ())
    }

    /// The time by the server's clock, in milliseconds since 1970.
    pub(crate) async fn server_time(&self) -> Result<u64, Failure> {
        Ok(self.link().await?.time_at_most())
    }

    async fn ask_for(&self, command: &Cmd) -> Result<Value, Failure> {
        let link = self.link().await?;
        let limit = self.config().operation_timeout;
        self.ask(&link, command, limit).await
    }
}
