//! What happened, in words.

use crate::witness::{Asked, Event};
use std::fmt;

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`, key `{}`", self.function, self.key)
    }
}

/// What was answered by no entry, and why.
pub(super) fn misses(events: &[Event]) -> String {
    let is_told = |asked: &Asked| {
        let of_it = |event: &Event| matches!(event, Event::Missed(missed, _) if missed == asked);
        events.iter().any(of_it)
    };
    let lines = events.iter().filter_map(|event| match event {
        Event::Missed(asked, why) => Some(format!("\n  {asked}: {why}")),
        Event::Ran(asked) if !is_told(asked) => Some(format!("\n  {asked}: computed afresh")),
        Event::Passed(asked) => Some(format!(
            "\n  {asked}: went past the cache (switched off, or `when` said no, or no key)"
        )),
        _ => None,
    });
    lines.collect()
}

/// Why something was not stored, if something was not.
pub(super) fn reasons(events: &[Event]) -> String {
    let lines = events.iter().filter_map(|event| match event {
        Event::NotStored(function, why) => Some(format!(
            "\n  the first time `{function}` was not stored: {why}"
        )),
        _ => None,
    });
    lines.collect()
}

/// What was invalidated.
pub(super) fn ended(events: &[Event]) -> String {
    let ended = events.iter().filter_map(|event| match event {
        Event::Ended(what) => Some(what.as_str()),
        _ => None,
    });
    let ended: Vec<&str> = ended.collect();
    if ended.is_empty() {
        "it invalidated nothing".to_owned()
    } else {
        format!("it invalidated {}", ended.join(", "))
    }
}
