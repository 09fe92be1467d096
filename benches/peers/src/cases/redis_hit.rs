//! A hit that the server answers.

use super::Effort;
use crate::measure::{Candidate, Load, Served, in_turn};
use crate::peers::{bare, cached, cachekit, hitbox, ours};
use crate::report::Side::{Ours, Theirs};
use crate::report::{Chapter, Group, Table, Unit};
use crate::user::{KEYS, User};
use test_servers::RedisServer;

pub(super) async fn measure(server: &RedisServer, effort: Effort) -> Chapter {
    let candidates = candidates(&server.url()).await;
    for candidate in &candidates {
        candidate.warm_up(1).await;
        candidate.is_served(Served::ByRedis, server, KEYS).await;
    }
    let mut groups = Vec::new();
    for (label, tasks, calls) in [
        ("1 task", 1, 500),
        ("64 tasks", 64, 6_400),
        ("512 tasks", 512, 10_240),
    ] {
        groups.push(Group {
            label: label.to_owned(),
            rows: in_turn(&candidates, Load { tasks, calls }, effort.rounds(61, 15)).await,
        });
    }
    Chapter {
        name: "redis-hit",
        title: "A hit on Redis",
        what: "Looks up one of 1,000 entries that are on the server and nowhere else, by one task after the other or \
               by many at a time; the server counts the keys it finds. The time of a call is that of all calls divided \
               by their number: less is more throughput."
            .to_owned(),
        absent: &["multi-tier-cache, whose local tier cannot be left out."],
        tables: vec![Table {
            title: "Hits on the server".to_owned(),
            unit: Unit::Microseconds,
            columns: Vec::new(),
            groups,
        }],
    }
}

async fn candidates(url: &str) -> Vec<Candidate> {
    let strict = ours::strict(url).await;
    let bounded = ours::bounded(url).await;
    let small = ours::bounded_without_room(url).await;
    let connection = bare::kept(url).await;
    for id in 0..KEYS {
        bare::set(connection, id, &User::of(id)).await;
    }
    let boxed = hitbox::on_redis(url);
    let kit = cachekit::on_redis(url).await;
    cached::connects_to(url);
    vec![
        Candidate::new(Ours, "`#[cached]`, strict", move |id| {
            ours::user(strict, id)
        }),
        Candidate::new(Ours, "`#[cached]`, bounded, `local = off`", move |id| {
            ours::far(bounded, id)
        }),
        Candidate::new(
            Ours,
            "`#[cached]`, bounded, no room in the local tier",
            move |id| ours::user(small, id),
        ),
        Candidate::new(Theirs, "`GET` and bincode, by hand", move |id| async move {
            bare::get(connection, id).await.expect("a hit")
        }),
        Candidate::new(Theirs, "cached on Redis", |id| async move {
            cached::on_redis(id).await.expect("a user")
        }),
        Candidate::new(Theirs, "hitbox on Redis", move |id| async move {
            hitbox::user(id).cache(boxed).await
        }),
        Candidate::new(
            Theirs,
            "cachekit `minimal`, no local tier",
            move |id| async move { cachekit::user(kit, id).await.expect("a user") },
        ),
    ]
}
