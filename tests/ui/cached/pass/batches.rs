//! Functions of several identifiers.

#![deny(warnings)]

use cache_runtime::{Cache, cached};
use std::collections::{BTreeMap, HashMap};

#[cached(batch)]
async fn by_default(ids: &[u32]) -> HashMap<u32, u32> {
    ids.iter().map(|id| (*id, id * 2)).collect()
}

#[cached(batch(name in names), ttl = "5m", key = "{tenant}:{name}", tags = ["name:{name}"], negative = "10s", jitter = 0.1)]
async fn of_texts(tenant: &str, mut names: Vec<String>) -> Result<BTreeMap<String, usize>, String> {
    names.retain(|name| !name.is_empty());
    Ok(names.into_iter().map(|name| (name.clone(), name.len() + tenant.len())).collect())
}

#[derive(Clone)]
struct Shop {
    cache: Cache,
    name: String,
}

impl Shop {
    #[cached(
        batch(id in ids),
        ttl = |price: &u32| std::time::Duration::from_secs(u64::from(*price)),
        unless = |price| price == id,
        tags_with = |price| ["price:{price}"],
        when = !ids.is_empty(),
        cache = self.cache,
        key = "{self.name}:{id}",
        skip(factor),
    )]
    async fn prices<F>(&self, factor: F, ids: &[u32]) -> Vec<(u32, u32)>
    where
        F: Fn(u32) -> u32 + Clone,
    {
        ids.iter().map(|id| (*id, factor(*id))).collect()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(by_default(&[1, 2]).await[&2], 4);
    let names = vec!["a".to_owned(), String::new()];
    assert_eq!(of_texts("t", names).await.unwrap().len(), 1);
    let shop = Shop {
        cache: Cache::in_memory(),
        name: "corner".to_owned(),
    };
    assert_eq!(shop.prices(|n| n + 1, &[1, 2]).await, [(1, 2), (2, 3)]);
}
