//! A hit in this process.

use super::Effort;
use crate::measure::{Candidate, Load, in_turn};
use crate::peers::{cached, hitbox, moka, ours, quick};
use crate::report::Side::{Ours, Theirs};
use crate::report::{Chapter, Group, Table, Unit};
use crate::user::User;
use std::sync::Arc;

pub(super) async fn measure(effort: Effort) -> Chapter {
    Chapter {
        name: "local-hit",
        title: "A hit, embedded",
        what: "Looks up one of 1,000 entries of about 400 bytes that are all there, in this process, without a server. \
               The time of a call is that of all calls divided by their number, those of both tasks together if there \
               are two."
            .to_owned(),
        absent: &[
            "cachekit and multi-tier-cache, which have no mode without a server.",
            "hitbox with an `Arc`: what it returns has to be stored as it is, and its moka backend serializes.",
        ],
        tables: vec![
            table("Returned by value, hence cloned", by_value(), effort).await,
            table("Returned as an `Arc`", shared(), effort).await,
        ],
    }
}

async fn table(title: &str, candidates: Vec<Candidate>, effort: Effort) -> Table {
    for candidate in &candidates {
        candidate.warm_up(1).await;
    }
    let mut groups = Vec::new();
    for (label, tasks) in [("one task", 1), ("two tasks", 2)] {
        let load = Load {
            tasks,
            calls: 20_000 * tasks,
        };
        groups.push(Group {
            label: label.to_owned(),
            rows: in_turn(&candidates, load, effort.rounds(101, 10)).await,
        });
    }
    Table {
        title: title.to_owned(),
        unit: Unit::Microseconds,
        columns: Vec::new(),
        groups,
    }
}

fn by_value() -> Vec<Candidate> {
    let cache = ours::embedded();
    let (quick, keys) = (quick::filled(|user| user), quick::keys());
    let (plain, through) = (moka::empty::<User>(), moka::empty::<User>());
    let boxed = hitbox::embedded();
    vec![
        Candidate::new(Ours, "`#[cached]`", move |id| ours::user(cache, id)),
        Candidate::new(Ours, "`#[cached]`, two tags", move |id| {
            ours::tagged(cache, id)
        }),
        Candidate::new(
            Theirs,
            "quick_cache `get`, key at hand",
            move |id| async move { quick.get(keys[id as usize].as_str()).expect("a hit") },
        ),
        Candidate::new(
            Theirs,
            "quick_cache `get`, key formatted",
            move |id| async move { quick.get(quick::key(id).as_str()).expect("a hit") },
        ),
        Candidate::new(Theirs, "moka `get`, key formatted", move |id| async move {
            let key = quick::key(id);
            match plain.get(key.as_str()).await {
                Some(user) => user,
                None => plain.get_with(key, async { User::made(id) }).await,
            }
        }),
        Candidate::new(Theirs, "moka `get_with`, key formatted", move |id| {
            through.get_with(quick::key(id), async move { User::made(id) })
        }),
        Candidate::new(
            Theirs,
            "cached `#[cached]`, the number is the key",
            cached::one_lock,
        ),
        Candidate::new(
            Theirs,
            "cached `#[concurrent_cached]`, the number is the key",
            |id| async move { cached::sharded(id).await },
        ),
        Candidate::new(
            Theirs,
            "cached `#[concurrent_cached]`, key formatted",
            |id| async move { cached::sharded_by_text(id).await },
        ),
        Candidate::new(
            Theirs,
            "hitbox `#[cached]` over moka",
            move |id| async move { hitbox::user(id).cache(boxed).await },
        ),
    ]
}

fn shared() -> Vec<Candidate> {
    let cache = ours::embedded();
    let (quick, keys) = (quick::filled(Arc::new), quick::keys());
    let (plain, through) = (moka::empty::<Arc<User>>(), moka::empty::<Arc<User>>());
    vec![
        Candidate::new(Ours, "`#[cached]`", move |id| ours::shared(cache, id)),
        Candidate::new(
            Theirs,
            "quick_cache `get`, key at hand",
            move |id| async move { quick.get(keys[id as usize].as_str()).expect("a hit") },
        ),
        Candidate::new(
            Theirs,
            "quick_cache `get`, key formatted",
            move |id| async move { quick.get(quick::key(id).as_str()).expect("a hit") },
        ),
        Candidate::new(Theirs, "moka `get`, key formatted", move |id| async move {
            let key = quick::key(id);
            match plain.get(key.as_str()).await {
                Some(user) => user,
                None => {
                    plain
                        .get_with(key, async { Arc::new(User::made(id)) })
                        .await
                }
            }
        }),
        Candidate::new(Theirs, "moka `get_with`, key formatted", move |id| {
            through.get_with(quick::key(id), async move { Arc::new(User::made(id)) })
        }),
        Candidate::new(
            Theirs,
            "cached `#[cached]`, the number is the key",
            cached::one_lock_shared,
        ),
        Candidate::new(
            Theirs,
            "cached `#[concurrent_cached]`, the number is the key",
            |id| async move { cached::sharded_shared(id).await },
        ),
        Candidate::new(
            Theirs,
            "cached `#[concurrent_cached]`, key formatted",
            |id| async move { cached::sharded_by_text_shared(id).await },
        ),
    ]
}
