//! Different arguments never meet, whatever is in them.

use cache_runtime::{Cache, cache_invalidate, cached, key};
use proptest::prelude::*;

#[cached(cache = cache, skip(cache))]
async fn by_path(cache: &Cache, a: &str, b: &str) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

#[cached(cache = cache, key = "pair:{a}:{b}", tags = ["first:{a}"], skip(cache))]
async fn by_template(cache: &Cache, a: &str, b: &str) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

#[cached(cache = cache, skip(cache))]
async fn compound(cache: &Cache, parts: &[Option<String>], n: (u8, Option<Option<u8>>)) -> String {
    format!("{parts:?}{n:?}")
}

#[cache_invalidate("pair:{a}:*", cache = cache)]
async fn forget_first(cache: &Cache, a: &str) {}

#[cache_invalidate(tags = ["first:{a}"], cache = cache)]
async fn forget_tag(cache: &Cache, a: &str) {}

/// Texts made of what is special in keys and patterns, and of long ones.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-b:*?%~\\[\\]{}\\\\ ]{0,6}",
        any::<String>(),
        "[a:]{60,300}",
        Just("*".to_owned()),
        Just(String::new()),
        Just("~0123456789abcdef0123456789abcdef".to_owned()),
    ]
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.expect("a runtime").block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arguments_never_meet(calls in prop::collection::vec((hostile(), hostile()), 1..20)) {
        run(async {
            let cache = Cache::in_memory();
            for _ in 0..2 {
                for (a, b) in &calls {
                    let expected = (a.clone(), b.clone());
                    assert_eq!(by_path(&cache, a, b).await, expected);
                    assert_eq!(by_template(&cache, a, b).await, expected);
                }
            }
            let hits = cache.stats().hits();
            assert!(hits >= 2 * calls.len() as u64, "the second round is hits: {hits}");
        });
    }

    #[test]
    fn compound_arguments_never_meet(
        calls in prop::collection::vec((prop::collection::vec(any::<Option<String>>(), 0..3), any::<(u8, Option<Option<u8>>)>()), 1..20),
    ) {
        run(async {
            let cache = Cache::in_memory();
            for _ in 0..2 {
                for (parts, n) in &calls {
                    assert_eq!(compound(&cache, parts, *n).await, format!("{parts:?}{n:?}"));
                }
            }
        });
    }

    #[test]
    fn an_invalidation_with_user_data_reaches_its_own_entries_and_no_others(
        first in hostile(),
        other in hostile(),
        rest in hostile(),
    ) {
        prop_assume!(first != other);
        run(async {
            let cache = Cache::in_memory();
            let key = |a: &str| key!("pair:{a}:{rest}");
            let fill = || async {
                by_template(&cache, &first, &rest).await;
                by_template(&cache, &other, &rest).await;
            };
            fill().await;
            forget_first(&cache, &first).await;
            assert!(!cache.contains(key(&first)).await, "scope");
            assert!(cache.contains(key(&other)).await, "scope of another");
            fill().await;
            forget_tag(&cache, &first).await;
            assert!(!cache.contains(key(&first)).await, "tag");
            assert!(cache.contains(key(&other)).await, "tag of another");
            fill().await;
            cache.invalidate(key(&first)).await;
            assert!(!cache.contains(key(&first)).await, "key");
            assert!(cache.contains(key(&other)).await, "key of another");
        });
    }
}

#[tokio::test]
async fn the_collisions_of_other_libraries() {
    let cache = Cache::in_memory();
    for (a, b) in [
        ("a", "b:c"),
        ("a:b", "c"),
        ("*", "c"),
        ("a", "*"),
        ("", "a:b:c"),
    ] {
        assert_eq!(
            by_template(&cache, a, b).await,
            (a.to_owned(), b.to_owned())
        );
        assert_eq!(by_path(&cache, a, b).await, (a.to_owned(), b.to_owned()));
    }
    forget_first(&cache, "*").await;
    assert!(cache.contains(key!("pair:a:{\"b:c\"}")).await);
}

#[tokio::test]
async fn an_argument_that_cannot_be_serialized_goes_past_the_cache() {
    struct Broken;
    impl serde::Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("broken"))
        }
    }
    #[cached(cache = cache, skip(cache))]
    async fn takes(cache: &Cache, broken: Broken) -> u8 {
        1
    }
    let cache = Cache::in_memory();
    assert_eq!(takes(&cache, Broken).await, 1);
    assert_eq!(takes(&cache, Broken).await, 1);
    assert_eq!(cache.stats().function("takes").map(|f| f.bypassed), Some(2));
}
