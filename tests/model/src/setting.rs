//! What one search is about: keys, callers, faults, and the rule that is broken, if any.

use crate::budget::Budget;
use crate::cluster::{Apart, Cluster, Slot};
use crate::mutation::Mutation;
use crate::state::{ANY_KEY, ANY_TAG, CALLERS, G0, G1, Set, bit, cells};

/// What a key's computation depends on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Key {
    /// Guards known before the computation.
    pub(crate) declared: Set,
    /// Guards known from the value.
    pub(crate) late: Set,
    /// Which of the two data the value is computed from.
    pub(crate) data: [bool; 2],
    /// The key that the computation reads through the cache.
    pub(crate) inner: Option<usize>,
    /// The other key of the same record: a copy is stored there.
    pub(crate) copy: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Op {
    Get {
        key: usize,
    },
    /// Replaces an entry that somebody has been served, since it is past its time to live or soon will be.
    Renew {
        key: usize,
    },
    /// The computation of something else, of which only the nested read is looked at.
    Body,
    /// Writes a datum, if any, then invalidates a tag or scope.
    Invalidate {
        cell: usize,
        datum: Option<usize>,
    },
    /// Writes a datum, then deletes the key.
    Delete {
        key: usize,
        datum: usize,
    },
    /// Writes through; or, without a write, refreshes.
    Put {
        key: usize,
        writes: bool,
    },
    /// Reads the database, and then stores what it has read.
    Set {
        key: usize,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Role {
    pub(crate) process: usize,
    pub(crate) op: Op,
    /// Comes from another place of the code, or of time, where the key has no tags and the record no other key.
    pub(crate) bare: bool,
    /// For this caller whatever it finds is past its time to live: no answer, unless the computation comes to none.
    pub(crate) falls_back: bool,
    /// For a nested read: the caller whose computation it is part of.
    pub(crate) parent: Option<usize>,
    /// For a part of a batch: the other part.
    pub(crate) sibling: Option<usize>,
    /// Does not begin before this one has: of two alike, either may be the first.
    pub(crate) after: Option<usize>,
}

/// What one search is about.
#[derive(Clone, Debug)]
pub struct Setting {
    pub(crate) name: &'static str,
    pub(crate) keys: [Key; 2],
    pub(crate) roles: Vec<Role>,
    /// The keys whose entries are there from the beginning.
    pub(crate) stored: [bool; 2],
    pub(crate) budget: Budget,
    /// Redis is one node, so that what is sent in one command happens at once. Otherwise every key is a step.
    pub(crate) one_node: bool,
    /// Two servers have a part each.
    pub(crate) cluster: Option<Cluster>,
    pub(crate) mutation: Option<Mutation>,
    /// Whether to count computations, and how many of them a caller waits for.
    pub(crate) counts: bool,
}

impl Setting {
    pub(crate) fn new(name: &'static str) -> Self {
        Setting {
            name,
            keys: [Key::default(); 2],
            roles: Vec::new(),
            stored: [false; 2],
            budget: Budget::NONE,
            one_node: false,
            cluster: None,
            mutation: None,
            counts: false,
        }
    }

    /// The same, with these faults.
    #[must_use]
    pub fn with(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// The same, with a rule broken.
    #[must_use]
    pub fn breaking(mut self, mutation: Mutation) -> Self {
        self.mutation = Some(mutation);
        self
    }

    /// The same, asking also that there is one computation an invalidation, and that nobody waits for more than two.
    #[must_use]
    pub fn counting(mut self) -> Self {
        self.counts = true;
        self
    }

    /// The same on one node, where a command with many keys is one step.
    #[must_use]
    pub fn on_one_node(mut self) -> Self {
        self.one_node = true;
        self
    }

    /// The same on a cluster of two servers, where these slots lie apart from the others.
    #[must_use]
    pub fn on_a_cluster(mut self, apart: Apart) -> Self {
        self.cluster = Some(Cluster::new(apart));
        self
    }

    /// The same, where this slot of a cluster may move to the other server.
    #[must_use]
    pub fn moving(mut self, slot: Slot) -> Self {
        if let Some(cluster) = &mut self.cluster {
            cluster.moves = Some(slot);
        }
        self
    }

    /// The same, with more callers of a key; if its computation reads another key, each with its nested read.
    #[must_use]
    pub fn readers(mut self, process: usize, key: usize, count: usize) -> Self {
        for _ in 0..count {
            let reader = self.push(process, Op::Get { key });
            if let Some(inner) = self.keys[key].inner {
                let nested = self.push(process, Op::Get { key: inner });
                self.roles[nested].parent = Some(reader);
                self.roles[nested].after = None;
            }
        }
        self
    }

    /// Replaces the entry of a key; if its computation reads another key, with its nested read.
    pub(crate) fn renewal(mut self, process: usize, key: usize) -> Self {
        let renewal = self.push(process, Op::Renew { key });
        if let Some(inner) = self.keys[key].inner {
            let nested = self.push(process, Op::Get { key: inner });
            self.roles[nested].parent = Some(renewal);
            self.roles[nested].after = None;
        }
        self
    }

    /// For the last caller, whatever it finds is past its time to live.
    pub(crate) fn falling_back(mut self) -> Self {
        if let Some(last) = self.roles.last_mut() {
            last.falls_back = true;
            last.after = None;
        }
        self
    }

    /// The entry of a key is there from the beginning.
    pub(crate) fn stored(mut self, key: usize) -> Self {
        self.stored[key] = true;
        self
    }

    /// A computation of something else that reads a key.
    pub(crate) fn body(mut self, process: usize, inner: usize) -> Self {
        let body = self.push(process, Op::Body);
        let nested = self.push(process, Op::Get { key: inner });
        self.roles[nested].parent = Some(body);
        self.roles[nested].after = None;
        self
    }

    /// For the last caller the key has no tags, and the record no other key.
    pub(crate) fn bare(mut self) -> Self {
        if let Some(last) = self.roles.last_mut() {
            last.bare = true;
        }
        self
    }

    /// No two callers are alike, though they call the same.
    pub(crate) fn in_any_order(mut self) -> Self {
        self.roles.iter_mut().for_each(|role| role.after = None);
        self
    }

    /// One caller of both keys.
    pub(crate) fn batch(mut self, process: usize) -> Self {
        let first = self.push(process, Op::Get { key: 0 });
        let second = self.push(process, Op::Get { key: 1 });
        self.roles[first].sibling = Some(second);
        self.roles[second].sibling = Some(first);
        self.roles[second].after = None;
        self
    }

    pub(crate) fn key(mut self, key: usize, what: Key) -> Self {
        self.keys[key] = what;
        self
    }

    pub(crate) fn role(mut self, process: usize, op: Op) -> Self {
        self.push(process, op);
        self
    }

    fn push(&mut self, process: usize, op: Op) -> usize {
        assert!(self.roles.len() < CALLERS, "room for {CALLERS} callers");
        let alike = |role: &Role| {
            role.process == process && role.op == op && role.parent.is_none() && !role.falls_back
        };
        let after = self.roles.iter().rposition(alike);
        let role = Role {
            process,
            op,
            bare: false,
            falls_back: false,
            parent: None,
            sibling: None,
            after,
        };
        self.roles.push(role);
        self.roles.len() - 1
    }

    /// What it is about, and what makes it different from others of the name.
    pub(crate) fn title(&self) -> String {
        let node = if self.one_node { ", one node" } else { "" };
        let cluster = self.cluster.map_or_else(String::new, |cluster| {
            let moves = cluster.moves.map(|slot| format!(", {slot:?} moves"));
            format!(", {:?} apart{}", cluster.apart, moves.unwrap_or_default())
        });
        let counts = if self.counts { ", counted" } else { "" };
        let faults = self.budget.words();
        format!("{}{node}{cluster}{counts} ({faults})", self.name)
    }

    pub(crate) fn breaks(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    pub(crate) fn renews(&self, c: usize) -> bool {
        matches!(self.roles[c].op, Op::Renew { .. })
    }

    /// Whether a caller computes although what it has found may be valid.
    pub(crate) fn replaces(&self, c: usize) -> bool {
        self.renews(c) || self.roles[c].falls_back
    }

    /// Whether anybody looks at this `any`.
    pub(crate) fn asks_for(&self, any: usize) -> bool {
        self.keys.iter().any(|key| anys(key.late) & bit(any) != 0)
    }

    /// The key that a caller is about.
    pub(crate) fn key_of(&self, c: usize) -> usize {
        match self.roles[c].op {
            Op::Get { key }
            | Op::Renew { key }
            | Op::Delete { key, .. }
            | Op::Put { key, .. }
            | Op::Set { key } => key,
            Op::Invalidate { .. } | Op::Body => unreachable!("has no key of its own"),
        }
    }

    pub(crate) fn servers(&self) -> usize {
        if self.cluster.is_some() { 2 } else { 1 }
    }

    /// Whether an entry's seal fits a connection, as far as replication ids go.
    pub(crate) fn sealed_alike(&self, sealed: [u8; 2], connected: [u8; 2]) -> bool {
        match self.mutation {
            Some(Mutation::NoReplicationId | Mutation::SealedForTheGuardsShardAlone) => true,
            _ => sealed == connected,
        }
    }
}

/// The `any` that ends with this generation. (The settings' guards are tags.)
pub(crate) fn any_of(cell: usize) -> usize {
    if matches!(cell, G0 | G1) {
        ANY_TAG
    } else {
        ANY_KEY
    }
}

pub(crate) fn anys(guards: Set) -> Set {
    cells(guards).fold(0, |anys, cell| anys | bit(any_of(cell)))
}
