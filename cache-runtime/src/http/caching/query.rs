//! Queries that mean the same.

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
            wanted.sort_by_key(|parameter| name(parameter));
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

#[cfg(test)]
mod tests {
    use super::*;

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
