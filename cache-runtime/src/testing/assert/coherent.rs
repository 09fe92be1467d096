//! The promise itself, asked of every node.

use super::Verdict;
use crate::cache::Cache;
use crate::testing::{Network, on};
use std::fmt::Debug;
use std::time::Duration;

/// A node that has answered something else.
struct Differs {
    node: Box<str>,
    cache: Cache,
    answer: String,
    /// How much later it has to know; `None`: by now.
    may_be_late: Option<Duration>,
}

/// See [`assert_coherent!`](crate::assert_coherent).
pub async fn coherent<T, U>(
    network: &Network,
    (read, truth): (&str, U),
    mut call: impl AsyncFnMut() -> T,
) -> Verdict
where
    T: PartialEq<U> + Debug,
    U: Debug,
{
    network.settle().await;
    let mut late = Vec::new();
    let mut wrong = Vec::new();
    for (node, cache, is_told) in network.nodes() {
        let answer = on(&cache, call()).await;
        if answer == truth {
            continue;
        }
        let bound = cache.stats().coherence.map(|coherence| coherence.bound);
        let differs = Differs {
            answer: format!("{answer:?}"),
            may_be_late: bound.filter(|_| !is_told),
            node,
            cache,
        };
        match differs.may_be_late {
            Some(_) => late.push(differs),
            None => wrong.push(differs),
        }
    }
    if let Some(bound) = late.iter().filter_map(|differs| differs.may_be_late).max()
        && wrong.is_empty()
    {
        network.advance(bound).await;
        for mut differs in late {
            let answer = on(&differs.cache, call()).await;
            if answer != truth {
                differs.answer = format!("{answer:?}");
                wrong.push(differs);
            }
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let lines = wrong.iter().map(Differs::line).collect::<String>();
    Err(format!(
        "`{read}` should be {truth:?} on every node{lines}{}",
        undelivered(network)
    ))
}

impl Differs {
    fn line(&self) -> String {
        let Differs { node, answer, .. } = self;
        match (self.may_be_late, &self.cache.stats().coherence) {
            (Some(bound), _) => format!("\n  {node}: {answer}, also past its bound of {bound:?}"),
            (None, Some(_)) => format!("\n  {node}: {answer}, though nothing keeps news from it"),
            (None, None) => format!("\n  {node}: {answer}, and it is strict"),
        }
    }
}

/// The promise is about invalidations that have returned as delivered.
fn undelivered(network: &Network) -> String {
    let has_some = |cache: &Cache| cache.redis().is_some_and(|redis| !redis.is_clear());
    let nodes = network.nodes().into_iter();
    let lines = nodes
        .filter(|(_, cache, _)| has_some(cache))
        .map(|(node, ..)| {
            format!(
                "\n  what {node} has invalidated is not delivered yet: heal it, and let time go on"
            )
        });
    lines.collect()
}
