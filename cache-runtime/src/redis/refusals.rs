//! Telling people that the server refuses what it is asked: once for many calls, and again when it has ceased to.

use super::link::Failure;
use crate::sync::lock;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// While it goes on, it is said so often.
const REPEATED: Duration = Duration::from_secs(60);
/// What was not refused for so long is over. Some keys may be allowed, and others not.
const OVER: Duration = Duration::from_secs(5);

/// What the server was asked to do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked {
    Read,
    Write,
}

#[derive(Default)]
pub(super) struct Refusals {
    reads: Refused,
    writes: Refused,
}

#[derive(Default)]
struct Refused {
    /// For those who have nothing to say but that all is well.
    any: AtomicBool,
    episode: Mutex<Option<Episode>>,
}

struct Episode {
    said: Instant,
    last: Instant,
    /// Refused since it was said.
    times: u64,
}

impl Refusals {
    /// Takes note of an outcome: of a failure, or of none.
    pub(super) fn note(&self, server: &str, asked: Asked, failure: Option<&Failure>) {
        let refused = match asked {
            Asked::Read => &self.reads,
            Asked::Write => &self.writes,
        };
        match failure {
            Some(failure @ Failure::Refused(_)) => {
                if let Some(times) = refused.again(Instant::now()) {
                    tell(server, asked, failure, times);
                }
            }
            None if refused.any.load(Ordering::Relaxed) && refused.is_over(Instant::now()) => {
                tracing::info!(target: "cache_runtime", %server, "{}", match asked {
                    Asked::Read => "redis answers reads again",
                    Asked::Write => "redis stores again",
                });
            }
            _ => {}
        }
    }
}

impl Refused {
    /// Refused once more. If that is to be said: how often it was since that was said last.
    fn again(&self, now: Instant) -> Option<u64> {
        self.any.store(true, Ordering::Relaxed);
        let mut episode = lock(&self.episode);
        let times = match &mut *episode {
            None => 1,
            Some(episode) => {
                episode.last = now;
                episode.times += 1;
                if now.saturating_duration_since(episode.said) < REPEATED {
                    return None;
                }
                episode.times
            }
        };
        *episode = Some(Episode {
            said: now,
            last: now,
            times: 0,
        });
        Some(times)
    }

    /// Something was not refused. Whether that is to be said.
    fn is_over(&self, now: Instant) -> bool {
        let mut episode = lock(&self.episode);
        let last = episode.as_ref().map(|episode| episode.last);
        let is_over = last.is_some_and(|last| now.saturating_duration_since(last) >= OVER);
        if is_over {
            *episode = None;
            self.any.store(false, Ordering::Relaxed);
        }
        is_over
    }
}

fn tell(server: &str, asked: Asked, why: &Failure, times: u64) {
    let hint = match why {
        Failure::Refused(code) if **code == *"NOPERM" => {
            "; its user lacks a right to these keys or commands, docs/guide/redis.md says what it needs"
        }
        _ => "",
    };
    let what = match asked {
        Asked::Read => "redis refuses reads; functions run without the cache where it does",
        Asked::Write => "redis refuses to store; functions run at every call where it does",
    };
    tracing::warn!(target: "cache_runtime", %server, %why, times, "{what}{hint}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_once_a_minute_and_when_it_is_over() {
        let refused = Refused::default();
        let began = Instant::now();
        let after = |seconds| began + Duration::from_secs(seconds);
        assert_eq!(refused.again(after(0)), Some(1));
        for second in 1..60 {
            assert_eq!(refused.again(after(second)), None);
            assert!(!refused.is_over(after(second)), "others are allowed");
        }
        assert_eq!(refused.again(after(60)), Some(60));
        assert!(!refused.is_over(after(64)));
        assert!(refused.is_over(after(65)));
        assert!(!refused.is_over(after(66)), "once");
        assert_eq!(refused.again(after(67)), Some(1));
    }
}
