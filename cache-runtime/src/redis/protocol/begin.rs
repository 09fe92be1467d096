//! Before a computation: the lease, and the generations of what it will depend on.

use super::{Captured, Wanted, call, exactly};
use crate::generation::{Guard, Stamp};
use crate::redis::link::{self, Failure};
use crate::redis::names::Any;
use crate::redis::script::Script;
use crate::redis::{Redis, Token, millis, number, sequence};
use redis::Value;
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
        let (asked_at, link) = (sequence::next(), self.link().await?);
        let names = &self.shared.names;
        let names = [names.entry(key), names.lease(key)];
        let token = Token::new(link.replication_id(), self.draw());
        let asked = Asked {
            redis: self,
            key,
            token,
        };
        let replies = self
            .evaluate(&link, |commands, link| {
                // First, so that a deletion of the key between the two ends its generation.
                self.capturing(commands, link, wanted);
                call(commands, link, Script::Acquire, &names)
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
        let [captured, acquired] = exactly(replies)?;
        let begun = match acquired {
            Ok(Value::Int(0)) => {
                let captured = self.captured(link, wanted, asked_at, &captured?)?;
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
        let (asked, link) = (sequence::next(), self.link().await?);
        let replies = self
            .evaluate(&link, |commands, link| {
                self.capturing(commands, link, wanted);
            })
            .await?;
        let [captured] = exactly(replies)?;
        self.captured(link, wanted, asked, &captured?)
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
        let kinds = [Any::Tag, Any::Key].into_iter().filter(|any| is_late(*any));
        let mut of_all = Vec::new();
        for kind in kinds {
            match then.any.iter().find(|(any, _)| *any == kind) {
                Some(captured) => of_all.push(*captured),
                None => return Ok(None),
            }
        }
        let (asked, link) = (sequence::next(), self.link().await?);
        let replies = self
            .evaluate(&link, |commands, link| {
                self.capturing(commands, link, Wanted { any: &[], ..late });
                commands.cmd("MGET");
                for (any, _) in &of_all {
                    commands.arg(self.shared.names.any(*any));
                }
            })
            .await?;
        let [captured, any] = exactly(replies)?;
        let wanted = Wanted { any: &[], ..late };
        let captured = self.captured(link, wanted, asked, &captured?)?;
        let Value::Array(now) = any? else {
            return Ok(None);
        };
        let stood = |stamp: &Stamp| {
            let kind = Any::of(stamp.guard);
            let mut of_kind = of_all.iter().zip(&now);
            of_kind.any(|((any, then), now)| *any == kind && number(now) == Some(*then))
                || (self.shared.known).stood_before(&captured.link, stamp, then.asked)
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
