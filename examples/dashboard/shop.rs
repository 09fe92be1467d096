//! What the shop caches. The functions only pretend to be slow.

use cache_runtime::{cache_invalidate, cached};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::sleep;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Product {
    id: u32,
    name: String,
    description: String,
}

/// There are 400 of them; who asks for more finds nothing, and that is remembered too.
#[cached(ttl = "10m", negative = "30s", key = "product:{id}", tags = ["products"])]
pub(crate) async fn product(id: u32) -> Option<Product> {
    sleep(Duration::from_millis(4)).await;
    (id < 400).then(|| Product {
        id,
        name: format!("Product {id}"),
        description: "A thing of beauty. ".repeat(8),
    })
}

/// Reads products, so whatever changes one of them changes this too.
#[cached(ttl = "5m", key = "shelf:{number}")]
pub(crate) async fn shelf(number: u32) -> Vec<Product> {
    let mut found = Vec::new();
    for id in number * 10..number * 10 + 10 {
        found.extend(product(id).await);
    }
    found
}

#[cached(ttl = "20s", swr = "1m", key = "search:{term}:{page}", tags = ["products"])]
pub(crate) async fn search(term: &str, page: u32) -> Vec<u32> {
    sleep(Duration::from_millis(35)).await;
    let first = term.len() as u32 * 20 + page * 10;
    (first..first + 10).collect()
}

/// The bank is away every now and then; older rates do meanwhile.
#[cached(
    ttl = "3s",
    stale_if_error = "1h",
    key = "rate:{currency}",
    skip(is_away)
)]
pub(crate) async fn rate(currency: &str, is_away: bool) -> Result<u32, String> {
    sleep(Duration::from_millis(60)).await;
    match is_away {
        true => Err("the bank does not answer".to_owned()),
        false => Ok(100 + currency.len() as u32),
    }
}

/// Whose basket it is, is nobody's business: neither logs nor pages show the key.
#[cached(ttl = "30m", key = "basket:{visitor}", tags = ["visitor:{visitor}"], sensitive)]
pub(crate) async fn basket(visitor: u32) -> Vec<u32> {
    sleep(Duration::from_millis(2)).await;
    (visitor..visitor + visitor % 5).collect()
}

#[cache_invalidate("product:{id}")]
pub(crate) async fn reprice(id: u32) {
    sleep(Duration::from_millis(3)).await;
    let _ = id;
}

#[cache_invalidate("basket:{visitor}", tags = ["visitor:{visitor}"])]
pub(crate) async fn put_into_basket(visitor: u32) {
    sleep(Duration::from_millis(2)).await;
    let _ = visitor;
}

#[cache_invalidate(tags = ["products"])]
pub(crate) async fn import_catalogue() {
    sleep(Duration::from_millis(20)).await;
}
