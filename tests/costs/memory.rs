//! What entries take in memory, against what the cache says that they do.

use cache_runtime::{Cache, Key, Ttl};
use std::future::Future;

const ENTRIES: usize = 20_000;

/// The ratio of the bytes that are said to be held to those that are.
fn said_to_held<F: Future<Output = bool>>(store: impl Fn(Cache, usize) -> F) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime");
    let cache = Cache::in_memory();
    let used = allocation_counter::measure(|| {
        runtime.block_on(async {
            for n in 0..ENTRIES {
                assert!(store(cache.clone(), n).await);
            }
        });
    });
    let said = cache.stats().bytes;
    let held = used.bytes_current;
    println!(
        "{} bytes an entry, said to be {}",
        held / ENTRIES as i64,
        said / ENTRIES as u64
    );
    said as f64 / held as f64
}

fn assert_about_right(ratio: f64) {
    assert!((0.75..1.25).contains(&ratio), "said to held: {ratio:.2}");
}

#[test]
fn small_values_under_short_keys() {
    assert_about_right(said_to_held(|cache, n| async move {
        cache.set(format!("user:{n}"), n).ttl(Ttl::hours(1)).await
    }));
}

#[test]
fn texts_under_long_keys() {
    assert_about_right(said_to_held(|cache, n| async move {
        let key = Key::from(format!("{}:{n:05}", "x".repeat(120)));
        cache.set(key, "y".repeat(400)).ttl(Ttl::hours(1)).await
    }));
}

/// A tag is there once, whoever carries it.
#[test]
fn with_tags_that_others_carry_too() {
    assert_about_right(said_to_held(|cache, n| async move {
        let set = cache.set(format!("user:{n}"), vec![n; 10]);
        let set = set.tag("users").tag(format!("team:{}", n % 100));
        set.ttl(Ttl::hours(1)).await
    }));
}

#[test]
fn with_tags_that_nobody_else_carries() {
    assert_about_right(said_to_held(|cache, n| async move {
        let tags =
            (0..8).map(|tag| format!("order:{n:06}:part:{tag}:of-a-long-name-that-is-a-tag"));
        let set = cache.set(format!("user:{n}"), n).tags(tags);
        set.ttl(Ttl::hours(1)).await
    }));
}

#[test]
fn with_scopes_that_nobody_else_is_in() {
    assert_about_right(said_to_held(|cache, n| async move {
        let key = format!("tenant:{n:08}:workspace:{n:08}:page:{n:08}:x");
        cache.set(key, n).ttl(Ttl::hours(1)).await
    }));
}
