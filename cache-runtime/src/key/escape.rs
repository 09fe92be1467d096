//! Escaping: a value inside a key can neither contain a separator nor become a wildcard.

use super::text::Text;

/// Marks a segment that stands for something longer or compound: `~` and 32 hexadecimal digits.
pub(super) const DIGEST_MARK: char = '~';
/// Of the mark and the digits, in bytes.
pub(super) const DIGEST_LENGTH: usize = 33;
/// What `None` looks like inside a key. No escaped value looks like it: `%` is always followed by two digits there.
pub(super) const NONE_MARK: &str = "%~";

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Appends `value`, with everything that has a meaning in keys or patterns as `%XX`.
///
/// Escaped are the separator `:`, the wildcards `*` and `?`, the characters of character classes and escapes in
/// patterns (`[`, `]`, `\`), braces (a hash tag in Redis Cluster), `~`, `%` itself, the space and control
/// characters. Everything else, letters of any alphabet included, stays readable.
pub(super) fn push_escaped(out: &mut Text, value: &str) {
    let mut clean_from = 0;
    for (at, byte) in value.bytes().enumerate() {
        if is_special(byte) {
            out.push_str(&value[clean_from..at]);
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
            clean_from = at + 1;
        }
    }
    out.push_str(&value[clean_from..]);
}

fn is_special(byte: u8) -> bool {
    byte <= b' '
        || byte == 0x7f
        || matches!(
            byte,
            b':' | b'%' | b'*' | b'?' | b'[' | b']' | b'{' | b'}' | b'\\' | b'~'
        )
}

/// Appends the mark and the digest in hexadecimal.
pub(super) fn push_digest(out: &mut Text, digest: [u8; 16]) {
    out.push(DIGEST_MARK);
    for byte in digest {
        out.push(char::from(HEX[usize::from(byte >> 4)].to_ascii_lowercase()));
        out.push(char::from(HEX[usize::from(byte & 15)].to_ascii_lowercase()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(value: &str) -> String {
        let mut out = Text::new();
        push_escaped(&mut out, value);
        out.into()
    }

    #[test]
    fn ordinary_values_stay_readable() {
        assert_eq!(escaped("alice@example.org"), "alice@example.org");
        assert_eq!(escaped("žluťoučký-kůň_1.5"), "žluťoučký-kůň_1.5");
    }

    #[test]
    fn separators_and_wildcards_are_escaped() {
        assert_eq!(escaped("a:b*c?"), "a%3Ab%2Ac%3F");
        assert_eq!(
            escaped("50% [x] {y} \\ ~\n"),
            "50%25%20%5Bx%5D%20%7By%7D%20%5C%20%7E%0A"
        );
    }
}
