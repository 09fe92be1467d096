//! A body may have items of its own, which are visible where they say.

use cache_runtime::{Cache, cached};

#[derive(Clone)]
struct Shop {
    cache: Cache,
}

impl Shop {
    #[cached(ttl = "1m", swr = "1m", cache = self.cache, key = "items:{id}")]
    async fn items(&self, id: u32) -> u32 {
        struct Local {
            pub(self) number: u32,
        }
        Local { number: id }.number
    }
}

fn main() {}
