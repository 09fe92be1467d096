//! Bodies as people write them, all of which may go on after their callers.
#![deny(warnings)]

use cache_runtime::{Cache, TimedOut, cached};
use std::path::Path;
use std::sync::Arc;

#[derive(Clone)]
struct Shop {
    cache: Cache,
    name: String,
}

#[derive(Clone, Debug)]
struct Slow;

impl From<TimedOut> for Slow {
    fn from(_: TimedOut) -> Self {
        Slow
    }
}

impl Shop {
    #[cached(ttl = "1m", swr = "1m", cache = self.cache, key = "items:{id}")]
    async fn items(&self, id: u32) -> String {
        struct Local(u32);
        impl Local {
            fn get(&self) -> u32 {
                self.0
            }
        }
        trait Twice {
            fn twice(&self) -> u32;
        }
        impl Twice for Local {
            fn twice(&self) -> u32 {
                self.get() * 2
            }
        }
        macro_rules! name_of {
            ($shop:expr) => {
                $shop.name.clone()
            };
        }
        let call = || name_of!(self);
        let nested = async { self.name.len() };
        format!("{} {} {}", call(), Local(id).twice(), nested.await)
    }

    #[cached(ttl = "1m", swr = "1m", cache = self.cache, key = "changed:{id}")]
    async fn changed(&self, #[allow(unused)] mut id: u32) -> u32 {
        id += 1;
        id
    }

    #[cached(ttl = "1m", timeout = "1s", cache = self.cache, key = "shared:{id}")]
    async fn shared(self: Arc<Self>, id: u32) -> Result<u32, Slow> {
        Ok(id + self.name.len() as u32)
    }

    #[cached(ttl = "1m", timeout = "1s", cache = self.cache, key = "lent:{id}")]
    async fn lent(self: &Arc<Self>, id: u32) -> Result<u32, Slow> {
        Ok(id + self.name.len() as u32)
    }
}

#[cached(ttl = "1m", early = 2.0, key = "path:{text}:{numbers}", skip(path))]
async fn borrowing<'a>(path: &'a Path, text: &'a str, numbers: &[u32]) -> usize {
    path.as_os_str().len() + text.len() + numbers.len()
}

#[cached(ttl = "1m", swr = "1m", key = "pattern:{a}:{b}")]
async fn pattern((a, b): (u32, u32)) -> u32 {
    a + b
}

#[cached(ttl = "1m", swr = "1m", key = "generic:{id}", skip(value))]
async fn generic<T: Clone + Send + Sync + 'static>(id: u32, value: &T) -> u32 {
    let _ = value.clone();
    id
}

#[cached(ttl = "1m", stale_if_error = "1m", soft_timeout = "1s", key = "many:{id}", tags_with = |value: &String| [format!("{value}:{label}")], unless = |value| value == label, skip(label))]
async fn decided(id: u32, label: &str) -> Result<String, Slow> {
    Ok(format!("{id}{label}"))
}

// A body of a single expression, on the line of its braces: they are no unnecessary ones.
#[rustfmt::skip]
#[cached(ttl = "5m")]
async fn double(n: u32) -> u32 { n * 2 }

#[rustfmt::skip]
#[cached(ttl = "5m", swr = "1m")]
async fn thrice(n: &u32) -> u32 { n * 3 }

#[rustfmt::skip]
#[cached(batch(id in ids), ttl = "5m")]
async fn all(ids: &[u32]) -> std::collections::HashMap<u32, u32> { ids.iter().map(|id| (*id, *id)).collect() }

#[rustfmt::skip]
#[cache_runtime::cache_invalidate("double:*")]
async fn forget(n: u32) -> u32 { n * 2 }

#[rustfmt::skip]
#[cache_runtime::cache_put(ttl = "5m", key = "put:{n}")]
async fn put(n: u32) -> u32 { n * 2 }

fn main() {
    let _ = (double, thrice, all, forget, put);
    let _ = (Shop::items, Shop::changed, Shop::shared, Shop::lent);
    let _ = (borrowing, pattern, generic::<u8>, decided);
}
