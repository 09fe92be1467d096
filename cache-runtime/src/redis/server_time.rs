//! What a server's clock shows, without asking each time.
//!
//! A server ends a key at a moment of its own clock, and an entry says when it was made by that clock. So its age can be
//! told from the entry alone, in every process, and no two hosts' clocks are ever compared: a process asks the server
//! for the time now and then, and adds what has passed since by its own monotonic clock. How long the question was
//! under way it cannot tell apart, so it knows two times: one that the server's clock shows at least, and one that it
//! shows at most.

use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Instant;

/// The time of one server, in milliseconds since 1970.
pub(super) struct ServerTime {
    began: Instant,
    /// What it showed, at least and at most, when this was made.
    at_least: AtomicU64,
    at_most: AtomicU64,
}

impl ServerTime {
    /// Of a server that has answered this to a question sent `asked`.
    pub(super) fn new(asked: Instant, answer: u64) -> Self {
        let time = ServerTime {
            began: asked,
            at_least: AtomicU64::new(0),
            at_most: AtomicU64::new(0),
        };
        time.answered(asked, answer);
        time
    }

    /// The same again: clocks drift, and are set.
    pub(super) fn answered(&self, asked: Instant, answer: u64) {
        let then = millis(asked.saturating_duration_since(self.began));
        let now = millis(self.began.elapsed()) + 1;
        self.at_most
            .store(answer.saturating_sub(then) + 1, Ordering::Relaxed);
        self.at_least
            .store(answer.saturating_sub(now), Ordering::Relaxed);
    }

    pub(super) fn at_least(&self) -> u64 {
        self.at_least.load(Ordering::Relaxed) + millis(self.began.elapsed())
    }

    pub(super) fn at_most(&self) -> u64 {
        self.at_most.load(Ordering::Relaxed) + millis(self.began.elapsed()) + 1
    }
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_time_lies_between_the_question_and_the_answer() {
        let asked = Instant::now();
        std::thread::sleep(Duration::from_millis(30));
        let time = ServerTime::new(asked, 1_000_000);
        // It may have been read at once, and the answer have taken all the time; or the other way round.
        let (least, most) = (time.at_least(), time.at_most());
        assert!((999_998..=1_000_020).contains(&least), "{least}");
        assert!((1_000_030..=1_000_060).contains(&most), "{most}");
        std::thread::sleep(Duration::from_millis(30));
        assert!(time.at_least() >= least + 29);
        // A clock that was set back.
        time.answered(Instant::now(), 5_000);
        assert!(time.at_least() < 6_000 && time.at_most() < 6_000);
    }
}
