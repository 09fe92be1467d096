//! A body may name `self` in a text that is formatted, also where it owns a copy.

use cache_runtime::{Cache, cached};
use std::fmt;

#[derive(Clone)]
struct Shop {
    cache: Cache,
}

impl fmt::Display for Shop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("shop")
    }
}

impl Shop {
    #[cached(ttl = "1m", swr = "1m", cache = self.cache, key = "line:{id}")]
    async fn line(&self, id: u32) -> String {
        format!("{self} {id}")
    }
}

fn main() {}
