//! What a client shows to say what it has changed, and when.

use crate::cache::Cache;
use crate::invalidate::Delivery;
use ::http::HeaderValue;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What was changed last, in milliseconds since 1970: `1.{when the server had been told}.{when it could not be}`, 0 for never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Token {
    /// By the server's clock.
    told: u64,
    /// By the clock of whoever could not tell it.
    untold: u64,
}

/// What a request has to be answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    Nothing,
    /// What the server says.
    Strictness,
    /// What the source says.
    Bypass,
}

/// For so long somebody may have to try until the server is told, as far as clients are concerned.
const UNTOLD: Duration = Duration::from_secs(10 * 60);

const VERSION: &str = "1";

impl Token {
    /// Of what was changed just now, after what is known already. `None`: there is no server.
    pub(super) fn now(cache: &Cache, delivery: Delivery, before: Option<Token>) -> Option<Self> {
        let redis = cache.redis()?;
        let mut token = before.unwrap_or_default();
        match (delivery, redis.clock()) {
            // A moment that has passed by then, whatever the server's clock shows exactly.
            (Delivery::Delivered, Some((_, at_most))) => token.told = token.told.max(at_most),
            _ => token.untold = token.untold.max(host_time()),
        }
        Some(token)
    }

    /// `None`: it is none, or of another version.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('.');
        let number = |text: &str| {
            let is_number = !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
            is_number.then(|| text.parse().ok()).flatten()
        };
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(VERSION), Some(told), Some(untold), None) => Some(Token {
                told: number(told)?,
                untold: number(untold)?,
            }),
            _ => None,
        }
    }

    pub(super) fn to_value(self) -> HeaderValue {
        let Token { told, untold } = self;
        let value = HeaderValue::try_from(format!("{VERSION}.{told}.{untold}"));
        value.unwrap_or_else(|_| HeaderValue::from_static("1.0.0"))
    }

    /// What it takes to answer with nothing older.
    pub(super) fn demands(self, cache: &Cache) -> Demand {
        let Some(redis) = cache.redis() else {
            return Demand::Nothing;
        };
        let since = |time: u64| Duration::from_millis(host_time().abs_diff(time));
        if self.untold > 0 && since(self.untold) < UNTOLD {
            return Demand::Bypass;
        }
        // Where nothing is kept, every hit asks.
        let Some(coherence) = redis.coherence() else {
            return Demand::Nothing;
        };
        let bound = u64::try_from(coherence.bound.as_millis()).unwrap_or(u64::MAX);
        match redis.clock() {
            // What is served from here is no older than the bound.
            Some((at_least, _)) if at_least.saturating_sub(self.told) > bound => Demand::Nothing,
            _ => Demand::Strictness,
        }
    }
}

/// The time of this machine, in milliseconds since 1970.
fn host_time() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = now.unwrap_or_default().as_millis();
    u64::try_from(millis).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written_and_nothing_else_is_one() {
        let token = Token {
            told: 1_764_000_000_000,
            untold: 3,
        };
        let text = token.to_value();
        assert_eq!(Token::read(text.to_str().expect("text")), Some(token));
        for none in [
            "", "1", "1.2", "2.1.1", "1.1.1.1", "1.-1.0", "1.+1.0", "1.x.0", "1..0",
        ] {
            assert_eq!(Token::read(none), None, "{none}");
        }
    }
}
