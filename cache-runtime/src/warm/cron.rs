//! Times of day.

use chrono::{DateTime, Utc};
use croner::Cron;
use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a pattern says.
pub(super) struct Times {
    pattern: Box<str>,
    cron: Cron,
}

/// A text that is no `cron` pattern, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is no `cron` pattern: {why}")]
pub struct CronError {
    pattern: String,
    why: String,
}

/// By the clock of this machine, in milliseconds since 1970.
pub(super) fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, super::job::millis)
}

impl Times {
    pub(super) fn read(pattern: &str) -> Result<Self, CronError> {
        let unreadable = |why: String| CronError {
            pattern: pattern.to_owned(),
            why,
        };
        let cron = Cron::from_str(pattern).map_err(|why| unreadable(why.to_string()))?;
        let times = Times {
            pattern: pattern.into(),
            cron,
        };
        match times.after(now()) {
            Some(_) => Ok(times),
            None => Err(unreadable("there is no such time to come".to_owned())),
        }
    }

    /// The first one after `now`, both in milliseconds since 1970. `None`: there is none.
    pub(super) fn after(&self, now: u64) -> Option<u64> {
        let now = DateTime::<Utc>::from_timestamp_millis(i64::try_from(now).ok()?)?;
        let next = self.cron.find_next_occurrence(&now, false).ok()?;
        u64::try_from(next.timestamp_millis()).ok()
    }
}

impl fmt::Debug for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pattern.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(pattern: &str, now: &str) -> String {
        let now: DateTime<Utc> = now.parse().expect("a time");
        let times = Times::read(pattern).expect("a pattern");
        let next = times.after(now.timestamp_millis() as u64).expect("one");
        let next = DateTime::<Utc>::from_timestamp_millis(next as i64).expect("a time");
        next.to_rfc3339()
    }

    #[test]
    fn times_are_those_of_the_pattern_in_utc_and_after_now() {
        for (pattern, now, expected) in [
            (
                "*/15 * * * *",
                "2026-11-22T10:00:00Z",
                "2026-11-22T10:15:00+00:00",
            ),
            (
                "*/15 * * * *",
                "2026-11-22T10:14:59.999Z",
                "2026-11-22T10:15:00+00:00",
            ),
            // A Friday.
            (
                "0 6 * * MON-FRI",
                "2026-11-20T06:00:00Z",
                "2026-11-23T06:00:00+00:00",
            ),
            (
                "*/10 * * * * *",
                "2026-11-22T10:00:01Z",
                "2026-11-22T10:00:10+00:00",
            ),
            (
                "0 0 29 2 *",
                "2026-11-22T10:00:00Z",
                "2028-02-29T00:00:00+00:00",
            ),
        ] {
            assert_eq!(after(pattern, now), expected, "{pattern}");
        }
    }

    #[test]
    fn what_is_no_pattern_says_so() {
        let none = ["", "hourly, please", "99 * * * *", "* * * *"];
        for pattern in none.into_iter().chain(["0 0 31 2 *"]) {
            let error = Times::read(pattern).expect_err(pattern);
            assert!(
                error.to_string().starts_with(&format!("`{pattern}` is no")),
                "{error}"
            );
        }
    }
}
