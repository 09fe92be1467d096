//! Glob matching as Redis does it (`KEYS`, `SCAN … MATCH`), on bytes, in time proportional to the product of
//! both lengths at worst.

/// Whether `text` as a whole matches `pattern`.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to go back to: behind the last star, with that star taking one byte more than before.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if pattern.get(p) == Some(&b'*') {
            p += 1;
            retry = Some((p, t));
            continue;
        }
        if p == pattern.len() && t == text.len() {
            return true;
        }
        match step(&pattern[p..], text.get(t).copied()) {
            Some(width) => {
                p += width;
                t += 1;
            }
            None => match retry {
                Some((after_star, taken)) if taken < text.len() => {
                    retry = Some((after_star, taken + 1));
                    p = after_star;
                    t = taken + 1;
                }
                _ => return false,
            },
        }
    }
}

/// Matches one byte against the first item of the pattern; the width of that item if it does.
fn step(pattern: &[u8], byte: Option<u8>) -> Option<usize> {
    let byte = byte?;
    match *pattern.first()? {
        b'?' => Some(1),
        b'[' => {
            let (width, hit) = class(pattern, byte);
            hit.then_some(width)
        }
        b'\\' if pattern.len() > 1 => (pattern[1] == byte).then_some(2),
        literal => (literal == byte).then_some(1),
    }
}

/// A class such as `[a-z]` or `[^ab]`. An unclosed one reaches to the end of the pattern.
fn class(pattern: &[u8], byte: u8) -> (usize, bool) {
    let mut at = 1;
    let negated = pattern.get(at) == Some(&b'^');
    at += usize::from(negated);
    let mut hit = false;
    while let Some(&first) = pattern.get(at) {
        match first {
            b']' => return (at + 1, hit != negated),
            b'\\' if at + 1 < pattern.len() => {
                hit |= pattern[at + 1] == byte;
                at += 2;
            }
            _ if pattern.get(at + 1) == Some(&b'-') && at + 2 < pattern.len() => {
                let last = pattern[at + 2];
                hit |= (first.min(last)..=first.max(last)).contains(&byte);
                at += 3;
            }
            _ => {
                hit |= first == byte;
                at += 1;
            }
        }
    }
    (at, hit != negated)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn globs_match_as_in_redis() {
        for (pattern, text, expected) in [
            ("user:*:profile", "user:42:profile", true),
            ("user:*:profile", "user:42:x:profile", true),
            ("user:*:profile", "user:42:settings", false),
            ("*", "", true),
            ("**a", "xa", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-", false),
            ("h?llo", "hello", true),
            ("h?llo", "hllo", false),
            ("h[ae]llo", "hallo", true),
            ("h[^e]llo", "hello", false),
            ("h[a-c]llo", "hbllo", true),
            (r"a\*c", "a*c", true),
            (r"a\*c", "abc", false),
            ("a[", "a", false),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} ~ {text}");
        }
    }

    #[test]
    fn many_stars_do_not_take_for_ever() {
        let pattern = "a*".repeat(40) + "b";
        assert!(!matches(&pattern, &"a".repeat(5_000)));
    }
}
