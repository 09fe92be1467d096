//! Before a computation: the lease, and the generations of what it will depend on.

use super::{Captured, Wanted};
use crate::generation::{Guard, Stamp};
use crate::redis::link::{self, Failure};
use crate::redis::names::Any;
use crate::redis::script::Script;
use crate::redis::{Redis, Token, millis, number, sequence};
use redis::Value;
use std::sync::Arc;
use std::time::Duration;

/// What came of wanting to compute.
pub(crate) enum Begun {
    Acquired(Captured, Token),
    /// Somebody else computes, whose lease holds this.
    Busy(Box<[u8]>),
    /// The source has failed, and is left alone for so long.
    Resting(Duration),
    /// The entry is no longer the one that was seen.
    Changed,
}

/// Wanting to compute.
#[derive(Clone, Copy)]
pub(crate) struct Intent<'i> {
    /// What tells the entry that was seen from others; empty if there was none.
    pub(crate) seen: &'i [u8],
    /// The token of a computation of this process whose generations have ended: its lease can be taken over.
    pub(crate) supersedes: Option<Token>,
    /// Whether the source is to be asked also while it is left alone: there is nothing else to answer with.
    pub(crate) must_compute: bool,
}

impl Redis {
    /// Takes the lease and captures generations, before a computation.
    pub(crate) async fn begin(
        &self,
        key: &str,
        intent: Intent<'_>,
        wanted: Wanted<'_>,
    ) -> Result<Begun, Failure> {
        let (asked_at, topology) = (sequence::next(), self.topology().await?);
        let names = &self.shared.names;
        let names = [names.entry(key), names.lease(key)];
        let link = topology.link(&names[1])?;
        let token = Token::new(link.replication_id(), self.draw());
        let asked = Asked {
            redis: self,
            key,
            token,
        };
        let mut replies = self
            .evaluate(&topology, |commands| {
                // First, so that a deletion of the key between the two ends its generation.
                self.capturing(commands, wanted);
                commands
                    .call(Script::Acquire, &names)
                    .arg(token.to_string())
                    .arg(millis(self.config().lease))
                    .arg(intent.seen)
                    .arg(
                        intent
                            .supersedes
                            .map(|token| token.to_string())
                            .unwrap_or_default(),
                    )
                    .arg(u8::from(intent.must_compute));
            })
            .await?;
        let acquired = replies.pop().ok_or_else(|| link::unexpected(&()))?;
        let begun = match acquired {
            Ok(Value::Int(0)) => {
                let topology = Arc::clone(&topology);
                let captured =
                    self.captured(topology, wanted, asked_at, &mut replies.into_iter())?;
                Ok(Begun::Acquired(captured, token))
            }
            Ok(Value::Int(_)) => Ok(Begun::Changed),
            Ok(Value::BulkString(holder)) => Ok(match rests_until(&holder) {
                Some(until) => Begun::Resting(link.time_until(until)),
                None => Begun::Busy(holder.into()),
            }),
            Ok(other) => Err(link::unexpected(&other)),
            Err(refused) => Err(refused),
        };
        asked.answered();
        begun
    }

    /// Captures generations, without a lease: for explicit writes, and for nested calls that go past the cache.
    pub(crate) async fn capture(&self, wanted: Wanted<'_>) -> Result<Captured, Failure> {
        let (asked, topology) = (sequence::next(), self.topology().await?);
        let replies = self
            .evaluate(&topology, |commands| self.capturing(commands, wanted))
            .await?;
        self.captured(topology, wanted, asked, &mut replies.into_iter())
    }

    /// Makes sure that a key has a generation, which ends when it is deleted.
    pub(crate) async fn capture_key(
        &self,
        key: &str,
        ttl: Option<Duration>,
    ) -> Result<(), Failure> {
        let wanted = Wanted {
            guards: &[(Guard::Key, key.into())],
            any: &[],
            ttl,
        };
        self.capture(wanted).await.map(|_| ())
    }

    /// Captures guards that are known only now. `None`, if they are not as good as captured when `then` was: what stands
    /// for all of their kind has ended since, and this process did not know them before.
    pub(crate) async fn vouch(
        &self,
        late: Wanted<'_>,
        then: &Captured,
    ) -> Result<Option<Captured>, Failure> {
        let is_late = |any: Any| late.guards.iter().any(|(guard, _)| Any::of(*guard) == any);
        let of_all = then.any.iter().filter(|(any, _)| is_late(*any));
        let of_all: Vec<(Any, u64)> = of_all.copied().collect();
        let wanted = Wanted { any: &[], ..late };
        let (asked, topology) = (sequence::next(), self.topology().await?);
        let names = of_all.iter().map(|(any, _)| self.shared.names.any(*any));
        let names: Vec<String> = names.collect();
        let replies = self
            .evaluate(&topology, |commands| {
                self.capturing(commands, wanted);
                // After it, so that none of them has ended before if this has not.
                commands.then();
                for name in &names {
                    commands.on(name).cmd("GET").arg(name);
                }
            })
            .await?;
        let mut replies = replies.into_iter();
        let captured = self.captured(Arc::clone(&topology), wanted, asked, &mut replies)?;
        let now: Vec<Option<u64>> = replies
            .zip(&names)
            .map(|(reply, name)| Ok(number(&reply?).map(|now| topology.marked(name, now))))
            .collect::<Result<_, Failure>>()?;
        let stood = |stamp: &Stamp| {
            let kind = Any::of(stamp.guard);
            let mut of_kind = of_all.iter().zip(&now);
            of_kind.any(|((any, then), now)| *any == kind && *now == Some(*then))
                || self.shared.known.stood_before(stamp, then.asked)
        };
        let all_stood = captured.stamps.iter().all(stood);
        Ok(all_stood.then_some(captured))
    }
}

/// The end of the rest that a lease tells of, in milliseconds of the server's clock.
pub(super) fn rests_until(holder: &[u8]) -> Option<u64> {
    let at = holder.iter().position(|&byte| byte == b'~')?;
    std::str::from_utf8(&holder[at + 1..]).ok()?.parse().ok()
}

/// A lease that was asked for. If no answer is heard, it may have been granted all the same.
struct Asked<'r> {
    redis: &'r Redis,
    key: &'r str,
    token: Token,
}

impl Asked<'_> {
    fn answered(self) {
        std::mem::forget(self);
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.redis.release_soon(self.key, self.token);
    }
}
