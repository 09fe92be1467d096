//! Free functions: keys, generics, lifetimes, `where` clauses, companions.

use super::Runs;
use cache_runtime::{Cache, CacheValue, cache_invalidate, cache_put, cached, key};
use serde::Serialize;
use std::fmt::Display;
use std::sync::Arc;

#[cached(ttl = 60, key = "double:{n}", skip(runs))]
async fn double(n: u32, runs: &Runs) -> u32 {
    runs.count();
    n * 2
}

#[cache_invalidate("double:{n}")]
async fn forget_double(n: u32) {}

#[tokio::test]
async fn a_key_from_a_template() {
    let runs = Runs::new();
    assert_eq!(double(4, &runs).await, 8);
    assert_eq!(double(4, &runs).await, 8);
    assert_eq!(runs.total(), 1);
    assert!(Cache::global().contains("double:4").await);
    forget_double(4).await;
    assert_eq!(double(4, &runs).await, 8);
    assert_eq!(runs.total(), 2);
}

#[cached(ttl = "1h", skip(runs))]
async fn with_default_key(n: u32, text: &str, runs: &Runs) -> String {
    runs.count();
    format!("{n}{text}")
}

#[tokio::test]
async fn a_default_key_is_made_of_the_path_and_the_arguments() {
    let runs = Runs::new();
    for _ in 0..2 {
        assert_eq!(with_default_key(1, "a:b", &runs).await, "1a:b");
    }
    assert_eq!(with_default_key(1, "a", &runs).await, "1a");
    assert_eq!(runs.total(), 2);
    let key = "shapes.free_functions.with_default_key:1:a%3Ab";
    assert!(Cache::global().contains(key).await);
}

#[cached(skip(runs))]
async fn generic<T, const N: usize>(value: T, runs: &Runs) -> Vec<String>
where
    T: Display + Serialize + Send + Sync,
{
    runs.count();
    vec![value.to_string(); N]
}

#[tokio::test]
async fn instances_of_a_generic_function_do_not_share_entries() {
    let runs = Runs::new();
    for _ in 0..2 {
        assert_eq!(generic::<_, 1>(7u8, &runs).await, ["7"]);
        assert_eq!(generic::<_, 2>(7u8, &runs).await, ["7", "7"]);
        assert_eq!(generic::<_, 1>("7", &runs).await, ["7"]);
    }
    assert_eq!(runs.total(), 3);
}

#[cached(key = "generic-value:{key}", skip(make, runs))]
async fn generic_value<V: CacheValue>(key: u32, make: fn() -> V, runs: &Runs) -> V {
    runs.count();
    make()
}

#[tokio::test]
async fn a_value_can_be_generic_and_one_of_another_type_is_a_miss() {
    let runs = Runs::new();
    assert_eq!(generic_value(1, || 5u8, &runs).await, 5);
    assert_eq!(generic_value(1, || 9u8, &runs).await, 5);
    assert_eq!(generic_value(1, || "five".to_owned(), &runs).await, "five");
    assert_eq!(runs.total(), 2);
}

#[cached(key = "borrowed:{text}:{pair.0}", skip(runs))]
async fn borrowed<'a, 'b: 'a>(text: &'a str, pair: &'b (u8, u8), runs: &Runs) -> Arc<str> {
    runs.count();
    format!("{text}{}", pair.0).into()
}

#[tokio::test]
async fn lifetimes_and_expressions_over_arguments() {
    let runs = Runs::new();
    for _ in 0..2 {
        assert_eq!(&*borrowed("x", &(1, 2), &runs).await, "x1");
    }
    assert_eq!(runs.total(), 1);
}

const REGION: &str = "eu";

#[cached(key = "region:{REGION}:{ n }:{n.pow(2)}", skip(runs))]
async fn constants_and_calls(n: u32, runs: &Runs) -> u32 {
    runs.count();
    n
}

#[tokio::test]
async fn placeholders_are_expressions() {
    let runs = Runs::new();
    constants_and_calls(3, &runs).await;
    assert!(Cache::global().contains("region:eu:3:9").await);
}

#[cached(ttl = 60, key = "companion:{id}:{name}", tags = ["companion:{id}"], skip(runs), companion)]
async fn with_companion<T>(id: u32, name: &T, mut runs: Vec<&Runs>) -> Result<String, String>
where
    T: Display + Serialize + ?Sized + Sync,
{
    let run = runs.remove(0).count();
    Ok(format!("{id}{name}{run}"))
}

#[tokio::test]
async fn a_companion_reaches_single_entries() {
    let runs = Runs::new();
    assert_eq!(with_companion::key(1, "a").as_str(), "companion:1:a");
    assert_eq!(with_companion::peek(1, "a").await, None);
    assert_eq!(
        with_companion(1, "a", vec![&runs]).await.as_deref(),
        Ok("1a1")
    );
    assert_eq!(
        with_companion::peek(1, "a").await,
        Some(Ok("1a1".to_owned()))
    );
    assert_eq!(
        with_companion::refresh(1, "a", vec![&runs])
            .await
            .as_deref(),
        Ok("1a2")
    );
    assert_eq!(
        with_companion(1, "a", vec![&runs]).await.as_deref(),
        Ok("1a2")
    );
    assert!(with_companion::invalidate(1, "a").await);
    assert!(!with_companion::invalidate(1, "a").await);
    assert_eq!(
        with_companion(1, "a", vec![&runs]).await.as_deref(),
        Ok("1a3")
    );
}

#[cached(key = "outside:{n}", when = false, skip(runs), companion)]
async fn bypassing(n: u8, runs: &Runs) -> u8 {
    double(u32::from(n), runs)
        .await
        .try_into()
        .unwrap_or(u8::MAX)
}

#[tokio::test]
async fn a_refresh_is_for_the_function_that_was_called() {
    let runs = Runs::new();
    double(50, &runs).await;
    bypassing::refresh(50, &runs).await;
    assert_eq!(runs.total(), 1, "the inner function was not refreshed");
}

#[cached(companion)]
async fn companion_with_default_key(n: u8, m: u8) -> u8 {
    n + m
}

#[tokio::test]
async fn a_companion_knows_the_default_key() {
    companion_with_default_key(1, 2).await;
    assert_eq!(companion_with_default_key::peek(1, 2).await, Some(3));
    let key = companion_with_default_key::key(1, 2);
    assert_eq!(
        key.as_str(),
        "shapes.free_functions.companion_with_default_key:1:2"
    );
}

#[cached(key = "put:{id}", skip(runs))]
async fn read_name(id: u32, runs: &Runs) -> Result<String, String> {
    runs.count();
    Ok("old".to_owned())
}

#[cache_put(key = "put:{id}")]
async fn write_name(id: u32, name: String) -> Result<String, String> {
    if name.is_empty() {
        Err("empty".to_owned())
    } else {
        Ok(name)
    }
}

#[tokio::test]
async fn a_put_replaces_the_value_and_a_failed_one_deletes_it() {
    let runs = Runs::new();
    assert_eq!(read_name(1, &runs).await.as_deref(), Ok("old"));
    write_name(1, "new".to_owned()).await.expect("not empty");
    assert_eq!(read_name(1, &runs).await.as_deref(), Ok("new"));
    assert_eq!(runs.total(), 1);
    write_name(1, String::new()).await.expect_err("empty");
    assert_eq!(read_name(1, &runs).await.as_deref(), Ok("old"));
    assert_eq!(runs.total(), 2);
}

#[cached(cache = cache, key = "own-cache:{n}", skip(cache, runs))]
async fn own_cache(n: u32, cache: &Cache, runs: &Runs) -> u32 {
    runs.count();
    n
}

#[tokio::test]
async fn a_cache_of_ones_own() {
    let (cache, runs) = (Cache::in_memory(), Runs::new());
    own_cache(1, &cache, &runs).await;
    own_cache(1, &cache, &runs).await;
    assert_eq!(runs.total(), 1);
    assert!(cache.contains(key!("own-cache:{1}")).await);
    assert!(!Cache::global().contains("own-cache:1").await);
}

mod renamed {
    pub(super) use cache_runtime as runtime;

    #[runtime::cached(key = "renamed:{n}", crate = self::runtime)]
    pub(super) async fn renamed(n: u32) -> u32 {
        n
    }

    #[runtime::cache_invalidate("renamed:*", crate = crate::free_functions::renamed::runtime)]
    pub(super) async fn forget() {}
}

#[tokio::test]
async fn a_renamed_crate() {
    assert_eq!(renamed::renamed(1).await, 1);
    assert!(Cache::global().contains("renamed:1").await);
    renamed::forget().await;
    assert!(!Cache::global().contains("renamed:1").await);
}

type AnyResult<T> = Result<T, String>;

#[cached(key = "named-like-ours:{n}", unless = |value| { *value == 0 }, ttl = |_| { std::time::Duration::from_secs(1) })]
async fn named_like_ours(n: u32) -> AnyResult<u32> {
    Ok(n)
}

mod deep {
    pub(super) mod inside {
        #[cache_runtime::cached(key = "restricted:{n}", companion)]
        pub(in super::super) async fn restricted(n: u32) -> u32 {
            n
        }
    }
    #[cache_runtime::cached(key = "restricted-super:{n}", companion)]
    pub(super) async fn restricted(n: u32) -> u32 {
        n
    }
}

#[tokio::test]
async fn names_braces_and_visibilities() {
    assert_eq!(named_like_ours(1).await, Ok(1));
    assert_eq!(deep::restricted(1).await, 1);
    assert_eq!(deep::restricted::peek(1).await, Some(1));
    assert_eq!(deep::inside::restricted(1).await, 1);
    assert_eq!(deep::inside::restricted::peek(1).await, Some(1));
}
