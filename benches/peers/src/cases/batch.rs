//! Reading many keys at once.

use super::Effort;
use crate::measure::{Candidate, Load, Served, in_turn};
use crate::peers::{bare, moka, ours, quick};
use crate::report::Side::{Ours, Theirs};
use crate::report::{Chapter, Group, Table, Unit};
use crate::user::{KEYS, User, batch};
use cache_runtime::{Cache, Ttl, key};
use test_servers::RedisServer;

const SIZES: [usize; 3] = [10, 100, 1_000];
const EMBEDDED: &str = "Embedded";
const LOCAL: &str = "`get_many`, bounded, all of them local";

pub(super) async fn measure(server: &RedisServer, effort: Effort) -> Chapter {
    let url = server.url();
    let embedded = ours::embedded();
    let (strict, bounded) = (ours::strict(&url).await, ours::bounded(&url).await);
    for cache in [embedded, strict, bounded] {
        let all = (0..KEYS).map(|id| (key!("batch:{id}"), User::of(id)));
        assert_eq!(cache.set_many(all, Ttl::hours(1)).await, KEYS as usize);
    }
    let connection = bare::kept(&url).await;
    for id in 0..KEYS {
        bare::set(connection, id, &User::of(id)).await;
    }
    let here = local(embedded).await;
    let mut tables = Vec::new();
    let there = |size| on_redis(strict, bounded, connection, size);
    for (title, candidates) in [
        (EMBEDDED, &here as &dyn Fn(usize) -> Vec<Candidate>),
        ("On Redis", &there),
    ] {
        let mut groups = Vec::new();
        for size in SIZES {
            let candidates = candidates(size);
            for candidate in &candidates {
                candidate.warm_up(KEYS as usize / 3).await;
                let is_local = title == EMBEDDED || candidate.name == LOCAL;
                let served = if is_local {
                    Served::Locally
                } else {
                    Served::ByRedis
                };
                candidate.is_served(served, server, 10).await;
            }
            let load = Load {
                tasks: 1,
                calls: (10_000 / size as u64).min(200),
            };
            groups.push(Group {
                label: format!("{size} keys"),
                rows: in_turn(&candidates, load, effort.rounds(61, 9)).await,
            });
        }
        tables.push(Table {
            title: title.to_owned(),
            unit: Unit::Microseconds,
            columns: Vec::new(),
            groups,
        });
    }
    Chapter {
        name: "batch",
        title: "Reading many keys at once",
        what: "Reads so many keys with one call, or with one call each in a loop, by one task; all are there. The time \
               is that of the whole batch, formatting the keys included."
            .to_owned(),
        absent: &["cached, cachekit, hitbox and multi-tier-cache, which read one key at a time."],
        tables,
    }
}

async fn local(cache: &'static Cache) -> impl Fn(usize) -> Vec<Candidate> {
    let quick = quick::filled(|user| user);
    let moka = moka::empty::<User>();
    for id in 0..KEYS {
        moka.insert(quick::key(id), User::of(id)).await;
    }
    move |size| {
        vec![
            Candidate::new(Ours, "`get_many`", move |id| many(cache, id, size)),
            Candidate::new(Theirs, "a loop of our `get`", move |id| {
                loop_of_gets(cache, id, size)
            }),
            Candidate::new(
                Theirs,
                "a loop of quick_cache `get`",
                move |id| async move {
                    let found = batch(id)
                        .take(size)
                        .map(|id| quick.get(quick::key(id).as_str()));
                    found.map(|user| user.expect("a hit")).collect::<Vec<_>>()
                },
            ),
            Candidate::new(Theirs, "a loop of moka `get`", move |id| async move {
                let mut found = Vec::with_capacity(size);
                for id in batch(id).take(size) {
                    found.push(moka.get(quick::key(id).as_str()).await.expect("a hit"));
                }
                found
            }),
        ]
    }
}

fn on_redis(
    strict: &'static Cache,
    bounded: &'static Cache,
    connection: &'static redis::aio::MultiplexedConnection,
    size: usize,
) -> Vec<Candidate> {
    vec![
        Candidate::new(Ours, "`get_many`, strict", move |id| many(strict, id, size)),
        Candidate::new(Ours, LOCAL, move |id| many(bounded, id, size)),
        Candidate::new(Theirs, "a loop of our `get`, strict", move |id| {
            loop_of_gets(strict, id, size)
        }),
        Candidate::new(Theirs, "`MGET` and bincode, by hand", move |id| {
            bare::get_many(connection, batch(id).take(size))
        }),
        Candidate::new(
            Theirs,
            "a loop of `GET` and bincode, by hand",
            move |id| async move {
                let mut found = Vec::with_capacity(size);
                for id in batch(id).take(size) {
                    found.push(bare::get(connection, id).await.expect("a hit"));
                }
                found
            },
        ),
    ]
}

async fn many(cache: &Cache, id: u64, size: usize) -> Vec<User> {
    let keys = batch(id).take(size).map(|id| key!("batch:{id}"));
    let found = cache.get_many::<User>(keys).await;
    found.into_iter().map(|user| user.expect("a hit")).collect()
}

async fn loop_of_gets(cache: &Cache, id: u64, size: usize) -> Vec<User> {
    let mut found = Vec::with_capacity(size);
    for id in batch(id).take(size) {
        found.push(cache.get(key!("batch:{id}")).await.expect("a hit"));
    }
    found
}
