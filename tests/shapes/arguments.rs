//! Arguments: patterns, `mut`, `impl Trait`, owned and borrowed, options and compounds.

use super::Runs;
use cache_runtime::{Cache, cached};
use serde::Serialize;
use std::collections::HashMap;

struct Path<T>(T);

struct Page {
    number: u32,
    size: u32,
}

#[derive(Serialize, Clone)]
struct Filter {
    words: Vec<String>,
    limits: HashMap<String, u32>,
}

#[cached(
    key = "patterns:{a}:{b}:{id}:{number}:{size}",
    skip(_first, _last, runs)
)]
async fn patterns(
    (a, b): (u32, u32),
    Path(id): Path<u64>,
    Page { number, size }: Page,
    [_first, .., _last]: [u8; 3],
    runs: &Runs,
) -> u64 {
    runs.count();
    u64::from(a + b + number + size) + id
}

#[tokio::test]
async fn patterns_bind_names_for_the_key() {
    let runs = Runs::new();
    for _ in 0..2 {
        let page = Page { number: 3, size: 4 };
        assert_eq!(patterns((1, 2), Path(5), page, [0; 3], &runs).await, 15);
    }
    assert_eq!(runs.total(), 1);
    assert!(Cache::global().contains("patterns:1:2:5:3:4").await);
}

#[cached(skip(runs))]
async fn mutable(mut n: u32, mut text: String, runs: &Runs) -> String {
    runs.count();
    n += 1;
    text.push_str(&n.to_string());
    text
}

#[tokio::test]
async fn mutable_arguments() {
    let runs = Runs::new();
    for _ in 0..2 {
        assert_eq!(mutable(1, "a".to_owned(), &runs).await, "a2");
    }
    assert_eq!(runs.total(), 1);
}

#[cached(key = "impl-trait:{name.as_ref()}", skip(runs))]
async fn impl_trait(name: impl AsRef<str> + Send, runs: &Runs) -> usize {
    runs.count();
    name.as_ref().len()
}

#[cached(skip(runs))]
async fn serializable(value: impl Serialize + Sync, runs: &Runs) -> usize {
    let _ = &value;
    runs.count()
}

#[tokio::test]
async fn arguments_of_unnamed_types() {
    let runs = Runs::new();
    assert_eq!(impl_trait("abc", &runs).await, 3);
    assert_eq!(impl_trait("abc".to_owned(), &runs).await, 3);
    assert_eq!(runs.total(), 1);
    assert_eq!(serializable(1u8, &runs).await, 2);
    assert_eq!(
        serializable("1", &runs).await,
        3,
        "another type is another instance"
    );
    assert_eq!(serializable(1u8, &runs).await, 2);
}

#[cached(skip(runs))]
async fn compounds(filter: &Filter, ids: &[u32], flag: Option<bool>, runs: &Runs) -> usize {
    let _ = (filter, ids, flag);
    runs.count()
}

#[tokio::test]
async fn compound_arguments_are_told_apart_by_content() {
    let runs = Runs::new();
    let filter = |words: &[&str]| Filter {
        words: words.iter().map(ToString::to_string).collect(),
        limits: (0..20).map(|n| (n.to_string(), n)).collect(),
    };
    assert_eq!(compounds(&filter(&["a"]), &[1, 2], None, &runs).await, 1);
    assert_eq!(compounds(&filter(&["a"]), &[1, 2], None, &runs).await, 1);
    assert_eq!(compounds(&filter(&["b"]), &[1, 2], None, &runs).await, 2);
    assert_eq!(compounds(&filter(&["a"]), &[1], None, &runs).await, 3);
    assert_eq!(
        compounds(&filter(&["a"]), &[1, 2], Some(true), &runs).await,
        4
    );
}

#[cached(key = "skipping:{id}", tags = ["owner:{owner.id}"], skip(owner, runs))]
async fn tag_of_a_skipped_argument(id: u32, owner: &Owner, runs: &Runs) -> usize {
    let _ = owner;
    runs.count()
}

struct Owner {
    id: u32,
}

#[tokio::test]
async fn an_entry_without_the_callers_tag_is_a_miss() {
    let runs = Runs::new();
    let (ada, bob) = (Owner { id: 1 }, Owner { id: 2 });
    assert_eq!(tag_of_a_skipped_argument(1, &ada, &runs).await, 1);
    assert_eq!(tag_of_a_skipped_argument(1, &ada, &runs).await, 1);
    // Invalidating Bob's tag would not reach Ada's entry, so Bob cannot take it.
    assert_eq!(tag_of_a_skipped_argument(1, &bob, &runs).await, 2);
    assert_eq!(tag_of_a_skipped_argument(1, &bob, &runs).await, 2);
    Cache::global().invalidate_tag("owner:2").await;
    assert_eq!(tag_of_a_skipped_argument(1, &bob, &runs).await, 3);
}
