//! Every option, in every form it has.

#![deny(warnings)]
#![forbid(unsafe_code)]

use cache_runtime::{Cache, TimedOut, Ttl, cached};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

#[derive(Clone, Serialize, Deserialize)]
struct User {
    team: u64,
}

#[cached(
    ttl = "1h 30m",
    key = "user:{id}:{page.0}:{REGION}",
    tags = ["users", "user:{id}"],
    tags_with = |user| ["team:{user.team}"],
    unless = |user: &User| user.team == 0,
    negative = 30,
    when = id > 0,
    version = 2,
    codec = bincode,
    compress = off,
    sensitive,
    companion,
    skip(db),
    cache = db,
)]
async fn everything(id: u64, page: &(u64, u64), db: &Cache) -> Result<Option<User>, &'static str> {
    let _ = db;
    Ok(Some(User { team: id + page.1 }))
}

const REGION: &str = "eu";

#[cached(ttl = forever)]
async fn for_ever() -> u64 {
    1
}

#[cached(ttl = HOUR, negative = Duration::from_secs(1))]
async fn of_expressions() -> Option<u64> {
    Some(1)
}

#[cached(ttl = |user| Duration::from_secs(user.team), tags_with = tags, unless = is_empty)]
async fn of_the_value() -> User {
    User { team: 1 }
}

fn tags(user: &User) -> Vec<String> {
    vec![user.team.to_string()]
}

fn is_empty(user: &User) -> bool {
    user.team == 0
}

#[cached(ttl = |User { team }| if *team == 0 { Ttl::Forever } else { Ttl::secs(*team) })]
async fn of_a_part_of_the_value() -> User {
    User { team: 1 }
}

#[cached(key = "elsewhere", local = off)]
async fn not_kept_here() -> u8 {
    1
}

#[cached(key = "strict", consistency = strict)]
async fn asked_each_time() -> u8 {
    1
}

const GRACE: Duration = Duration::from_secs(3600);

#[derive(Clone, Debug)]
struct Slow;

impl From<TimedOut> for Slow {
    fn from(_: TimedOut) -> Self {
        Slow
    }
}

#[cached(
    ttl = adaptive("30s", GRACE),
    swr = 60,
    stale_if_error = GRACE,
    throttle = "5s",
    revalidate = "1d",
    early = 2,
    jitter = 0.25,
    soft_timeout = "100ms",
    timeout = Duration::from_secs(2),
)]
async fn of_time_and_failure(name: &str, ids: &[u32]) -> Result<Option<usize>, Slow> {
    Ok(Some(name.len() + ids.len()))
}

#[cached(ttl = forever, idle = "30m", early)]
async fn idle() -> u8 {
    1
}

macro_rules! cached_function {
    ($name:ident, $key:literal, $ttl:expr, $argument:ident) => {
        #[cached(key = $key, ttl = $ttl, tags = ["cached:{id}"])]
        async fn $name(id: u64, $argument: u64) -> u64 {
            id + $argument
        }
    };
}

cached_function!(by_a_macro, "by-a-macro:{id}:{other}", 300, other);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let cache = Cache::in_memory();
    assert_eq!(
        everything(1, &(2, 3), &cache).await.unwrap().unwrap().team,
        4
    );
    assert!(everything::invalidate(1, &(2, 3), &cache).await);
    assert_eq!(of_time_and_failure("a", &[1]).await.unwrap(), Some(2));
    assert_eq!(idle().await, 1);
    assert_eq!(for_ever().await, 1);
    assert_eq!(not_kept_here().await + asked_each_time().await, 2);
    assert_eq!(of_expressions().await, Some(1));
    assert_eq!(of_the_value().await.team, 1);
    assert_eq!(of_a_part_of_the_value().await.team, 1);
    assert_eq!(by_a_macro(1, 2).await, 3);
}
