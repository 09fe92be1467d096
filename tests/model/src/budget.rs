//! How many faults a search may make.

/// How many of each fault there may be in one run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Budget {
    /// Redis evicts an entry or a generation, or it expires.
    pub evictions: u8,
    /// A lease expires although its computation is under way.
    pub expiries: u8,
    /// `FLUSHALL`.
    pub flushes: u8,
    /// A process dies.
    pub crashes: u8,
    /// A command has no reply: it is executed at any later moment, or never.
    pub losses: u8,
    /// A caller's future is dropped.
    pub drops: u8,
    /// The replica, or the file, takes over what the primary holds.
    pub snapshots: u8,
    /// The replica is promoted, or the server restarts from its file.
    pub failovers: u8,
    /// A caller has waited for the longest wait.
    pub impatience: u8,
    /// A computation fails.
    pub failures: u8,
    /// A slot of a cluster moves to the other server, or is about to.
    pub moves: u8,
}

impl Budget {
    /// Nothing goes wrong.
    pub const NONE: Budget = Budget {
        evictions: 0,
        expiries: 0,
        flushes: 0,
        crashes: 0,
        losses: 0,
        drops: 0,
        snapshots: 0,
        failovers: 0,
        impatience: 0,
        failures: 0,
        moves: 0,
    };
    /// One key is evicted.
    pub const EVICTION: Budget = Budget {
        evictions: 1,
        ..Budget::NONE
    };
    /// One lease expires under its computation.
    pub const EXPIRY: Budget = Budget {
        expiries: 1,
        ..Budget::NONE
    };
    /// Everything is deleted once.
    pub const FLUSH: Budget = Budget {
        flushes: 1,
        ..Budget::NONE
    };
    /// One process dies.
    pub const CRASH: Budget = Budget {
        crashes: 1,
        ..Budget::NONE
    };
    /// One reply is lost.
    pub const LOSS: Budget = Budget {
        losses: 1,
        ..Budget::NONE
    };
    /// One caller is dropped.
    pub const DROP: Budget = Budget {
        drops: 1,
        ..Budget::NONE
    };
    /// One failover to a replica that lags, or one restart from an old file.
    pub const FAILOVER: Budget = Budget {
        snapshots: 1,
        failovers: 1,
        ..Budget::NONE
    };
    /// A replica that lags, and stays one.
    pub const REPLICA: Budget = Budget {
        snapshots: 1,
        ..Budget::NONE
    };
    /// One caller has waited too long.
    pub const IMPATIENCE: Budget = Budget {
        impatience: 1,
        ..Budget::NONE
    };
    /// One computation fails.
    pub const FAILURE: Budget = Budget {
        failures: 1,
        ..Budget::NONE
    };

    /// A slot of a cluster moves to the other server.
    pub const MOVE: Budget = Budget {
        moves: 1,
        ..Budget::NONE
    };
    /// The same, and there it may find copies that an earlier attempt has left.
    pub const MOVE_TO_COPIES: Budget = Budget {
        moves: 1,
        snapshots: 1,
        ..Budget::NONE
    };

    /// The faults of both.
    #[must_use]
    pub const fn and(self, other: Budget) -> Budget {
        Budget {
            evictions: self.evictions + other.evictions,
            expiries: self.expiries + other.expiries,
            flushes: self.flushes + other.flushes,
            crashes: self.crashes + other.crashes,
            losses: self.losses + other.losses,
            drops: self.drops + other.drops,
            snapshots: self.snapshots + other.snapshots,
            failovers: self.failovers + other.failovers,
            impatience: self.impatience + other.impatience,
            failures: self.failures + other.failures,
            moves: self.moves + other.moves,
        }
    }

    pub(crate) fn bytes(&self) -> [u8; 11] {
        [
            self.evictions,
            self.expiries,
            self.flushes,
            self.crashes,
            self.losses,
            self.drops,
            self.snapshots,
            self.failovers,
            self.impatience,
            self.failures,
            self.moves,
        ]
    }

    /// What may go wrong, in a few words.
    pub(crate) fn words(&self) -> String {
        const NAMES: [&str; 11] = [
            "eviction",
            "expiry",
            "flush",
            "crash",
            "lost reply",
            "drop",
            "snapshot",
            "failover",
            "impatience",
            "failure",
            "move",
        ];
        let named = self
            .bytes()
            .into_iter()
            .zip(NAMES)
            .filter(|(count, _)| *count > 0);
        let words: Vec<String> = named
            .map(|(count, name)| {
                if count == 1 {
                    name.into()
                } else {
                    format!("{count} x {name}")
                }
            })
            .collect();
        if words.is_empty() {
            "no faults".into()
        } else {
            words.join(", ")
        }
    }
}
