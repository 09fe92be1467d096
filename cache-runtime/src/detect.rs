//! What a piece of work has asked the caches for, and from where it was answered.

use crate::sync::lock;
use serde::Serialize;
use std::fmt;
use std::sync::{Arc, Mutex};

/// What a piece of work has asked for; see [`detect`](crate::detect).
#[derive(Clone, Debug, Default, Serialize)]
pub struct Detected {
    calls: Vec<DetectedCall>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DetectedCall {
    /// `module::function`; `(direct)` for operations of a handle.
    pub function: String,
    /// The key; its digest if that is `sensitive`.
    pub key: String,
    /// Where the answer came from.
    pub answer: Answer,
}

/// Where the answer to a call came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Answer {
    /// An entry in this process.
    Local,
    /// An entry on the shared server.
    Server,
    /// An entry past its time to live.
    Stale,
    /// A run of the function.
    Computed,
    /// Another caller's run of it.
    Shared,
    /// A run past the cache, which stores nothing.
    Bypassed,
    /// None: it was waited for as long as `timeout` lets.
    TimedOut,
    /// None: whoever only looked found nothing.
    Absent,
}

impl Detected {
    /// Every call, in the order in which they were answered.
    pub fn calls(&self) -> &[DetectedCall] {
        &self.calls
    }

    /// The calls of the function whose name is `name` or ends in `::name`.
    pub fn of<'d>(&'d self, name: &'d str) -> impl Iterator<Item = &'d DetectedCall> {
        let is_it = move |call: &&DetectedCall| {
            let front = call.function.strip_suffix(name);
            front.is_some_and(|front| front.is_empty() || front.ends_with("::"))
        };
        self.calls.iter().filter(is_it)
    }

    /// Whether something was asked for, and every answer was an entry.
    pub fn is_from_cache(&self) -> bool {
        let is_entry = |call: &DetectedCall| call.answer.is_entry();
        !self.calls.is_empty() && self.calls.iter().all(is_entry)
    }
}

impl Answer {
    /// Whether an entry answered.
    pub fn is_entry(self) -> bool {
        matches!(self, Answer::Local | Answer::Server | Answer::Stale)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Answer::Local => "from this process",
            Answer::Server => "from the server",
            Answer::Stale => "past its time to live",
            Answer::Computed => "computed",
            Answer::Shared => "computed by another call",
            Answer::Bypassed => "past the cache",
            Answer::TimedOut => "not in time",
            Answer::Absent => "not stored",
        })
    }
}

impl fmt::Display for Detected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, call) in self.calls.iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            let DetectedCall {
                function,
                key,
                answer,
            } = call;
            write!(f, "{separator}{function} `{key}` {answer}")?;
        }
        Ok(())
    }
}

/// Who wants to know.
#[derive(Clone, Default)]
pub(crate) struct Detector(Arc<Mutex<Vec<DetectedCall>>>);

impl Detector {
    pub(crate) fn add(&self, call: DetectedCall) {
        lock(&self.0).push(call);
    }

    /// What was told so far.
    pub(crate) fn take(&self) -> Detected {
        Detected {
            calls: std::mem::take(&mut *lock(&self.0)),
        }
    }
}
