//! Fields of a GraphQL schema, cached one by one: whichever query asks for them, in whatever combination.
//!
//! ```text
//! cargo run -p graphql
//! ```
//!
//! `#[cached]` stands on resolvers as on any other function. What is expensive (`reviews`) has an entry for each object; a query that asks
//! for a product and its reviews, and one that asks for reviews alone, share it. A mutation says what it makes old.

mod shop;

use async_graphql::{EmptySubscription, Schema};
use cache_runtime::Cache;
use shop::{Mutation, Query, Shop};
use std::sync::Arc;

type ShopSchema = Schema<Query, Mutation, EmptySubscription>;

fn schema(shop: &Arc<Shop>) -> ShopSchema {
    Schema::build(Query, Mutation, EmptySubscription)
        .data(Arc::clone(shop))
        .finish()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let shop = Arc::new(Shop::new(&Cache::from_env().await?));
    let schema = schema(&shop);
    for request in [
        "{ product(id: 1) { name reviews { stars text } } }",
        "{ product(id: 1) { name reviews { stars text } } }",
        "{ product(id: 1) { reviews { stars } } top { name } }",
        "mutation { review(product: 1, stars: 5, text: \"again\") }",
        "{ product(id: 1) { name reviews { stars } } }",
    ] {
        let response = schema.execute(request).await;
        println!("{request}");
        println!("  {}", response.data);
        println!("  {} queries of the database so far", shop.queries());
        if let Some(error) = response.errors.first() {
            return Err(error.message.clone().into());
        }
    }
    println!("\n{}", shop.cache.stats());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::Value;

    async fn asked(schema: &ShopSchema, request: &str) -> Value {
        let response = schema.execute(request).await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        response.data
    }

    #[tokio::test]
    async fn a_field_is_resolved_once_whatever_else_is_asked_for() {
        let shop = Arc::new(Shop::new(&Cache::in_memory()));
        let schema = schema(&shop);
        asked(&schema, "{ product(id: 1) { name reviews { stars } } }").await;
        assert_eq!(shop.queries(), 2, "the product, and its reviews");
        asked(&schema, "{ product(id: 1) { reviews { text } name } }").await;
        asked(&schema, "{ product(id: 1) { name } }").await;
        assert_eq!(shop.queries(), 2);
        // Of every object in a list, too.
        asked(&schema, "{ top { name reviews { stars } } }").await;
        assert_eq!(
            shop.queries(),
            2 + 1 + 2,
            "the list, and the reviews of two others"
        );
        asked(&schema, "{ top { reviews { stars } } }").await;
        assert_eq!(shop.queries(), 5);
    }

    #[tokio::test]
    async fn a_mutation_ends_what_it_makes_old_and_nothing_else() {
        let shop = Arc::new(Shop::new(&Cache::in_memory()));
        let schema = schema(&shop);
        let reviews =
            "{ product(id: 1) { reviews { text } } other: product(id: 2) { reviews { text } } }";
        asked(&schema, reviews).await;
        assert_eq!(shop.queries(), 4);
        asked(
            &schema,
            "mutation { review(product: 1, stars: 5, text: \"new\") }",
        )
        .await;
        assert_eq!(shop.queries(), 5);
        let then = asked(&schema, reviews).await;
        assert!(then.to_string().contains("\"new\""), "{then}");
        assert_eq!(shop.queries(), 6, "the reviews of the first");
    }

    #[tokio::test]
    async fn many_queries_at_once_resolve_a_field_once() {
        let shop = Arc::new(Shop::new(&Cache::in_memory()));
        let schema = schema(&shop);
        let asking: Vec<_> = (0..50)
            .map(|_| {
                let schema = schema.clone();
                tokio::spawn(async move { asked(&schema, "{ top { reviews { stars } } }").await })
            })
            .collect();
        for asked in asking {
            asked.await.expect("no panic");
        }
        assert_eq!(shop.queries(), 1 + 3);
    }
}
