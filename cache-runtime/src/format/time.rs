//! A time to live as one number: of hours, minutes or seconds if they are whole, else of milliseconds; the two lowest bits
//! tell which.

use std::time::Duration;

/// In milliseconds, the longest last.
const UNITS: [u64; 4] = [1, 1_000, 60_000, 3_600_000];
const UNIT_BITS: u32 = 2;

/// What is left of it in whole milliseconds.
pub(super) fn to_number(time: Duration) -> u64 {
    let longest = u64::MAX >> UNIT_BITS;
    let millis = u64::try_from(time.as_millis()).map_or(longest, |millis| millis.min(longest));
    let is_whole = |unit: &u64| millis.is_multiple_of(*unit);
    let unit = UNITS.iter().rposition(is_whole).unwrap_or_default();
    (millis / UNITS[unit]) << UNIT_BITS | unit as u64
}

/// `None`: longer than any time.
pub(super) fn of_number(number: u64) -> Option<Duration> {
    let unit = UNITS[number as usize % UNITS.len()];
    let millis = (number >> UNIT_BITS).checked_mul(unit)?;
    Some(Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn round_times_are_short() {
        let times = [0, 5, 1_500, 90_000, 300_000, 3_600_000, 30 * 86_400_000];
        let numbers = times.map(Duration::from_millis).map(to_number);
        assert_eq!(numbers, [3, 20, 6_000, 361, 22, 7, 2_883]);
        let longest = of_number(to_number(Duration::MAX)).expect("a time");
        assert!(longest >= Duration::from_millis((u64::MAX >> 2) - 3_600_000));
        assert_eq!(of_number(u64::MAX), None);
    }

    proptest! {
        #[test]
        fn times_come_back(millis in 0u64..1 << 62, shift in 0..62u32) {
            let time = Duration::from_millis(millis >> shift);
            prop_assert_eq!(of_number(to_number(time)), Some(time));
        }
    }
}
