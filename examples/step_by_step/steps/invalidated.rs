//! Who changes a product says so. So it can be remembered for an hour, and is never old.

use crate::database::Product;
use crate::rates::Down;
use crate::shop::{self, Parts};
use cache_runtime::{cache_invalidate, cached};

#[derive(Clone)]
pub(crate) struct Shop(Parts);

impl shop::Shop for Shop {
    const NAME: &'static str = "invalidation";

    fn new(parts: Parts) -> Self {
        Shop(parts)
    }

    #[cached(ttl = "1h", cache = self.0.cache, key = "product:{id}")]
    async fn product(&self, id: u32) -> Option<Product> {
        self.0.db.product(id)
    }

    async fn category(&self, category: u32) -> Vec<Product> {
        let mut products = Vec::new();
        for id in self.ids(category).await {
            products.extend(self.product(id).await);
        }
        products
    }

    #[cached(ttl = "1m", cache = self.0.cache, key = "rate:{currency}")]
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
}
