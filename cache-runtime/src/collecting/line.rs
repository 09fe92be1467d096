//! One thing to invalidate as a line of text, to be kept in a database.
//!
//! ```text
//! key user:42
//! tag profiles
//! pattern user:42:*
//! ```
//!
//! The first word is the form's version as well: what later versions have to add gets a word of its own. What follows
//! the space is the text as it stands, but for control characters (`\u{a}`) and backslashes (`\\`), so that a line has
//! no line break and no zero, which not every database can hold. Different things have different lines.

use crate::invalidate::Target;
use crate::key::Key;
use crate::pattern::Pattern;
use crate::tag::Tag;
use std::fmt::Write;

/// A line that does not say what to invalidate: written by a later version, or by something else. What it does say is
/// not repeated here, since there may be personal data in it.
///
/// ```
/// use cache_runtime::{Cache, Invalidations};
///
/// let mut invalidations = Invalidations::of(&Cache::in_memory());
/// let error = invalidations.line("user:42").unwrap_err();
/// assert_eq!(error.to_string(), "not the line of an invalidation; it begins with `key `, `tag ` or `pattern `");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the line of an invalidation; {0}")]
pub struct UnreadableLine(&'static str);

/// The line of `target`.
pub(crate) fn write(target: &Target) -> String {
    let (word, text) = match target {
        Target::Key(key) => ("key", key.as_str()),
        Target::Tag(tag) => ("tag", tag.as_str()),
        Target::Pattern(pattern) => ("pattern", pattern.as_str()),
    };
    let mut line = String::with_capacity(word.len() + 1 + text.len());
    line.push_str(word);
    line.push(' ');
    for c in text.chars() {
        if c == '\\' {
            line.push_str("\\\\");
        } else if c.is_control() {
            // Writing to a `String` does not fail.
            let _ = write!(line, "{}", c.escape_unicode());
        } else {
            line.push(c);
        }
    }
    line
}

/// What a line stands for.
pub(crate) fn read(line: &str) -> Result<Target, UnreadableLine> {
    const WORD: UnreadableLine = UnreadableLine("it begins with `key `, `tag ` or `pattern `");
    let (word, text) = line.split_once(' ').ok_or(WORD)?;
    let target: fn(String) -> Target = match word {
        "key" => |text| Target::Key(Key::from(text)),
        "tag" => |text| Target::Tag(Tag::from(text)),
        "pattern" => |text| Target::Pattern(Pattern::from(text)),
        _ => return Err(WORD),
    };
    const ESCAPE: UnreadableLine = UnreadableLine(r"a `\` in it is followed by `\` or by `u{…}`");
    Ok(target(unescape(text).ok_or(ESCAPE)?).plain())
}

fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('\\') {
            plain.push('\\');
            rest = after;
        } else {
            let (digits, after) = rest.strip_prefix("u{")?.split_once('}')?;
            plain.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
            rest = after;
        }
    }
    plain.push_str(rest);
    Some(plain)
}
