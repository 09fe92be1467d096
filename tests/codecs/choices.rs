//! Codecs and compressions that a function or a record chooses.

use crate::world::{Report, World, report};
use cache_runtime::{Cache, DomainCache, cache_put, cached};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

macro_rules! written_with {
    ($($codec:ident)*) => {$(
        #[cached(ttl = "1h", key = "report:{id}", cache = world.cache, codec = $codec, skip(world))]
        async fn $codec(world: &World, id: u64) -> Report {
            world.runs(report(id))
        }
    )*};
}

written_with! { bincode postcard msgpack json }

#[tokio::test]
async fn every_codec_gives_back_what_it_was_given() {
    let world = World::start().await;
    macro_rules! round_trip {
        ($($id:literal: $codec:ident is $number:literal)*) => {$(
            assert_eq!($codec(&world, $id).await, report($id));
            assert_eq!(world.ran(), 1);
            assert_eq!($codec(&world, $id).await, report($id));
            assert_eq!(world.ran(), 0, concat!(stringify!($codec), ": a hit"));
            let key = concat!("report:", $id);
            assert_eq!(world.codec_of(key).await, Some($number), stringify!($codec));
        )*};
    }
    round_trip! { 1: bincode is 1  2: postcard is 2  3: msgpack is 3  4: json is 4 }
}

#[tokio::test]
async fn a_function_without_a_choice_uses_that_of_the_cache() {
    #[cached(cache = world.cache, key = "report:{id}", skip(world))]
    async fn undecided(world: &World, id: u64) -> Report {
        report(id)
    }
    let world = World::with(|cache| cache.codec(cache_runtime::Codec::Json)).await;
    world.until_connected().await;
    undecided(&world, 1).await;
    assert_eq!(world.codec_of("report:1").await, Some(4));
    bincode(&world, 2).await;
    assert_eq!(world.codec_of("report:2").await, Some(1));
}

#[tokio::test]
async fn an_entry_is_read_by_functions_that_would_have_written_it_otherwise() {
    let world = World::start().await;
    json(&world, 7).await;
    assert_eq!(bincode(&world, 7).await, report(7));
    assert_eq!(postcard(&world, 7).await, report(7));
    assert_eq!(msgpack(&world, 7).await, report(7));
    assert_eq!(world.ran(), 1);
    assert_eq!(world.codec_of("report:7").await, Some(4));
}

#[tokio::test]
async fn an_explicit_write_has_a_choice_too() {
    #[cache_put(key = "report:{id}", cache = world.cache, codec = msgpack)]
    async fn rewrite(world: &World, id: u64) -> Report {
        report(id + 1)
    }
    let world = World::start().await;
    rewrite(&world, 1).await;
    assert_eq!(world.codec_of("report:1").await, Some(3));
    assert_eq!(bincode(&world, 1).await, report(2));
    assert_eq!(world.ran(), 0);
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "form", codec = json, compress = off)]
struct Form {
    #[cache(key)]
    id: u64,
    #[cache(lookup)]
    slug: String,
    answers: Value,
    #[serde(flatten)]
    more: std::collections::BTreeMap<String, Value>,
}

#[tokio::test]
async fn records_have_a_choice_too() {
    let world = World::start().await;
    let forms = FormCache::new(&world.cache);
    let form = Form {
        id: 1,
        slug: "intake".to_owned(),
        answers: json!({ "sleeps": [7, null, "well"] }),
        more: [("by".to_owned(), json!("Ada"))].into(),
    };
    assert!(forms.put(&form).await);
    assert_eq!(forms.get(&1).await, Some(form.clone()));
    assert_eq!(forms.by_slug("intake").await, Some(form));
    assert_eq!(world.codec_of("form:1").await, Some(4));
}

const LARGE: usize = 20_000;

macro_rules! compressed_with {
    ($($compression:ident)*) => {$(
        #[cached(cache = world.cache, key = "text:{id}", compress = $compression, skip(world))]
        async fn $compression(world: &World, id: u64) -> String {
            "again ".repeat(LARGE / 6 + 1)
        }
    )*};
}

compressed_with! { off lz4 }

#[tokio::test]
async fn a_large_value_is_compressed_unless_that_is_off() {
    let world = World::start().await;
    let written = off(&world, 1).await;
    assert_eq!(lz4(&world, 2).await, written);
    let length = |key: &'static str| async { world.command(&["STRLEN", key]).await.integer() };
    assert!(length("text:1").await >= LARGE as i64);
    assert!(length("text:2").await < LARGE as i64 / 10);
    // Both are read by whoever comes.
    assert_eq!(lz4(&world, 1).await, written);
    assert_eq!(off(&world, 2).await, written);
}

#[tokio::test]
async fn an_embedded_cache_keeps_values_as_they_are() {
    #[cached(cache = cache, key = "free", codec = bincode, compress = lz4, skip(cache))]
    async fn free_form(cache: &Cache) -> Value {
        json!({ "any": 1 })
    }
    let cache = Cache::in_memory();
    assert_eq!(free_form(&cache).await, json!({ "any": 1 }));
    assert!(cache.contains("free").await);
}
