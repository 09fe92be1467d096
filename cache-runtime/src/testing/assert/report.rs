//! What happened, in words.

use crate::witness::{Asked, Event};
use std::fmt;

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`, key `{}`", self.function, self.key)
    }
}

/// Whose bodies have run, and why.
pub(super) fn computed(events: &[Event]) -> String {
    let lines = events.iter().filter_map(|event| match event {
        Event::Ran(asked) => {
            let why = events.iter().find_map(|other| match other {
                Event::Missed(missed, why) if missed == asked => Some(*why),
                _ => None,
            });
            Some(format!("\n  {asked}: {}", why.unwrap_or("computed")))
        }
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
