//! What a phase has come to.

use std::time::Duration;

/// What is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The cache is switched off.
    Off,
    On,
    /// Right after a start.
    Cold,
    /// Right after a start, and after warming.
    Warmed,
}

pub(crate) struct Measured {
    /// From the shortest to the longest.
    pub(crate) times: Vec<Duration>,
    pub(crate) took: Duration,
    pub(crate) queries: u64,
    pub(crate) transcribed: u64,
    /// Of look-ups.
    pub(crate) hit_rate: f64,
    /// Answers that are none.
    pub(crate) refused: usize,
}

impl Measured {
    pub(crate) fn of(
        answers: Vec<(Duration, u16)>,
        took: Duration,
        hit_rate: f64,
        queries: u64,
        transcribed: u64,
    ) -> Self {
        let refused = answers.iter().filter(|(_, status)| *status >= 400).count();
        let mut times: Vec<Duration> = answers.into_iter().map(|(time, _)| time).collect();
        times.sort();
        Measured {
            times,
            took,
            queries,
            transcribed,
            hit_rate,
            refused,
        }
    }

    /// The time that so many of a hundred requests have not exceeded.
    pub(crate) fn percentile(&self, percent: f64) -> Duration {
        let last = self.times.len().saturating_sub(1);
        let nth = (percent / 100.0 * last as f64).round() as usize;
        self.times.get(nth).copied().unwrap_or_default()
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.times.len() as f64 / self.took.as_secs_f64()
    }
}

/// `12,345`
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
