//! What is broken at the moment.

use std::time::Duration;

/// Which way bytes go; the index of what there is for each direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// From the client to the server.
    Requests = 0,
    /// From the server to the client.
    Replies = 1,
}

/// The faults, as one value, so that whoever looks sees a state somebody asked for.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) delays: [Duration; 2],
    pub(super) hang: bool,
    pub(super) drop: [bool; 2],
    pub(super) cut_after: OneShot,
    pub(super) truncate: OneShot,
    /// One more with every cut: connections from before it have to end.
    pub(super) cuts: u64,
}

impl Faults {
    pub(super) fn heal(&mut self) {
        *self = Self {
            cuts: self.cuts,
            ..Self::default()
        };
    }

    pub(super) fn delay(&self, direction: Direction) -> Duration {
        self.delays[direction as usize]
    }

    pub(super) fn drops(&self, direction: Direction) -> bool {
        self.drop[direction as usize]
    }
}

/// Goes off once, at the n-th call from now.
#[derive(Debug, Default)]
pub(super) struct OneShot(u64);

impl OneShot {
    pub(super) fn on(n: u64) -> Self {
        Self(n)
    }

    /// Whether this is the call.
    pub(super) fn fires(&mut self) -> bool {
        let fires = self.0 == 1;
        self.0 = self.0.saturating_sub(1);
        fires
    }
}

#[cfg(test)]
mod tests {
    use super::OneShot;

    #[test]
    fn a_one_shot_goes_off_once() {
        let mut shot = OneShot::on(2);
        let calls = [(); 4].map(|()| shot.fires());
        assert_eq!(calls, [false, true, false, false]);
        assert!(!OneShot::default().fires());
    }
}
