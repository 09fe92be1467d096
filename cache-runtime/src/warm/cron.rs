//! Times of day.

use chrono::{DateTime, Utc};
use croner::Cron;
use std::str::FromStr;

/// What a pattern says.
#[derive(Debug)]
pub(super) struct Times(Cron);

/// A text that is no `cron` pattern, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is no `cron` pattern: {why}")]
pub struct CronError {
    pattern: String,
    why: String,
}

impl Times {
    pub(super) fn read(pattern: &str) -> Result<Self, CronError> {
        match Cron::from_str(pattern) {
            Ok(cron) => Ok(Times(cron)),
            Err(why) => Err(CronError {
                pattern: pattern.to_owned(),
                why: why.to_string(),
            }),
        }
    }

    /// The first one after `now`, both in milliseconds since 1970. `None`: there is none.
    pub(super) fn after(&self, now: u64) -> Option<u64> {
        let now = DateTime::<Utc>::from_timestamp_millis(i64::try_from(now).ok()?)?;
        let next = self.0.find_next_occurrence(&now, false).ok()?;
        u64::try_from(next.timestamp_millis()).ok()
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
        for pattern in ["", "hourly, please", "99 * * * *", "* * * *"] {
            let error = Times::read(pattern).expect_err(pattern);
            assert!(
                error.to_string().starts_with(&format!("`{pattern}` is no")),
                "{error}"
            );
        }
        let never = Times::read("0 0 31 2 *");
        assert!(
            never.map_or(true, |times| times.after(0).is_none()),
            "the 31st of February"
        );
    }
}
