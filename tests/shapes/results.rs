//! Results: what is stored of each type, and the options that decide it.

use super::Runs;
use cache_runtime::{Cache, Ttl, cached};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

type Aliased<T> = Result<Option<T>, std::io::Error>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct User {
    name: String,
    team: u32,
}

fn user(name: &str, team: u32) -> User {
    User {
        name: name.to_owned(),
        team,
    }
}

#[cached(key = "aliased:{n}", skip(runs))]
async fn aliased(n: u32, runs: &Runs) -> Aliased<u32> {
    runs.count();
    match n {
        0 => Ok(None),
        1 => Err(std::io::Error::other("one")),
        n => Ok(Some(n)),
    }
}

#[tokio::test]
async fn errors_and_none_are_not_stored() {
    let runs = Runs::new();
    for _ in 0..2 {
        assert_eq!(aliased(0, &runs).await.ok(), Some(None));
        assert!(aliased(1, &runs).await.is_err());
        assert_eq!(aliased(2, &runs).await.ok(), Some(Some(2)));
    }
    assert_eq!(runs.total(), 5);
}

#[cached(key = "negative:{n}", negative = "30s", skip(runs))]
async fn negative(n: u32, runs: &Runs) -> Option<u32> {
    runs.count();
    n.checked_sub(1)
}

#[tokio::test]
async fn none_is_stored_when_asked_for() {
    let runs = Runs::new();
    for _ in 0..2 {
        assert_eq!(negative(0, &runs).await, None);
        assert_eq!(negative(3, &runs).await, Some(2));
    }
    assert_eq!(runs.total(), 2);
    assert!(
        matches!(Cache::global().ttl("negative:0").await, Some(Ttl::For(left)) if left <= Duration::from_secs(30))
    );
}

#[cached(key = "arc:{n}")]
async fn shared(n: u32) -> Arc<Vec<u32>> {
    Arc::new(vec![n])
}

#[tokio::test]
async fn a_hit_on_an_arc_is_the_same_allocation() {
    assert!(Arc::ptr_eq(&shared(1).await, &shared(1).await));
}

#[cached(
    key = "of-value:{n}",
    ttl = |user| if user.team == 0 { Duration::ZERO } else { Duration::from_secs(u64::from(user.team)) },
    tags_with = |user| ["team:{user.team}", "everybody"],
    unless = |user: &User| user.name.is_empty(),
    skip(name, team, runs),
)]
async fn of_value(n: u32, name: &str, team: u32, runs: &Runs) -> Result<User, String> {
    let _ = n;
    runs.count();
    Ok(user(name, team))
}

#[tokio::test]
async fn the_value_decides() {
    let (cache, runs) = (Cache::global(), Runs::new());
    of_value(1, "ada", 5, &runs).await.expect("always");
    assert!(
        matches!(cache.ttl("of-value:1").await, Some(Ttl::For(left)) if left <= Duration::from_secs(5))
    );
    cache.invalidate_tag("team:5").await;
    assert!(!cache.contains("of-value:1").await);
    of_value(2, "", 5, &runs).await.expect("always");
    assert!(!cache.contains("of-value:2").await, "unless");
    of_value(3, "ada", 0, &runs).await.expect("always");
    assert!(
        !cache.contains("of-value:3").await,
        "a time to live of nothing"
    );
}

fn tags_of(user: &User) -> Vec<String> {
    vec![format!("fn-team-{}", user.team)]
}

#[cached(key = "paths:{n}", ttl = forever, tags_with = tags_of)]
async fn paths(n: u32) -> Option<User> {
    Some(user("x", n))
}

#[tokio::test]
async fn a_function_of_the_value_and_for_ever() {
    let cache = Cache::global();
    paths(9).await;
    assert_eq!(cache.ttl("paths:9").await, Some(Ttl::Forever));
    cache.invalidate_tag("fn-team-9").await;
    assert!(!cache.contains("paths:9").await);
}

#[cached(key = "when:{n}", when = !*bypass, skip(bypass, runs))]
async fn when(n: u32, bypass: &bool, runs: &Runs) -> u32 {
    runs.count();
    n
}

#[tokio::test]
async fn a_call_can_go_past_the_cache() {
    let runs = Runs::new();
    when(1, &true, &runs).await;
    assert!(!Cache::global().contains("when:1").await);
    when(1, &false, &runs).await;
    when(1, &false, &runs).await;
    assert_eq!(runs.total(), 2);
    when(1, &true, &runs).await;
    assert_eq!(runs.total(), 3);
}

#[cached(key = "version:1", version = 1)]
async fn version_1() -> String {
    "one".to_owned()
}

#[cached(key = "version:1", version = 2)]
async fn version_2() -> String {
    "two".to_owned()
}

#[tokio::test]
async fn an_entry_of_another_version_is_a_miss() {
    assert_eq!(version_1().await, "one");
    assert_eq!(version_2().await, "two");
}

#[cached(key = "dyn:{n}")]
async fn coerced(n: u32) -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
    if n == 0 {
        return Err("zero".into());
    }
    let parsed: u32 = "7".parse()?;
    Ok(parsed + n)
}

#[tokio::test]
async fn early_returns_and_question_marks_know_their_type() {
    assert!(coerced(0).await.is_err());
    assert_eq!(coerced(1).await.ok(), Some(8));
}

#[test]
fn futures_stay_send() {
    fn send<T: Send>(_: T) {}
    let runs = Runs::new();
    send(aliased(1, &runs));
    send(of_value(1, "", 1, &runs));
}

#[cached(key = "not-send:{n}")]
async fn not_send(n: u32) -> u32 {
    let local = std::rc::Rc::new(n);
    tokio::task::yield_now().await;
    *local
}

#[tokio::test]
async fn a_body_that_is_not_send_is_fine_where_it_is_not_sent() {
    assert_eq!(not_send(1).await, 1);
}
