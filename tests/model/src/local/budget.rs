//! How many faults a search may make. (Delays are none: whatever is under way takes as long as it takes.)

/// How many of each fault there may be in one run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Budget {
    /// A connection breaks, and nothing says so: nothing arrives on it any more.
    pub breaks: u8,
    /// The process gives its link up, although that works.
    pub given_up: u8,
    /// A caller has waited too long for a reply.
    pub timeouts: u8,
    /// Redis evicts an entry or a generation, or it expires.
    pub evictions: u8,
    /// Redis forgets who has read a name, and says so.
    pub overflows: u8,
    /// `FLUSHALL`.
    pub flushes: u8,
    /// A lease expires.
    pub expiries: u8,
    /// `capture` extends the life of a generation.
    pub extensions: u8,
    /// The process dies, and starts anew.
    pub crashes: u8,
}

impl Budget {
    /// Nothing goes wrong.
    pub const NONE: Budget = Budget {
        breaks: 0,
        given_up: 0,
        timeouts: 0,
        evictions: 0,
        overflows: 0,
        flushes: 0,
        expiries: 0,
        extensions: 0,
        crashes: 0,
    };
    /// One connection breaks: it is reset, or half open until somebody notices.
    pub const BREAK: Budget = Budget {
        breaks: 1,
        ..Budget::NONE
    };
    /// One link is given up that still works.
    pub const GIVEN_UP: Budget = Budget {
        given_up: 1,
        ..Budget::NONE
    };
    /// One reply comes too late, or never.
    pub const TIMEOUT: Budget = Budget {
        timeouts: 1,
        ..Budget::NONE
    };
    /// One name is evicted.
    pub const EVICTION: Budget = Budget {
        evictions: 1,
        ..Budget::NONE
    };
    /// One name is no longer tracked.
    pub const OVERFLOW: Budget = Budget {
        overflows: 1,
        ..Budget::NONE
    };
    /// Everything is deleted once.
    pub const FLUSH: Budget = Budget {
        flushes: 1,
        ..Budget::NONE
    };
    /// One lease expires.
    pub const EXPIRY: Budget = Budget {
        expiries: 1,
        ..Budget::NONE
    };
    /// One generation's life is extended.
    pub const EXTENSION: Budget = Budget {
        extensions: 1,
        ..Budget::NONE
    };
    /// The process dies once.
    pub const CRASH: Budget = Budget {
        crashes: 1,
        ..Budget::NONE
    };

    /// The faults of both.
    #[must_use]
    pub const fn and(self, other: Budget) -> Budget {
        Budget {
            breaks: self.breaks + other.breaks,
            given_up: self.given_up + other.given_up,
            timeouts: self.timeouts + other.timeouts,
            evictions: self.evictions + other.evictions,
            overflows: self.overflows + other.overflows,
            flushes: self.flushes + other.flushes,
            expiries: self.expiries + other.expiries,
            extensions: self.extensions + other.extensions,
            crashes: self.crashes + other.crashes,
        }
    }

    /// What may go wrong, in a few words.
    pub(crate) fn words(&self) -> String {
        let named = [
            (self.breaks, "break"),
            (self.given_up, "link given up"),
            (self.timeouts, "timeout"),
            (self.evictions, "eviction"),
            (self.overflows, "overflow"),
            (self.flushes, "flush"),
            (self.expiries, "lease expiry"),
            (self.extensions, "extension"),
            (self.crashes, "crash"),
        ];
        let named = named.iter().filter(|(count, _)| *count > 0);
        let words: Vec<String> = named
            .map(|(count, name)| match count {
                1 => (*name).into(),
                _ => format!("{count} x {name}"),
            })
            .collect();
        if words.is_empty() {
            "no faults".into()
        } else {
            words.join(", ")
        }
    }
}
