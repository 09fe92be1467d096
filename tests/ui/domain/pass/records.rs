//! Records of every kind, and every option.

#![deny(warnings)]
#![forbid(unsafe_code)]

use cache_runtime::{Cache, DomainCache};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Nobody uses its cache.
#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "unused")]
struct Unused {
    #[cache(key)]
    id: u64,
    #[cache(tag)]
    user_id: u64,
    #[cache(lookup)]
    token: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(
    prefix = "message",
    ttl_with = |message| Duration::from_secs(message.seconds),
    tags = ["author:{author}", "messages"],
    name = Messages,
    version = 2,
    local = "10s",
    sensitive
)]
pub struct Message {
    #[cache(key)]
    chat: String,
    #[cache(key)]
    number: u64,
    #[cache(tag = "by:{author}", lookup)]
    author: u64,
    seconds: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "page", ttl = forever, codec = bincode, compress = off)]
struct Page<T>
where
    T: Default,
{
    #[cache(key)]
    bytes: Vec<u8>,
    content: T,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(key = "team:{team}:{number}:card", domain = "card", ttl = "5m")]
struct Card {
    number: u64,
    team: String,
    #[cache(lookup)]
    badge: Option<String>,
    #[cache(tags = "project:{projects}")]
    projects: Vec<u32>,
    #[cache(tags = "floor:{floor}")]
    floor: Option<u8>,
    #[cache(tags)]
    more: [String; 1],
}

mod renamed {
    pub(super) use cache_runtime as runtime;

    #[derive(Clone, serde::Serialize, serde::Deserialize, runtime::DomainCache)]
    #[cache(prefix = "renamed", crate = crate::renamed::runtime)]
    pub(super) struct Renamed {
        #[cache(key)]
        pub(super) id: u64,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let cache = Cache::in_memory();
    let messages = Messages::new(&cache);
    let message = Message {
        chat: "c".to_owned(),
        number: 1,
        author: 2,
        seconds: 3,
    };
    assert!(messages.put(&message).await);
    assert_eq!(messages.get("c", &1).await, Some(message.clone()));
    assert_eq!(
        messages.get_many([("c".to_owned(), 1)]).await,
        [Some(message.clone())]
    );
    assert_eq!(messages.by_author(&2).await, Some(message));
    let card = Card {
        number: 1,
        team: "t".to_owned(),
        badge: None,
        projects: vec![1, 2],
        floor: Some(3),
        more: ["more".to_owned()],
    };
    let cards = CardCache::new(&cache);
    assert!(cards.put(&card).await);
    cache.invalidate_tag("floor:3").await;
    assert_eq!(cards.get("t", &1).await, None);
    let pages = PageCache::<u64>::new(&cache);
    let page = Page {
        bytes: vec![1],
        content: 2,
    };
    assert!(pages.put(&page).await);
    assert_eq!(pages.get(&[1]).await, Some(page));
    assert!(
        renamed::RenamedCache::new(&cache)
            .put(&renamed::Renamed { id: 1 })
            .await
    );
}
