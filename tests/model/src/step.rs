//! What can happen, and how it is written down.

use crate::moving::Name;
use crate::setting::{Op, Setting};
use crate::state::{Set, bit};
use std::fmt;

/// A command, or one of those that a command falls into on a cluster. The names are those of the code's functions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Read(Set),
    /// Whether a flight of its own process still stands.
    Standing(Set),
    Acquire,
    Capture(Set),
    Renew,
    Vouch,
    Fill,
    /// A record under its other key.
    Copy,
    Release,
    /// Gives the lease back, and leaves the source alone.
    Rest,
    Permit(Set),
    Invalidate(Set),
    Delete(Set),
    /// For each key of a record.
    Commit(usize),
    Set,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// A caller's command and its reply.
    Ask(usize, Ask),
    /// A caller's command without a reply.
    Lose(usize, Ask),
    /// A caller's command that the server did not execute, since the slot is on its way to another.
    Refuse(usize, Ask),
    Call(usize),
    /// Joins a flight, waits for it, or leads one and sends `begin`.
    Begin(usize),
    LookAgain(usize),
    Compute(usize),
    /// The computation comes to no value.
    Fail(usize),
    Write(usize),
    GiveUp(usize),
    Drop(usize),
    Deliver(usize, Set),
    LoseDelivery(usize, Set),
    Connect(usize),
    Crash(usize),
    Evict(usize),
    EvictEntry(usize),
    Expire(usize),
    Flush,
    /// A command is executed after its sender has given up.
    Arrive(usize),
    Snapshot,
    Failover(usize),
    StartMove,
    Carry(Name),
    /// With copies that were left on the new server instead of what is on the old one.
    FinishMove(bool),
    CancelMove,
}

impl Step {
    /// For people.
    pub(crate) fn words(self, setting: &Setting) -> String {
        let who = |c: usize| setting.who(c);
        match self {
            Step::Ask(c, ask) => format!("{} {ask:?}", who(c)),
            Step::Lose(c, ask) => format!("{} {ask:?} (no reply)", who(c)),
            Step::Refuse(c, ask) => format!("{} {ask:?} (on its way)", who(c)),
            Step::Call(c) => format!("{} call", who(c)),
            Step::Begin(c) => format!("{} begin", who(c)),
            Step::LookAgain(c) => format!("{} look again", who(c)),
            Step::Compute(c) => format!("{} compute", who(c)),
            Step::Fail(c) => format!("{} fails", who(c)),
            Step::Write(c) => format!("{} write", who(c)),
            Step::GiveUp(c) => format!("{} longest wait", who(c)),
            Step::Drop(c) => format!("{} is dropped", who(c)),
            Step::Deliver(p, set) => format!("process {p} deliver {}", names(set)),
            Step::LoseDelivery(p, set) => format!("process {p} deliver {} (no reply)", names(set)),
            Step::Connect(p) => format!("process {p} connect"),
            Step::Crash(p) => format!("process {p} crashes"),
            Step::Evict(cell) => format!("{} is evicted", names(bit(cell))),
            Step::EvictEntry(key) => format!("K{key} is evicted"),
            Step::Expire(key) => format!("L{key} expires"),
            Step::Flush => "FLUSHALL".into(),
            Step::Arrive(_) => "the command without reply is executed".into(),
            Step::Snapshot => "the replica catches up".into(),
            Step::Failover(server) if setting.cluster.is_some() => {
                format!("the replica of server {server} is promoted")
            }
            Step::Failover(_) => "the replica is promoted".into(),
            Step::StartMove => "the slot begins to move".into(),
            Step::Carry(Name::Entry) => "K goes over".into(),
            Step::Carry(Name::Lease) => "L goes over".into(),
            Step::Carry(Name::Generation(cell)) => format!("{} goes over", names(bit(cell))),
            Step::FinishMove(false) => "the slot has moved".into(),
            Step::FinishMove(true) => "the slot has moved, to what was left there before".into(),
            Step::CancelMove => "the slot stays".into(),
        }
    }
}

impl Setting {
    /// Reader, nested read, batch, renewal, or writer; its number; its process.
    fn who(&self, c: usize) -> String {
        let role = &self.roles[c];
        let what = match role.op {
            Op::Get { .. } if role.parent.is_some() => 'n',
            Op::Get { .. } if role.sibling.is_some() => 'b',
            Op::Get { .. } | Op::Body => 'r',
            Op::Renew { .. } => 'u',
            _ => 'w',
        };
        format!("{what}{c}@{}", role.process)
    }
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ask::Read(set) => write!(f, "read {}", names(*set)),
            Ask::Standing(set) => write!(f, "standing {}", names(*set)),
            Ask::Acquire => f.write_str("acquire"),
            Ask::Capture(set) => write!(f, "capture {}", names(*set)),
            Ask::Renew => f.write_str("renew"),
            Ask::Vouch => f.write_str("vouch"),
            Ask::Fill => f.write_str("fill"),
            Ask::Copy => f.write_str("fill the other key"),
            Ask::Release => f.write_str("release"),
            Ask::Rest => f.write_str("rest"),
            Ask::Permit(set) => write!(f, "permit {}", names(*set)),
            Ask::Invalidate(set) => write!(f, "invalidate {}", names(*set)),
            Ask::Delete(set) => write!(f, "delete {}", names(*set)),
            Ask::Commit(key) => write!(f, "commit K{key}"),
            Ask::Set => f.write_str("set"),
        }
    }
}

/// The keys in a set. (That of a key's generation stands for the key, too, where it is deleted.)
fn names(set: Set) -> String {
    const NAMES: [&str; 8] = ["G0", "G1", "KG0", "KG1", "any:tag", "any:key", "K", "any"];
    let names: Vec<_> = (0..8)
        .filter(|cell| set & 1 << cell != 0)
        .map(|cell| NAMES[cell])
        .collect();
    names.join("+")
}
