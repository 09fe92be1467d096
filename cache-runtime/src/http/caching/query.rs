//! Queries and paths that mean the same.

use std::borrow::Cow;

/// What of a query is part of a key.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    /// Names of parameters that change no answer; of all that begin so, with `*` at the end.
    pub(super) ignored: Vec<Box<str>>,
    /// Whether the order of parameters matters.
    pub(super) keeps_order: bool,
}

impl Query {
    /// Without what is ignored, sorted by name; several of one name stay in their order.
    pub(super) fn normalized<'q>(&self, query: &'q str) -> Cow<'q, str> {
        if query.is_empty() {
            return Cow::Borrowed(query);
        }
        let given = query.split('&').filter(|it| !it.is_empty());
        let mut wanted: Vec<&str> = given.filter(|it| !self.is_ignored(name(it))).collect();
        if !self.keeps_order {
            // Of names that are written in two ways, the order counts as well.
            wanted.sort_by_cached_key(|parameter| plain(name(parameter)));
        }
        let joined = wanted.join("&");
        if joined == query {
            Cow::Borrowed(query)
        } else {
            Cow::Owned(joined)
        }
    }

    fn is_ignored(&self, name: &str) -> bool {
        self.ignored.iter().any(|it| match it.strip_suffix('*') {
            Some(front) => name.starts_with(front),
            None => **it == *name,
        })
    }
}

fn name(parameter: &str) -> &str {
    parameter.split('=').next().unwrap_or_default()
}

/// A path without what is written in another way for no reason: letters, digits, `-`, `.`, `_` and `~` as `%XX` (RFC 3986 §6.2.2.2).
pub(super) fn plain(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        plain.push_str(&rest[..at]);
        let digits = rest.get(at + 1..at + 3);
        let digits = digits.filter(|it| it.bytes().all(|it| it.is_ascii_hexdigit()));
        let Some(digits) = digits else {
            plain.push('%');
            rest = &rest[at + 1..];
            continue;
        };
        match u8::from_str_radix(digits, 16).ok().filter(is_plain) {
            Some(byte) => plain.push(char::from(byte)),
            None => {
                plain.push('%');
                plain.push_str(&digits.to_ascii_uppercase());
            }
        }
        rest = &rest[at + 3..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_mean_the_same_are_the_same() {
        for (path, is) in [
            ("/users/%37", "/users/7"),
            ("/a%2fb%2Fc", "/a%2Fb%2Fc"),
            ("/%7Ea%", "/~a%"),
            ("/%zz%4%35", "/%zz%45"),
            ("/ä%C3%a4", "/ä%C3%A4"),
        ] {
            assert_eq!(plain(path), is);
        }
    }

    #[test]
    fn queries_that_mean_the_same_are_the_same() {
        let query = Query {
            ignored: vec!["utm_*".into(), "fbclid".into()],
            keeps_order: false,
        };
        for same in [
            "a=1&b=2&b=1",
            "b=2&a=1&b=1",
            "b=2&utm_source=x&a=1&&b=1&fbclid=3",
        ] {
            assert_eq!(query.normalized(same), "a=1&b=2&b=1");
        }
        assert_eq!(query.normalized("b=1&b=2&a=1"), "a=1&b=1&b=2");
        assert_eq!(query.normalized("fbclids=1"), "fbclids=1");
        assert_eq!(query.normalized("utm_a"), "");
        let exact = Query {
            keeps_order: true,
            ..Query::default()
        };
        assert_eq!(exact.normalized("b=2&a=1"), "b=2&a=1");
    }
}
