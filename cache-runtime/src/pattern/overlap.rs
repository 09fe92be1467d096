//! Whether two templates can mean the same text: what the wiring check asks.

/// One item of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// This byte.
    Byte(u8),
    /// The value of a placeholder: any text without a separator.
    Value,
    /// Any one byte.
    One,
    /// Any text.
    Any,
}

/// Reads a template as its author wrote it: `{…}` is a value, `{{` and `}}` are braces. With `wild`, the
/// wildcards of a [`Pattern`](super::Pattern) count as such; a class counts as any one byte.
pub(crate) fn items(template: &str, wild: bool) -> Vec<Item> {
    let bytes = template.as_bytes();
    let mut items = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' | b'}' if bytes.get(at) == Some(&byte) => {
                at += 1;
                items.push(Item::Byte(byte));
            }
            b'{' => {
                at = end_of_placeholder(bytes, at);
                items.push(Item::Value);
            }
            b'*' if wild => items.push(Item::Any),
            b'?' if wild => items.push(Item::One),
            b'[' if wild => {
                at = bytes[at..]
                    .iter()
                    .position(|&b| b == b']')
                    .map_or(bytes.len(), |n| at + n + 1);
                items.push(Item::One);
            }
            b'\\' if wild && at < bytes.len() => {
                items.push(Item::Byte(bytes[at]));
                at += 1;
            }
            _ => items.push(Item::Byte(byte)),
        }
    }
    items
}

fn end_of_placeholder(bytes: &[u8], from: usize) -> usize {
    let mut depth = 1;
    for (offset, byte) in bytes[from..].iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return from + offset + 1;
        }
    }
    bytes.len()
}

/// Whether some text matches both.
pub(crate) fn overlap(a: &[Item], b: &[Item]) -> bool {
    // Of two that differ, most do so before their first value, and nothing has to be filled in for these.
    let is_byte = |item: &Item| matches!(item, Item::Byte(_));
    let same = a
        .iter()
        .zip(b)
        .take_while(|(a, b)| a == b && is_byte(a))
        .count();
    let (a, b) = (&a[same..], &b[same..]);
    if let (Some(Item::Byte(_)), Some(Item::Byte(_))) = (a.first(), b.first()) {
        return false;
    }
    // reach[j]: whether a[i..] and b[j..] can meet, filled from the ends backwards.
    let mut below = vec![false; b.len() + 1];
    for i in (0..=a.len()).rev() {
        let mut row = vec![false; b.len() + 1];
        for j in (0..=b.len()).rev() {
            row[j] = match (a.get(i), b.get(j)) {
                (None, None) => true,
                (left, right) => {
                    let skips = |item: Option<&Item>| matches!(item, Some(Item::Any | Item::Value));
                    let skip_left = skips(left) && below[j];
                    let skip_right = skips(right) && row.get(j + 1) == Some(&true);
                    let take = match (left, right) {
                        (Some(left), Some(right)) => {
                            share_a_byte(*left, *right) && after(*left, *right, &below, &row, j)
                        }
                        _ => false,
                    };
                    skip_left || skip_right || take
                }
            };
        }
        below = row;
    }
    below[0]
}

/// Where both stand after one shared byte: what can repeat may stay.
fn after(left: Item, right: Item, below: &[bool], row: &[bool], j: usize) -> bool {
    let repeats = |item: Item| matches!(item, Item::Any | Item::Value);
    let advance_right = repeats(left) && row.get(j + 1) == Some(&true);
    let advance_left = repeats(right) && below[j];
    advance_right || advance_left || below.get(j + 1) == Some(&true)
}

fn share_a_byte(left: Item, right: Item) -> bool {
    match (left, right) {
        (Item::Byte(a), Item::Byte(b)) => a == b,
        (Item::Byte(byte), Item::Value) | (Item::Value, Item::Byte(byte)) => byte != b':',
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{items, overlap};

    fn meet(key: &str, pattern: &str) -> bool {
        overlap(&items(key, false), &items(pattern, true))
    }

    #[test]
    fn a_pattern_meets_the_keys_it_can_invalidate() {
        for (key, pattern, expected) in [
            ("user:{id}", "user:*", true),
            ("user:{id}:{page}", "user:{user_id}:*", true),
            ("user:{id}", "user:{user_id}:*", false),
            ("user:{id}", "usr:*", false),
            ("user:{id}", "user:{id}", true),
            ("user:{id}:profile", "user:*:profile", true),
            ("user:{id}:profile", "user:*:settings", false),
            ("prompt:{name}:v{n}", "prompt:intro:v?", true),
            ("prompt:{name}:v{n}", "prompt:intro:w?", false),
            ("a:{x}", "*", true),
            ("a:{x}", "a", false),
            ("a:{x}", "a:", true),
            ("lit{{x}}", "lit{{x}}", true),
            ("lit{{x}}", "lit{{y}}", false),
        ] {
            assert_eq!(meet(key, pattern), expected, "{key} ~ {pattern}");
        }
    }

    #[test]
    fn a_value_does_not_reach_over_a_separator() {
        assert!(!meet("a:{x}:c", "a:c"));
        assert!(!meet("a:{x}", "a:b:c"));
        assert!(meet("a:{x.y(|z| { z })}", "a:b"));
    }
}
