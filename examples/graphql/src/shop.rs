//! Products and what people say of them.

use async_graphql::{Context, Object, SimpleObject};
use cache_runtime::{Cache, cache_invalidate, cached};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub(crate) struct Shop {
    pub(crate) cache: Cache,
    reviews: Mutex<BTreeMap<u32, Vec<Review>>>,
    queries: AtomicUsize,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Product {
    id: u32,
    name: String,
}

#[derive(Clone, Serialize, Deserialize, SimpleObject)]
pub(crate) struct Review {
    stars: u8,
    text: String,
}

impl Shop {
    pub(crate) fn new(cache: &Cache) -> Self {
        let review = |stars, text: &str| Review {
            stars,
            text: text.to_owned(),
        };
        let reviews = BTreeMap::from([
            (1, vec![review(4, "does what it says")]),
            (2, vec![review(2, "arrived late"), review(5, "worth it")]),
            (3, vec![]),
        ]);
        Shop {
            cache: cache.clone(),
            reviews: Mutex::new(reviews),
            queries: AtomicUsize::new(0),
        }
    }

    pub(crate) fn queries(&self) -> usize {
        self.queries.load(Ordering::Relaxed)
    }

    /// One query, as far away as a database is.
    async fn query<T>(&self, of: impl FnOnce(&mut BTreeMap<u32, Vec<Review>>) -> T) -> T {
        self.queries.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(2)).await;
        of(&mut self.reviews.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn shop<'c>(context: &Context<'c>) -> &'c Shop {
    context.data_unchecked::<Arc<Shop>>()
}

fn named(id: u32) -> Product {
    Product {
        id,
        name: format!("product {id}"),
    }
}

pub(crate) struct Query;

#[Object]
impl Query {
    #[cached(ttl = "10m", key = "product:{id}", cache = &shop(context).cache, skip(context))]
    async fn product(&self, context: &Context<'_>, id: u32) -> Option<Product> {
        let known = shop(context).query(|reviews| reviews.contains_key(&id));
        known.await.then(|| named(id))
    }

    #[cached(ttl = "1m", key = "top", cache = &shop(context).cache, skip(context))]
    async fn top(&self, context: &Context<'_>) -> Vec<Product> {
        let known = shop(context).query(|reviews| reviews.keys().copied().collect());
        let known: Vec<u32> = known.await;
        known.into_iter().map(named).collect()
    }
}

#[Object]
impl Product {
    async fn name(&self) -> &str {
        &self.name
    }

    #[cached(ttl = "10m", key = "reviews:{self.id}", cache = &shop(context).cache, skip(context))]
    async fn reviews(&self, context: &Context<'_>) -> Vec<Review> {
        let of = shop(context).query(|reviews| reviews.get(&self.id).cloned());
        of.await.unwrap_or_default()
    }
}

pub(crate) struct Mutation;

#[Object]
impl Mutation {
    #[cache_invalidate("reviews:{product}", cache = &shop(context).cache)]
    async fn review(&self, context: &Context<'_>, product: u32, stars: u8, text: String) -> bool {
        let add = shop(context).query(|reviews| {
            let of = reviews.get_mut(&product)?;
            of.push(Review { stars, text });
            Some(())
        });
        add.await.is_some()
    }
}
