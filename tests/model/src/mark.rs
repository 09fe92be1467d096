//! What a search has reached, so that one that reaches nothing does not pass for one that finds nothing.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Something that a search may reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Mark {
    /// A valid entry was read.
    Hit,
    /// A valid entry was read that depends on more than its reader declares.
    HitBeyondDeclared,
    /// A valid entry was read by a nested read.
    NestedHit,
    /// Nothing valid was found.
    Miss,
    /// An entry was sealed under another replication id.
    ForeignSeal,
    /// An entry lacks a tag that its reader declares.
    LacksDeclaredTag,
    /// A nested read has taken a generation of its key.
    TookKeyGeneration,
    /// A caller joined a flight.
    Joined,
    /// A nested read joined a flight.
    NestedJoined,
    /// A caller waited for the end of a flight.
    WaitedForAFlight,
    /// What a flight that had begun before holds no longer stood.
    NoLongerStands,
    /// A caller took the place of a flight that had begun before.
    TookThePlace,
    /// A caller shared a flight that had begun before, and still stood.
    Shared,
    /// A caller that had joined has its value.
    FollowerAnswered,
    /// `begin` captured a guard that was remembered.
    Remembered,
    /// `acquire` found the lease taken.
    Busy,
    /// `acquire` found the entry changed.
    Changed,
    /// The entry read before `begin` was valid after it.
    SeenIsValid,
    /// A value was computed.
    Computed,
    /// `vouch` vouched.
    Vouched,
    /// `vouch` vouched for what was known before, though others had ended.
    KnewBefore,
    /// `vouch` did not.
    Doubtful,
    /// `fill` stored.
    Filled,
    /// `fill` found its lease gone.
    Fenced,
    /// A record was stored under its other key.
    Copied,
    /// A value was returned and not stored.
    Unstored,
    /// An outer value was not stored, for what it was made of.
    OuterUnstored,
    /// A lease was renewed.
    Renewed,
    /// A lease expired under its computation.
    LeaseExpired,
    /// Another waited for an abandoned lease to expire.
    Abandoned,
    /// `commit` stored.
    Committed,
    /// `commit` found another generation, and deleted.
    CommitRefused,
    /// An invalidation was deferred.
    Deferred,
    /// All that a process had deferred was delivered.
    Delivered,
    /// A command was executed after its sender had given up.
    ExecutedLate,
    /// A process connected again.
    Connected,
    /// A part of a batch was busy.
    BatchBusy,
    /// A renewal computes.
    Renews,
    /// A renewal computes although what it saw has ended.
    RenewsWhatHasEnded,
    /// A renewal found nothing valid.
    NothingToRenew,
    /// A renewal came late: somebody else computes, or has, or has failed.
    RenewalStopped,
    /// A computation failed.
    Failed,
    /// A lease became a rest.
    Rested,
    /// A rest came to its end.
    RestEnded,
    /// `acquire` found a rest, and left it.
    Resting,
    /// `acquire` took the lease over from a rest.
    PassedOverARest,
    /// A caller was answered by what it had found past its time to live.
    FellBack,
    /// A nested read was.
    NestedFellBack,
    /// A slot has moved.
    Moved,
    /// A command was refused, since the slot was on its way.
    Refused,
    /// The names of a key were deleted one after the other.
    DeletedApart,
    /// A process went on with one server while it was not connected to the other.
    WentOnWithOne,
    /// A process read what did not lie on the slots of its pending deletions.
    ReadBesidePending,
}

impl From<Mark> for u8 {
    fn from(mark: Mark) -> u8 {
        mark as u8
    }
}

/// The marks that were reached.
#[derive(Debug, Default)]
pub struct Marks(AtomicU64);

impl Marks {
    pub(crate) fn note(&self, mark: impl Into<u8>) {
        let bit = 1 << mark.into();
        if self.0.load(Relaxed) & bit == 0 {
            self.0.fetch_or(bit, Relaxed);
        }
    }

    pub(crate) fn has(&self, mark: impl Into<u8>) -> bool {
        self.0.load(Relaxed) & 1 << mark.into() != 0
    }
}
