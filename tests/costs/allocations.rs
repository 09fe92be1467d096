//! Allocations of a hit.

use cache_runtime::cached;
use std::sync::Arc;

#[cached(ttl = "1h", key = "user:{id}:{name}", tags = ["user:{id}", "users"])]
async fn by_template(id: u64, name: &str) -> Result<Arc<Vec<String>>, String> {
    Ok(Arc::new(vec![format!("{id}{name}")]))
}

#[cached]
async fn by_path(id: u64, name: &str) -> Arc<str> {
    format!("{id}{name}").into()
}

#[cached(companion)]
async fn by_path_with_companion(id: u64, name: &str) -> Arc<str> {
    format!("{id}{name}").into()
}

fn allocations<T>(work: impl FnOnce() -> T) -> u64 {
    let mut result = None;
    let counted = allocation_counter::measure(|| result = Some(work()));
    drop(result);
    counted.count_total
}

#[cached(
    ttl = "1h",
    key = "user:{id}:with:a:name:that:is:longer:than:there:is:room:for:{name}"
)]
async fn by_long_template(id: u64, name: &str) -> Arc<str> {
    format!("{id}{name}").into()
}

#[test]
fn a_hit_allocates_nothing_unless_its_key_is_long() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        by_template(7, "ada").await.expect("computes");
        by_path(7, "ada").await;
        by_path_with_companion(7, "ada").await;
        by_long_template(7, "ada").await;
    });
    let idle = allocations(|| runtime.block_on(async {}));
    for _ in 0..3 {
        let hit = allocations(|| runtime.block_on(by_template(7, "ada")));
        assert_eq!(hit, idle, "by template");
        let hit = allocations(|| runtime.block_on(by_path(7, "ada")));
        assert_eq!(hit, idle, "by path");
        let hit = allocations(|| runtime.block_on(by_path_with_companion(7, "ada")));
        assert_eq!(hit, idle, "by path, with a companion");
        let hit = allocations(|| runtime.block_on(by_long_template(7, "ada")));
        assert_eq!(hit, idle + 1, "by a long template");
    }
}

#[cached]
async fn with_a_large_body(id: u64) -> u64 {
    let kept = [id; 1_000];
    tokio::task::yield_now().await;
    kept.iter().sum()
}

/// A call is part of its caller's future; what a miss takes, and the body, are not.
#[test]
fn a_call_is_small() {
    let sizes = [
        size_of_val(&by_path(7, "ada")),
        size_of_val(&with_a_large_body(7)),
    ];
    assert!(sizes.iter().all(|size| *size <= 256), "{sizes:?} bytes");
}
