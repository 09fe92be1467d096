//! The rules of the local tier, each broken in one way.

/// A rule, broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mutation {
    /// What was read is kept after looking whether it may be, in two steps, and without stamps.
    ChecksBeforeItKeeps,
    /// Local generations are captured when the reply is there, not before the read is sent.
    CapturesAfterSending,
    /// A lost link leaves the local generations as they are.
    LossEndsNothing,
    /// A lost link ends what is kept, and leaves the reads under way as they are.
    LossLeavesReads,
    /// The age of a heartbeat counts from its answer.
    AgedFromTheAnswer,
    /// A heartbeat asks only one of two lines.
    BeatsOnOneLine,
    /// A heartbeat counts that was answered on a link which is not the one in use.
    CountsBeatsOfOtherLinks,
    /// What was heard is good for one tick more.
    OneTickMore,
    /// What is kept is served whatever was heard.
    NoBound,
    /// An own invalidation ends what is kept when it is sent, and not when it was acknowledged.
    EndsBeforeTheAcknowledgement,
    /// An own deletion that had no reply ends what is kept, and becomes pending in a second step.
    EndsBeforeItIsPending,
    /// A read goes on with its second part while something is pending.
    ReadsMoreWhilePending,
    /// With `NOLOOP`: an own fill leaves the local generation of its key.
    FillEndsNothing,
    /// With `NOLOOP`: an own `capture` that has set or extended a generation leaves the local one.
    CaptureEndsNothing,
    /// A value is kept when it was stored.
    KeepsWhatItFills,
    /// An entry is taken for invalid because its stamps are not the numbers known here.
    NumbersCondemn,
    /// Numbers are learned from `capture`.
    LearnsFromCapture,
    /// Numbers are learned from the reply of a link that was lost.
    LearnsFromALostLink,
    /// A nested read is answered by what is kept.
    NestedReadsWhatIsKept,
    /// Pushes come over a connection of their own, that the heartbeat does not ask.
    PushesElsewhere,
    /// Pushes are handled behind a channel, and answers to heartbeats at once.
    BeatsOvertakePushes,
    /// Pushes and answers to heartbeats are handled behind the same channel. No rule forbids it.
    PushesBehindAChannel,
    /// Pushes and answers to heartbeats come over a connection of their own. No rule forbids it.
    PushesAndBeatsElsewhere,
    /// A new link does not track.
    DoesNotTrackAgain,
    /// The push of a flush is ignored.
    IgnoresFlush,
    /// The push of a key's generation is ignored.
    IgnoresKeyGenerations,
}
