//! What a search of the local tier has reached.

/// Something that a search may reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Mark {
    /// What was read is kept.
    Kept,
    /// Something had changed before the reply was there.
    InvalidFromTheStart,
    /// What would be served had been invalidated, within the bound.
    ServedWithinTheBound,
    /// An entry that was read alone was confirmed by the numbers known.
    Confirmed,
    /// One that had been invalidated, within the bound.
    ConfirmedWithinTheBound,
    /// One was not confirmed, and everything was read.
    Unconfirmed,
    /// `acquire` found the lease taken.
    Busy,
    /// `acquire` found a valid entry.
    Changed,
    /// `fill` stored.
    Filled,
    /// `fill` found its lease gone.
    Fenced,
    /// `capture` extended the life of a generation.
    Extended,
    /// A link was lost.
    Lost,
    /// There is a new link.
    Connected,
    /// All that was pending was delivered.
    Delivered,
    /// The push of a flush has arrived.
    HeardOfAFlush,
}

impl From<Mark> for u8 {
    fn from(mark: Mark) -> u8 {
        mark as u8
    }
}
