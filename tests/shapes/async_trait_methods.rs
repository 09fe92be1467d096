//! `#[async_trait]`, whose attribute has rewritten the function before ours sees it, and functions that return a
//! boxed future by hand.

use super::Runs;
use cache_runtime::{Cache, cache_invalidate, cache_put, cached};
use serde::Serialize;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

#[async_trait::async_trait]
trait Store: Send + Sync {
    async fn get(&self, id: u32, (a, b): (u8, u8)) -> Result<Option<String>, String>;
    async fn generic<T: Debug + Serialize + Send + Sync>(&self, value: &T) -> String;
    async fn set(&mut self, id: u32, name: &str) -> Result<String, String>;
    async fn remove(&self, mut id: u32) -> Result<(), String>;

    #[cached(cache = self.cache(), skip(runs))]
    async fn provided(&self, id: u32, runs: &Runs) -> u32 {
        runs.count();
        id
    }

    fn cache(&self) -> Cache;
}

struct Table {
    tenant: &'static str,
    cache: Cache,
    runs: Runs,
}

#[async_trait::async_trait]
impl Store for Table {
    /// Documentation that is kept.
    #[cached(cache = self.cache, key = "get:{self.tenant}:{id}:{a}:{b}", tags = ["get:{id}"], ttl = self.ttl())]
    async fn get(&self, id: u32, (a, b): (u8, u8)) -> Result<Option<String>, String> {
        self.runs.count();
        if id == 0 {
            return Ok(None);
        }
        let sum = a.checked_add(b).ok_or("too large")?;
        Ok(Some(format!("{}{sum}", self.tenant)))
    }

    #[cached(cache = self.cache)]
    async fn generic<T: Debug + Serialize + Send + Sync>(&self, value: &T) -> String {
        self.runs.count();
        format!("{value:?}")
    }

    #[cache_put(key = "get:{self.tenant}:{id}:1:1", tags = ["get:{id}"], cache = self.cache)]
    async fn set(&mut self, id: u32, name: &str) -> Result<String, String> {
        Ok(format!("{name}{id}"))
    }

    #[cache_invalidate(tags = ["get:{id}"], cache = self.cache)]
    async fn remove(&self, mut id: u32) -> Result<(), String> {
        id += 1;
        if id > 100 {
            Err("no such row".to_owned())
        } else {
            Ok(())
        }
    }

    fn cache(&self) -> Cache {
        self.cache.clone()
    }
}

impl Table {
    fn ttl(&self) -> std::time::Duration {
        std::time::Duration::from_secs(self.tenant.len() as u64)
    }
}

#[tokio::test]
async fn methods_of_async_traits() {
    let mut table = Table {
        tenant: "blue",
        cache: Cache::in_memory(),
        runs: Runs::new(),
    };
    for _ in 0..2 {
        assert_eq!(table.get(7, (1, 1)).await, Ok(Some("blue2".to_owned())));
        assert_eq!(table.generic(&1).await, "1");
        assert_eq!(table.provided(1, &table.runs).await, 1);
    }
    assert_eq!(table.runs.total(), 3);
    assert!(table.cache.contains("get:blue:7:1:1").await);
    table.remove(7).await.expect("small");
    assert!(!table.cache.contains("get:blue:7:1:1").await);
    table.set(7, "green").await.expect("always");
    assert_eq!(table.get(7, (1, 1)).await, Ok(Some("green7".to_owned())));
    table.remove(200).await.expect_err("large");
    assert!(table.cache.contains("get:blue:7:1:1").await);
    assert_eq!(table.runs.total(), 3);
}

#[cached(key = "boxed:{n}", skip(runs))]
fn boxed<'r>(n: u32, runs: &'r Runs) -> Pin<Box<dyn Future<Output = u32> + Send + 'r>> {
    Box::pin(async move {
        runs.count();
        if n == 0 {
            return 0;
        }
        1 + boxed(n - 1, runs).await
    })
}

#[tokio::test]
async fn a_boxed_future_by_hand_and_recursion() {
    let runs = Runs::new();
    assert_eq!(boxed(5, &runs).await, 5);
    assert_eq!(boxed(5, &runs).await, 5);
    assert_eq!(boxed(3, &runs).await, 3);
    assert_eq!(runs.total(), 6);
}
