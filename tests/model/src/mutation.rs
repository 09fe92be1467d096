//! The rules of the protocol, each broken in one way.

/// A rule, broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mutation {
    /// `fill` does not look at the lease.
    FillsWithoutLease,
    /// Generations are captured after the computation.
    StampsAfterTheComputation,
    /// A generation that is not there counts as unchanged.
    MissingCountsAsValid,
    /// A caller joins whatever flight there is.
    JoinsAlways,
    /// A caller joins the flight whose token has the lease.
    JoinsOnTokenAlone,
    /// A caller joins the flight that was captured under what the caller has just read.
    JoinsOnStampsAlone,
    /// A caller shares a flight that has begun before it, because the lease still stands.
    StandsByItsLeaseAlone,
    /// A caller shares a flight that has begun before it, because its generations still stand.
    StandsByItsStampsAlone,
    /// A caller shares a value that depends on more than it has seen standing.
    SharesWhatDependsOnMore,
    /// A caller shares a flight that was captured without a tag that the caller declares.
    SharesWithoutDeclaredTag,
    /// A caller shares what was captured on another server than it has asked.
    SharesAcrossServers,
    /// `delete` deletes the entry, and then, in a second command, its lease.
    DeletesEntryBeforeLease,
    /// `delete` leaves the generation of the key.
    DeleteKeepsTheKeyGeneration,
    /// `delete` does not end `any:key`.
    DeleteKeepsAnyKey,
    /// Reads go to a replica.
    ReadsFromReplica,
    /// The connection sends `capture` again, with the same number, after a reply was lost.
    SendsCaptureAgain,
    /// `renew` sets the lease instead of extending it.
    RenewSetsTheLease,
    /// The seal is without replication ids.
    NoReplicationId,
    /// The seal has the replication id of the connection that fills, not of the one that captured.
    SealedByTheFillingConnection,
    /// On a cluster, the seal has the replication id of the entry's shard, and generations without the marks of their own.
    SealedForTheEntrysShardAlone,
    /// On a cluster, the seal has generations with the marks of their shards, and not the replication id of the entry's.
    SealedForTheGuardsShardAlone,
    /// On a cluster, `any` is compared without the mark of its shard.
    ComparesAnyWithoutMark,
    /// A slot that has moved has the mark that it had before.
    MoveKeepsTheMark,
    /// Where a slot has moved, the reply has the mark of the server that was asked first, not of the one that answered.
    MarksByTheMapThatAsked,
    /// The names of a key whose slot is on its way are deleted one by one, and once.
    DeletesMovingNamesOnce,
    /// `acquire` does not look whether the entry has changed since it was read.
    AcquiresWhateverTheEntry,
    /// With the lease in hand, nobody looks whether the entry that was read is valid under what was captured.
    ComputesWithoutLookingAgain,
    /// An entry without a tag that its reader declares is an answer.
    AcceptsEntryWithoutDeclaredTag,
    /// A nested read reads the generation of the key after the entry, and takes one without reading again.
    ReadsKeyGenerationAfterEntry,
    /// A nested read that has taken a generation of its key does not read again.
    TakesKeyGenerationWithoutReadingAgain,
    /// A nested read's `begin` captures the generation of its key at any moment, also after `acquire`.
    CapturesKeyGenerationAfterAcquiring,
    /// A nested read that is answered by the entry it had seen does not hand on what that depends on.
    HandsSeenOnWithoutItsGuards,
    /// An outer entry does not depend on the generations of the keys that it has read.
    InheritsNoKeyGeneration,
    /// An outer entry is stamped with the generations as they are after the nested read.
    CapturesInnerStampsAnew,
    /// A nested read joins a flight that has not captured the generation of its key.
    NestedJoinsWithoutKeyGeneration,
    /// A nested read joins a flight that has not captured all guards that the nested read declares.
    NestedJoinsWithoutDeclaredTag,
    /// An outer value that is made of an unstored one is stored.
    StoresWhatAnUnstoredValueIsPartOf,
    /// `any` ends after the tag.
    EndsAnyAfterTag,
    /// `any` and what ends with it are deleted side by side.
    EndsAnyBesideTag,
    /// `any` could not be deleted, and what ends with it is deleted all the same; then all of it is pending.
    SendsTheSecondAfterAFailedFirst,
    /// The same, and nothing is pending.
    ForgetsTheFirstThatFailed,
    /// `vouch` reads `any` while it captures.
    ReadsAnyBesideCapturing,
    /// `vouch` reads `any` before it captures.
    ReadsAnyBeforeCapturing,
    /// `vouch` takes a guard for unchanged that its process has come to know since `begin`.
    KnowsWhatItHasSeenSince,
    /// A permit does not capture `any`, so that nothing vouches for tags that are known only from the value.
    PermitWithoutAny,
    /// `commit` does not compare the key's generation.
    CommitsWithoutComparing,
    /// `commit` leaves the lease to its computation.
    CommitKeepsTheLease,
    /// `commit` leaves the key's generation as it was.
    CommitKeepsTheKeyGeneration,
    /// `commit` does not end `any:key`.
    CommitKeepsAnyKey,
    /// `commit` compares the generation of the first key alone, and stores the record's copies whatever theirs are.
    CommitsCopiesWithoutComparing,
    /// A record's copy is stored although the generation of the key that it is stored under has ended.
    CopiesWithoutComparing,
    /// A process with undelivered invalidations serves from Redis.
    ServesWhilePending,
    /// An entry that is past its time to live is served without looking at its generations.
    ServesWithoutItsGenerations,
    /// A renewal captures after it has computed.
    RenewalCapturesAfterComputing,
    /// A renewal fills whoever has the lease.
    RenewalFillsWithoutLease,
    /// A renewal fills with the seal of the entry that it saw.
    RenewalKeepsTheSeal,
    /// Whoever calls joins a renewal, also one that had begun before.
    JoinsRenewals,
    /// `acquire` passes over leases that are held, as it does over rests for who has nothing to fall back on.
    PassesOverHeldLeases,
    /// A lease is left as it is where it should become a rest.
    RestKeepsTheBareToken,
    /// `fill` takes a rest for its own lease.
    FillsOverRests,
    /// Who has joined takes what the other fell back on.
    FollowersTakeWhatStandsIn,
    /// A nested caller that falls back on what it had found does not hand on what that depends on.
    FallsBackWithoutItsGuards,
    /// A batch waits for the leases of others before it fills its own.
    BatchWaitsBeforeItFills,
    /// After a failover the old primary goes on answering those who are connected to it. No rule of ours: what a
    /// client cannot notice.
    OldPrimaryAnswers,
}
