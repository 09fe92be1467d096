//! A hit in this process, of a value that a server holds, too.

use super::Effort;
use crate::measure::{Candidate, Load, Served, in_turn};
use crate::peers::{cached, cachekit, hitbox, multi_tier, ours};
use crate::report::Side::{Ours, Theirs};
use crate::report::{Chapter, Group, Table, Unit};
use crate::user::KEYS;
use test_servers::RedisServer;

pub(super) async fn measure(server: &RedisServer, effort: Effort) -> Chapter {
    let candidates = candidates(&server.url()).await;
    for candidate in &candidates {
        candidate.warm_up(1).await;
        candidate.is_served(Served::Locally, server, KEYS).await;
    }
    let mut groups = Vec::new();
    for (label, tasks) in [("one task", 1), ("two tasks", 2)] {
        let load = Load {
            tasks,
            calls: 20_000 * tasks,
        };
        groups.push(Group {
            label: label.to_owned(),
            rows: in_turn(&candidates, load, effort.rounds(101, 15)).await,
        });
    }
    Chapter {
        name: "tiered-hit",
        title: "A hit of the local tier before Redis",
        what: "Looks up one of 1,000 entries that are on the server and in this process, which answers; the server \
               counts the keys it is asked for, and none is. Of these, cachekit and hitbox serve what another process \
               has invalidated until it expires; the others are told (see the last case)."
            .to_owned(),
        absent: &[
            "`Arc`: no other local tier before Redis returns one.",
            "moka and quick_cache, which know of no server.",
        ],
        tables: vec![Table {
            title: "Returned by value".to_owned(),
            unit: Unit::Microseconds,
            columns: Vec::new(),
            groups,
        }],
    }
}

async fn candidates(url: &str) -> Vec<Candidate> {
    let bounded = ours::bounded(url).await;
    let kit = cachekit::tiered(url).await;
    let boxed = hitbox::tiered(url);
    let tiers = multi_tier::tiered(url).await;
    cached::connects_to(url);
    vec![
        Candidate::new(Ours, "`#[cached]`, bounded", move |id| {
            ours::user(bounded, id)
        }),
        Candidate::new(Ours, "`#[cached]`, bounded, two tags", move |id| {
            ours::tagged(bounded, id)
        }),
        Candidate::new(
            Theirs,
            "cached, client-side caching (RESP3)",
            |id| async move { cached::local_on_redis(id).await.expect("a user") },
        ),
        Candidate::new(Theirs, "cachekit `production`", move |id| async move {
            cachekit::user(kit, id).await.expect("a user")
        }),
        Candidate::new(Theirs, "hitbox, moka before Redis", move |id| async move {
            hitbox::user(id).cache(boxed).await
        }),
        Candidate::new(Theirs, "multi-tier-cache", move |id| {
            multi_tier::user(tiers, id)
        }),
    ]
}
