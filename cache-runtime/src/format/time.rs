//! A time to live as one number: of seconds if they are whole, else of milliseconds; the lowest bit tells which.

use std::time::Duration;

const SECONDS: u64 = 1;

/// What is left of it in whole milliseconds.
pub(super) fn to_number(time: Duration) -> u64 {
    let millis = time.as_millis();
    let (number, unit) = if millis.is_multiple_of(1000) {
        (millis / 1000, SECONDS)
    } else {
        (millis, 0)
    };
    let longest = u64::MAX >> 1;
    u64::try_from(number).map_or(longest, |number| number.min(longest)) << 1 | unit
}

pub(super) fn of_number(number: u64) -> Duration {
    match number & SECONDS {
        SECONDS => Duration::from_secs(number >> 1),
        _ => Duration::from_millis(number >> 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whole_seconds_are_short() {
        let numbers = [0, 5, 300_000, 1_500, 3_600_000].map(Duration::from_millis);
        assert_eq!(numbers.map(to_number), [1, 10, 601, 3_000, 7_201]);
        let longest = Duration::from_millis(u64::MAX >> 1);
        assert_eq!(of_number(to_number(Duration::MAX)), longest);
    }

    proptest! {
        #[test]
        fn times_come_back(millis in 0u64..1 << 63, shift in 0..63u32) {
            let time = Duration::from_millis(millis >> shift);
            prop_assert_eq!(of_number(to_number(time)), time);
        }
    }
}
