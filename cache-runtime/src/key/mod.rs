//! Keys: what an entry is stored under, injective in the arguments it was made from.
//!
//! A key is text in segments separated by `:`. Every prefix that ends in `:` is a *scope*, and so is the empty
//! one (the root); a scope can be invalidated as a whole. This room makes keys and knows their scopes; it never
//! looks at what is stored under them.

mod builder;
pub(crate) mod encode;
mod escape;
mod part;
mod text;

pub use builder::KeyBuilder;
pub use part::{KeyPart, KeyPartError};

pub(crate) use text::Text;

use std::fmt;

/// Keys are cut to this many bytes, by a digest in place of what follows the last separator.
pub(crate) const LONGEST_KEY: usize = 200;
/// The scopes of a key are the prefixes up to its first separators, this many at most.
pub(crate) const DEEPEST_SCOPE: usize = 8;

/// What an entry is stored under.
///
/// From text it is taken as it stands. For text with values in it use [`key!`](crate::key!), which escapes
/// them: user data can then neither contain a separator nor become a wildcard.
///
/// ```
/// use cache_runtime::{Key, key};
///
/// let name = "a:b*";
/// assert_eq!(key!("user:{name}:profile").as_str(), "user:a%3Ab%2A:profile");
/// assert_eq!(Key::from("user:1").as_str(), "user:1");
/// ```
///
/// Keys past 200 bytes keep what stands before their last `:` and end in a digest of the rest, 128 bits of
/// SHA-256, where that is shorter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    text: Text,
    /// False if a part could not be written: such a key is never looked up and never stored under.
    sound: bool,
}

impl Key {
    /// The key as it stands.
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    pub(crate) fn is_sound(&self) -> bool {
        self.sound
    }

    #[cfg(test)]
    fn scopes(&self) -> impl Iterator<Item = &str> {
        scopes(self.as_str())
    }

    fn of(text: Text) -> Self {
        let mut key = Key { text, sound: true };
        key.shorten();
        key
    }

    #[inline]
    fn shorten(&mut self) {
        if self.text.len() > LONGEST_KEY {
            shorten(&mut self.text);
        }
    }
}

#[cold]
fn shorten(text: &mut Text) {
    let cut = text.as_str().rfind(':').map_or(0, |at| at + 1);
    if text.len() - cut > escape::DIGEST_LENGTH {
        let digest = encode::digest_of_text(&text.as_str()[cut..]);
        text.truncate(cut);
        escape::push_digest(text, digest);
    }
}

/// The prefixes of a key that can be invalidated as a whole, the root first.
pub(crate) fn scopes(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.bytes().enumerate().filter(|&(_, byte)| byte == b':');
    std::iter::once("").chain(ends.take(DEEPEST_SCOPE).map(|(at, _)| &text[..=at]))
}

/// Whether `prefix` is a scope of every key that starts with it.
pub(crate) fn is_scope(prefix: &str) -> bool {
    prefix.is_empty()
        || (prefix.ends_with(':') && prefix.bytes().filter(|&b| b == b':').count() <= DEEPEST_SCOPE)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Key::of(Text::from(text))
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Key::of(Text::from(text))
    }
}

impl From<&String> for Key {
    fn from(text: &String) -> Self {
        Key::from(text.as_str())
    }
}

impl From<&Key> for Key {
    fn from(key: &Key) -> Self {
        key.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_the_prefixes_that_end_in_a_separator() {
        let key = Key::from("user:42:profile");
        assert_eq!(key.scopes().collect::<Vec<_>>(), ["", "user:", "user:42:"]);
        assert_eq!(
            Key::from("a::b").scopes().collect::<Vec<_>>(),
            ["", "a:", "a::"]
        );
        assert_eq!(Key::from("plain").scopes().collect::<Vec<_>>(), [""]);
    }

    #[test]
    fn a_hostile_number_of_separators_does_not_make_as_many_scopes() {
        let key = Key::from(":".repeat(150));
        assert_eq!(key.scopes().count(), 1 + DEEPEST_SCOPE);
        for scope in key.scopes() {
            assert!(is_scope(scope));
        }
        assert!(!is_scope(&":".repeat(DEEPEST_SCOPE + 1)));
    }

    #[test]
    fn a_long_key_keeps_its_scopes_and_stays_distinct() {
        let long = |tail: &str| Key::from(format!("search:page:{}{tail}", "x".repeat(300)));
        assert_eq!(
            long("a").scopes().collect::<Vec<_>>(),
            ["", "search:", "search:page:"]
        );
        assert!(long("a").as_str().len() <= LONGEST_KEY);
        assert_ne!(long("a"), long("b"));
        assert_eq!(Key::from(long("a").as_str()), long("a"));
        // A pattern over long scopes keeps its wildcard.
        let scope = format!("{}:*", "s".repeat(250));
        assert_eq!(Key::from(scope.as_str()).as_str(), scope);
    }
}
