//! Rates that do not change are asked for less often.

use crate::database::Product;
use crate::rates::Down;
use crate::shop::{self, Parts};
use cache_runtime::{cache_invalidate, cached};
use std::collections::BTreeMap;

#[derive(Clone)]
pub(crate) struct Shop(Parts);

impl shop::Shop for Shop {
    const NAME: &'static str = "an adaptive time to live";

    fn new(parts: Parts) -> Self {
        Shop(parts)
    }

    #[cached(ttl = "1h", negative = "10m", cache = self.0.cache, key = "product:{id}")]
    async fn product(&self, id: u32) -> Option<Product> {
        self.0.db.product(id)
    }

    async fn category(&self, category: u32) -> Vec<Product> {
        let ids = self.ids(category).await;
        self.products(&ids).await.into_values().collect()
    }

    #[cached(ttl = adaptive("1m", "8m"), swr = "10m", stale_if_error = "1h", cache = self.0.cache, key = "rate:{currency}")]
    async fn rate(&self, currency: &str) -> Result<u32, Down> {
        self.0.rates.ask(currency).await
    }

    #[cache_invalidate("product:{id}", cache = self.0.cache)]
    async fn reprice(&self, id: u32, price: u32) {
        self.0.db.reprice(id, price);
    }
}

impl Shop {
    #[cached(ttl = "1h", cache = self.0.cache, key = "category:{category}")]
    async fn ids(&self, category: u32) -> Vec<u32> {
        self.0.db.category(category)
    }

    /// One query for those that are missing; the same entries as those of `product`.
    #[cached(batch(id in ids), ttl = "1h", negative = "10m", cache = self.0.cache, key = "product:{id}")]
    async fn products(&self, ids: &[u32]) -> BTreeMap<u32, Product> {
        let products = self.0.db.products(ids).into_iter();
        products.map(|product| (product.id, product)).collect()
    }
}
