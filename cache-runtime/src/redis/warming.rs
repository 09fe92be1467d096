//! What processes have to agree on that warm together: who was there lately, and whose turn it is.

use super::commands::Commands;
use super::link::{self, Failure};
use super::{Redis, millis};
use redis::{Cmd, Value};
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
        let topology = self.topology().await?;
        let ages: Vec<_> = ages.collect();
        let name = self.shared.names.active(set);
        let now = topology.link(&name)?.time_at_most();
        let oldest = now.saturating_sub(millis(window));
        let most = i64::try_from(capacity).unwrap_or(i64::MAX);
        let told = |commands: &mut Commands<'_>| {
            // `GT` would be exact, and takes Redis 6.2; who was seen again meanwhile is soon told of again.
            let adding = commands.on(&name).cmd("ZADD").arg(&name);
            for (id, age) in &ages {
                adding.arg(now.saturating_sub(millis(*age))).arg(id);
            }
            let removing = commands.on(&name).cmd("ZREMRANGEBYSCORE").arg(&name);
            removing.arg("-inf").arg(oldest);
            let removing = commands.on(&name).cmd("ZREMRANGEBYRANK").arg(&name);
            removing.arg(0).arg(-most - 1);
            let lives = commands.on(&name).cmd("PEXPIRE").arg(&name);
            lives.arg(millis(window));
        };
        let replies = self.evaluate(&topology, told).await?;
        replies.into_iter().try_for_each(|reply| reply.map(|_| ()))
    }

    /// Those of a set that were seen within the window, the last first.
    pub(crate) async fn recent(
        &self,
        set: &str,
        window: Duration,
        number: usize,
    ) -> Result<Vec<String>, Failure> {
        let name = self.shared.names.active(set);
        let now = self.topology().await?.link(&name)?.time_at_most();
        let mut command = redis::cmd("ZREVRANGEBYSCORE");
        command
            .arg(&name)
            .arg("+inf")
            .arg(format!("({}", now.saturating_sub(millis(window))))
            .arg("LIMIT")
            .arg(0)
            .arg(i64::try_from(number).unwrap_or(i64::MAX));
        let reply = self.ask_for(&name, command).await?;
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
        if matches!(self.ask_for(&name, command).await?, Value::Okay) {
            return Ok(Turn::Ours);
        }
        let mut command = redis::cmd("GET");
        command.arg(&name);
        Ok(match self.ask_for(&name, command).await? {
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
        let name = self.shared.names.turn(job, turn);
        let mut command = redis::cmd("SET");
        command.arg(&name).arg(state);
        command.arg("PX").arg(millis(lives));
        self.ask_for(&name, command).await.map(|_| ())
    }

    /// The time by the server's clock, in milliseconds since 1970; in a cluster, by that of the first one.
    pub(crate) async fn server_time(&self) -> Result<u64, Failure> {
        let topology = self.topology().await?;
        let first = topology.links().first().ok_or(Failure::NoLink)?;
        Ok(first.time_at_most())
    }

    async fn ask_for(&self, name: &str, command: Cmd) -> Result<Value, Failure> {
        let topology = self.topology().await?;
        let asking = self.evaluate(&topology, |commands| {
            commands.on(name).add_command(command);
        });
        asking.await?.pop().ok_or_else(|| link::unexpected(&name))?
    }
}
