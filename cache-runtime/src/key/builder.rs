//! Building a key from a template: text and values in turn.

use super::text::Text;
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
pub struct KeyBuilder(Key);

impl KeyBuilder {
    /// Starts an empty key; `capacity` is a guess at its length in bytes. Keys of up to 56 bytes take no room on the heap.
    #[inline]
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        KeyBuilder(Key {
            text: Text::with_capacity(capacity),
            sound: true,
        })
    }

    /// Appends text of the template, unchanged.
    #[inline]
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.0.text.push_str(text);
        self
    }

    /// Appends a value, escaped or as a digest; see [`KeyPart`].
    #[inline]
    pub fn part<T: KeyPart + ?Sized>(&mut self, value: &T) -> &mut Self {
        self.0.sound &= value.append_to(&mut self.0.text).is_ok();
        self
    }

    /// Appends `:` and a value.
    #[inline]
    pub(crate) fn segment<T: KeyPart + ?Sized>(&mut self, value: &T) -> &mut Self {
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
    #[must_use]
    pub fn finish_pattern(&self) -> Pattern {
        // What has a part that cannot be written was never stored: without it, the pattern would mean other keys.
        let text = if self.0.sound {
            self.0.text.as_str()
        } else {
            ""
        };
        Pattern::from(text)
    }

    /// The key.
    #[inline]
    #[must_use]
    pub fn finish(&mut self) -> Key {
        self.as_key().clone()
    }

    /// The key, where it was put together: a copy of what was written just now has to wait for it.
    #[doc(hidden)]
    #[inline]
    pub fn as_key(&mut self) -> &Key {
        self.0.shorten();
        &self.0
    }
}
