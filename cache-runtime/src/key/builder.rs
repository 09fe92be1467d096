//! Building a key from a template: text and values in turn.

use super::{Key, KeyPart};
use crate::pattern::Pattern;

/// Builds a [`Key`]; what the templates of the macros expand to.
///
/// ```
/// use cache_runtime::KeyBuilder;
///
/// let key = KeyBuilder::new(16).text("user:").part(&42).text(":").part("a:b").finish();
/// assert_eq!(key.as_str(), "user:42:a%3Ab");
/// ```
#[must_use]
pub struct KeyBuilder {
    text: String,
    sound: bool,
}

impl KeyBuilder {
    /// Starts an empty key; `capacity` is a guess at its length in bytes.
    #[inline]
    pub fn new(capacity: usize) -> Self {
        KeyBuilder {
            text: String::with_capacity(capacity),
            sound: true,
        }
    }

    /// Appends text of the template, unchanged.
    #[inline]
    pub fn text(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Appends a value, escaped or as a digest; see [`KeyPart`].
    #[inline]
    pub fn part<T: KeyPart + ?Sized>(mut self, value: &T) -> Self {
        self.sound &= value.append_to(&mut self.text).is_ok();
        self
    }

    /// Appends `:` and a value.
    #[inline]
    pub(crate) fn segment<T: KeyPart + ?Sized>(self, value: &T) -> Self {
        self.text(":").part(value)
    }

    /// The pattern, if the text has wildcards of a [`Pattern`].
    ///
    /// ```
    /// use cache_runtime::{KeyBuilder, Route};
    ///
    /// let pattern = KeyBuilder::new(16).text("user:").part("a*").text(":*").finish_pattern();
    /// assert_eq!((pattern.as_str(), pattern.route()), ("user:a%2A:*", Route::Scope));
    /// ```
    pub fn finish_pattern(self) -> Pattern {
        // What has a part that cannot be written was never stored: without it, the pattern would mean other keys.
        Pattern::from(if self.sound { self.text } else { String::new() })
    }

    /// The key.
    #[inline]
    pub fn finish(self) -> Key {
        Key::finish(self.text, self.sound)
    }
}
