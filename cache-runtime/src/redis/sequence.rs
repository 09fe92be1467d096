//! The order in which calls begin and commands are sent, in this process.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that is greater than all that were given before.
pub(crate) fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::AcqRel)
}

/// When something is begun on the server: nothing that it reads there is older.
#[derive(Debug, Default)]
pub(crate) struct Moment(AtomicU64);

impl Moment {
    /// Begins now, whenever it was begun before.
    pub(crate) fn begins(&self) {
        self.begins_at(next());
    }

    pub(crate) fn begins_at(&self, moment: u64) {
        self.0.store(moment, Ordering::Release);
    }

    /// A command of it is sent now, which is its first unless something else was.
    pub(crate) fn begins_with_this(&self) {
        let _has_begun = self
            .0
            .compare_exchange(0, next(), Ordering::AcqRel, Ordering::Relaxed);
    }

    /// What was sent has come to nothing.
    pub(crate) fn begins_later(&self) {
        self.0.store(0, Ordering::Release);
    }

    /// Whether everything that it reads is read after this moment.
    pub(crate) fn is_after(&self, moment: u64) -> bool {
        let begun = self.0.load(Ordering::Acquire);
        begun == 0 || begun > moment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_not_begun_is_after_everything() {
        let (moment, before) = (Moment::default(), next());
        assert!(moment.is_after(before));
        moment.begins_with_this();
        let after = next();
        assert!(moment.is_after(before) && !moment.is_after(after));
        moment.begins_with_this();
        assert!(!moment.is_after(after), "the first counts");
        moment.begins();
        assert!(moment.is_after(after));
        moment.begins_later();
        assert!(moment.is_after(next()));
    }
}
