//! What can happen, and how it is written down.

use super::message::{Reply, Request};
use super::setting::{Role, Setting};
use super::state::{ALL, At, LINES, Set, State, members};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    Tick,
    /// A caller sends what it does next over a connection.
    Send(usize, usize),
    /// The server executes a connection's next request.
    Execute(usize),
    /// The same; it is a `capture`, and extends.
    ExecuteExtending(usize),
    /// The process handles the next message of a connection.
    Receive(usize),
    ReceiveAside,
    Compute(usize),
    Write(usize),
    LookAgain(usize),
    /// A nested read is answered by what is kept.
    TakeKept(usize),
    Keep(usize),
    Defer(usize),
    GiveUp(usize),
    Elsewhere(usize),
    Beat,
    /// A heartbeat is answered that another link was asked for.
    BeatOfAnother,
    Deliver,
    Break(usize),
    Lose,
    Connect,
    Evict(usize),
    Overflow(usize),
    Flush,
    Expire(usize),
    Crash,
}

impl Step {
    /// For people.
    pub(crate) fn words(self, setting: &Setting, state: &State) -> String {
        let who = |c: usize| setting.who(c);
        match self {
            Step::Tick => "tick".into(),
            Step::Send(c, line) => {
                let what = match (state.callers[c].at, setting.roles[c]) {
                    (At::Idle, Role::Refresh) => At::Begin,
                    (At::Idle, _) => At::Read,
                    (at, _) => at,
                };
                format!("{} sends {what:?}{}", who(c), on(line))
            }
            Step::Execute(line) => format!("server: {}{}", request(setting, state, line), on(line)),
            Step::ExecuteExtending(line) => {
                let request = request(setting, state, line);
                format!("server: {request}, extending{}", on(line))
            }
            Step::Receive(line) => format!("heard: {}{}", reply(setting, state, line), on(line)),
            Step::ReceiveAside => format!("heard: {}", aside(state)),
            Step::Compute(c) => format!("{} computes", who(c)),
            Step::Write(c) => format!("{} writes", who(c)),
            Step::LookAgain(c) => format!("{} looks again", who(c)),
            Step::TakeKept(c) => format!("{} takes what is kept", who(c)),
            Step::Keep(c) => format!("{} keeps", who(c)),
            Step::Defer(c) => format!("{} defers", who(c)),
            Step::GiveUp(c) => format!("{} waits no longer", who(c)),
            Step::Elsewhere(c) => format!("{} goes on ({:?})", who(c), state.callers[c].at),
            Step::Beat => "heartbeat sent".into(),
            Step::BeatOfAnother => "another link is asked, and answers".into(),
            Step::Deliver => "what is pending is sent".into(),
            Step::Break(line) => format!("nothing more arrives{}", on(line)),
            Step::Lose => "the link is lost".into(),
            Step::Connect => "a new link".into(),
            Step::Evict(name) => format!("{} is evicted", names(1 << name)),
            Step::Overflow(name) => format!("{} is no longer tracked", names(1 << name)),
            Step::Flush => "FLUSHALL".into(),
            Step::Expire(key) => format!("the lease of {} expires", names(1 << key)),
            Step::Crash => "the process dies and starts anew".into(),
        }
    }
}

impl Setting {
    /// Reader, outer reader, refresh, or writer; its number; primed in another process.
    pub(crate) fn who(&self, c: usize) -> String {
        let what = match self.roles[c] {
            Role::Reads | Role::ReadsElsewhere => 'r',
            Role::Outer => 'o',
            Role::Refresh => 'f',
            Role::Ends(_) | Role::EndsElsewhere(_) => 'w',
        };
        let elsewhere = if self.is_elsewhere(c) { "'" } else { "" };
        format!("{what}{c}{elsewhere}")
    }
}

fn on(line: usize) -> String {
    if line < LINES {
        format!(" [{line}]")
    } else {
        format!(" [old {}]", line - LINES)
    }
}

fn request(setting: &Setting, state: &State, line: usize) -> String {
    let who = |caller: u8| setting.who(usize::from(caller));
    match state.connections[line].up.first() {
        Some(Request::Read { caller, names: set }) => {
            format!("{} read {}", who(caller), names(set))
        }
        Some(Request::Begin { caller, .. }) => format!("{} begin", who(caller)),
        Some(Request::Nest { caller }) => format!("{} nested read", who(caller)),
        Some(Request::Fill { caller, .. }) => format!("{} fill", who(caller)),
        Some(Request::Delete { caller, names: set }) => {
            format!("{} delete {}", who(caller), names(set))
        }
        Some(Request::Deliver(set)) => format!("deliver {}", names(set)),
        Some(Request::Beat) => "heartbeat".into(),
        Some(Request::Nothing) | None => "nothing".into(),
    }
}

fn reply(setting: &Setting, state: &State, line: usize) -> String {
    let reply = state.connections[line].down.first().unwrap_or_default();
    match reply {
        Reply::Read { caller, .. }
        | Reply::Begun { caller, .. }
        | Reply::Nested { caller, .. }
        | Reply::Done { caller } => format!("reply to {}", setting.who(usize::from(caller))),
        reply => message(reply),
    }
}

fn aside(state: &State) -> String {
    message(state.mirror.aside.first().unwrap_or_default())
}

fn message(reply: Reply) -> String {
    match reply {
        Reply::Push(ALL) => "push of everything".into(),
        Reply::Push(set) => format!("push {}", names(set)),
        Reply::Beat { .. } => "heartbeat".into(),
        Reply::Delivered => "delivered".into(),
        _ => "nothing".into(),
    }
}

fn names(set: Set) -> String {
    const NAMES: [&str; 8] = ["K", "O", "G", "KG", "", "", "", ""];
    let names: Vec<_> = members(set).map(|name| NAMES[name]).collect();
    names.join("+")
}
