//! No cache.

use crate::database::Product;
use crate::rates::Down;
use crate::shop::{self, Parts};

#[derive(Clone)]
pub(crate) struct Shop(Parts);

impl shop::Shop for Shop {
    const NAME: &'static str = "no cache";

    fn new(parts: Parts) -> Self {
        Shop(parts)
    }

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

    async fn rate(&self, currency: &str) -> Result<u32, Down> {
        self.0.rates.ask(currency).await
    }

    async fn reprice(&self, id: u32, price: u32) {
        self.0.db.reprice(id, price);
    }
}

impl Shop {
    async fn ids(&self, category: u32) -> Vec<u32> {
        self.0.db.category(category)
    }
}
