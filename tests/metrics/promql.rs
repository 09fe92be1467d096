//! As much of PromQL as tells which metrics and labels a query names.

use std::collections::BTreeSet;

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Named {
    pub(crate) metrics: BTreeSet<String>,
    /// Those whose increase is asked for, which only counters and parts of histograms have.
    pub(crate) rated: BTreeSet<String>,
    pub(crate) labels: BTreeSet<String>,
}

const KEYWORDS: [&str; 9] = [
    "and", "or", "unless", "offset", "bool", "on", "ignoring", "by", "without",
];
/// What has labels in parentheses behind it.
const OF_LABELS: [&str; 6] = [
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
];
const OF_INCREASE: [&str; 3] = ["rate", "irate", "increase"];

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text,
    Sign(char),
}

/// What `query` names. Panics if braces, brackets and parentheses do not match.
pub(crate) fn named(query: &str) -> Named {
    let tokens = tokens(query);
    let mut named = Named::default();
    let mut open = Vec::new();
    let mut before: [Option<String>; 2] = [None, None];
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1);
        match token {
            Token::Sign(sign @ ('(' | '{' | '[')) => open.push((*sign, before[0].take())),
            Token::Sign(sign @ (')' | '}' | ']')) => {
                let (opening, _) = open.pop().unwrap_or_else(|| panic!("{sign} in {query}"));
                assert!(
                    matches!((opening, sign), ('(', ')') | ('{', '}') | ('[', ']')),
                    "{query}"
                );
            }
            Token::Word(word) => {
                let inside = open.last().map(|(sign, before)| (*sign, before.as_deref()));
                let is_called = match next {
                    Some(Token::Sign(sign)) => *sign == '(',
                    Some(Token::Word(word)) => ["by", "without"].contains(&&**word),
                    _ => false,
                };
                let is_number = word.starts_with(|c: char| c.is_ascii_digit());
                match inside {
                    Some(('[', _)) => {}
                    Some(('{', _)) => drop(named.labels.insert(word.clone())),
                    Some(('(', Some(of))) if OF_LABELS.contains(&of) => {
                        named.labels.insert(word.clone());
                    }
                    // `label_values(metric, label)` of Grafana.
                    Some(('(', Some("label_values"))) if tokens[at - 1] == Token::Sign(',') => {
                        named.labels.insert(word.clone());
                    }
                    _ if is_called || is_number || KEYWORDS.contains(&&**word) => {}
                    _ if tokens.get(at.wrapping_sub(1))
                        == Some(&Token::Word("offset".to_owned())) => {}
                    other => {
                        named.metrics.insert(word.clone());
                        if let Some((_, Some(of))) = other
                            && OF_INCREASE.contains(&of)
                        {
                            named.rated.insert(word.clone());
                        }
                    }
                }
            }
            Token::Text | Token::Sign(_) => {}
        }
        before[0] = match token {
            Token::Word(word) => Some(word.clone()),
            _ => None,
        };
    }
    assert!(open.is_empty(), "something is left open in {query}");
    named
}

fn tokens(query: &str) -> Vec<Token> {
    let (mut tokens, mut letters) = (Vec::new(), query.chars().peekable());
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\n' => {}
            '"' => {
                let closes = |c: char| {
                    assert_ne!(c, '\\', "nothing is escaped in {query}");
                    c == '"'
                };
                assert!(letters.by_ref().any(closes), "a text is open in {query}");
                tokens.push(Token::Text);
            }
            letter if letter.is_ascii_alphanumeric() || "_:.$".contains(letter) => {
                let mut word = letter.to_string();
                let goes_on = |c: &char| c.is_ascii_alphanumeric() || "_:.".contains(*c);
                while let Some(letter) = letters.next_if(goes_on) {
                    word.push(letter);
                }
                tokens.push(Token::Word(word));
            }
            sign => tokens.push(Token::Sign(sign)),
        }
    }
    tokens
}

#[test]
fn it_finds_metrics_and_labels() {
    let found = named(
        r#"histogram_quantile(0.9, sum by (le, job) (rate(a_bucket{job=~"$job"}[$__rate_interval] offset 1d))) > b and on (instance) group_left (x) c == 1"#,
    );
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    assert_eq!(found.metrics, set(&["a_bucket", "b", "c"]));
    assert_eq!(found.rated, set(&["a_bucket"]));
    assert_eq!(found.labels, set(&["le", "job", "instance", "x"]));
    let of_grafana = named(r#"label_values(cache_info{job=~"$job"}, instance)"#);
    assert_eq!(of_grafana.metrics, set(&["cache_info"]));
    assert_eq!(of_grafana.labels, set(&["job", "instance"]));
}
