//! What computing a value has cost, in one byte: to an eighth of it, from a microsecond to four hours.

use std::time::Duration;

/// Such a byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost(pub(crate) u8);

/// Bits of the mantissa, below those of the exponent.
const MANTISSA: u32 = 3;
const ONE: u64 = 1 << MANTISSA;

impl Cost {
    /// Rounded to the nearest of the times that there are, and at most the longest of them.
    pub(crate) fn of(time: Duration) -> Self {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let (mut below, mut above) = (0, u8::MAX);
        while above - below > 1 {
            let middle = below + (above - below) / 2;
            if micros_of(middle) <= micros {
                below = middle;
            } else {
                above = middle;
            }
        }
        let nearer_above = micros_of(above).abs_diff(micros) < micros.abs_diff(micros_of(below));
        Cost(if nearer_above { above } else { below })
    }

    pub(crate) fn time(self) -> Duration {
        Duration::from_micros(micros_of(self.0))
    }
}

/// As small floating point numbers are: 0, 1, 2 to 16, 18, 20 to 32, 36, 40, ...
fn micros_of(byte: u8) -> u64 {
    let (exponent, mantissa) = (byte >> MANTISSA, u64::from(byte) % ONE);
    match exponent {
        0 => mantissa,
        _ => (ONE + mantissa) << (exponent - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back_and_longer_costs_have_larger_ones() {
        for byte in 0..=u8::MAX {
            assert_eq!(Cost::of(Cost(byte).time()), Cost(byte));
            assert!(byte == 0 || Cost(byte - 1).time() < Cost(byte).time());
        }
        assert_eq!(Cost(u8::MAX).time(), Duration::from_micros(15 << 30));
        assert_eq!(Cost::of(Duration::MAX), Cost(u8::MAX));
    }

    #[test]
    fn a_cost_is_kept_to_a_sixteenth() {
        for nth in 0..1_000u32 {
            let micros = 1.02f64.powi(nth as i32) as u64;
            let cost = Duration::from_micros(micros.min(15 << 30));
            let off = Cost::of(cost).time().abs_diff(cost);
            assert!(off * 16 <= cost, "{cost:?} is off by {off:?}");
        }
    }
}
