//! What every step of the shop can do, and what it is made of.

use crate::database::{Db, Product};
use crate::rates::{Down, Rates};
use cache_runtime::Cache;

/// What a shop is made of. Cheap to clone, so that a computation can go on when its caller has its answer.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) db: Db,
    pub(crate) rates: Rates,
    pub(crate) cache: Cache,
}

/// A step of the shop.
pub(crate) trait Shop {
    const NAME: &'static str;

    fn new(parts: Parts) -> Self;

    /// The page of a product.
    async fn product(&self, id: u32) -> Option<Product>;
    /// The page of a category, with all its products.
    async fn category(&self, category: u32) -> Vec<Product>;
    /// What a price is in another currency.
    async fn rate(&self, currency: &str) -> Result<u32, Down>;
    /// A change by the owner.
    async fn reprice(&self, id: u32, price: u32);
}
