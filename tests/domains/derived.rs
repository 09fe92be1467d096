//! What the derive says of keys and tags.

use crate::backend::Backend;
use cache_runtime::{DomainCache, DomainRecord, Key};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(key = "team:{team}:member:{number}:card", ttl = "5m")]
struct Card {
    number: u64,
    team: String,
    #[cache(lookup)]
    badge: String,
    #[cache(tag)]
    door: u8,
    #[cache(tags = "project:{projects}")]
    projects: Vec<u32>,
    #[cache(tags)]
    more: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(key = "team:{team}:member:{number}:desk", ttl = "5m")]
struct Desk {
    team: String,
    number: u64,
    #[cache(lookup)]
    badge: String,
    #[cache(tag)]
    door: u8,
}

/// Fields that are called as the parameters of the methods are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "load", ttl = "5m")]
struct Load {
    #[cache(key)]
    load: u64,
    #[cache(key)]
    record: u64,
    #[cache(key)]
    ids: u64,
    #[cache(key)]
    id: u64,
    #[cache(key)]
    key: u64,
    #[cache(key, tag)]
    known: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "loads", ttl = "5m")]
struct Loads {
    #[cache(key)]
    number: u64,
    #[cache(lookup, tag)]
    load: String,
}

fn card(team: &str, number: u64) -> Card {
    Card {
        number,
        team: team.to_owned(),
        badge: format!("{team}-{number}"),
        door: 1,
        projects: vec![number, number + 1]
            .into_iter()
            .map(|it| it as u32)
            .collect(),
        more: vec![format!("floor:{number}")],
    }
}

fn desk(team: &str, number: u64) -> Desk {
    Desk {
        team: team.to_owned(),
        number,
        badge: format!("{team}-{number}"),
        door: 1,
    }
}

#[tokio::test]
async fn fields_may_be_called_as_parameters_are() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let (all, by_load) = (LoadCache::new(&cache), LoadsCache::new(&cache));
    let one = Load {
        load: 1,
        record: 2,
        ids: 3,
        id: 4,
        key: 5,
        known: 6,
    };
    let load = || async { Ok::<_, ()>(Some(one.clone())) };
    let loaded = all.get_or_load(&1, &2, &3, &4, &5, &6, load).await;
    assert_eq!(loaded, Ok(Some(one.clone())));
    assert_eq!(all.get(&1, &2, &3, &4, &5, &6).await, Some(one.clone()));
    let refreshed = all.refresh(&1, &2, &3, &4, &5, &6, load).await;
    assert_eq!(refreshed, Ok(Some(one.clone())));
    assert_eq!(all.get_many([(1, 2, 3, 4, 5, 6)]).await, [Some(one)]);
    let two = Loads {
        number: 1,
        load: "heavy".to_owned(),
    };
    let load = || async { Ok::<_, ()>(Some(two.clone())) };
    let loaded = by_load.by_load_or_load("heavy", load).await;
    assert_eq!(loaded, Ok(Some(two.clone())));
    assert_eq!(by_load.get(&1).await, Some(two));
}

#[tokio::test]
async fn keys_are_as_they_are_written_and_methods_take_their_fields_in_that_order() {
    assert_eq!(
        CardCache::key("a:b", &7).as_str(),
        "team:a%3Ab:member:7:card"
    );
    assert_eq!(card("x", 7).cache_key().as_str(), "team:x:member:7:card");
    let lookups = card("x", 7).cache_lookups();
    let lookups: Vec<&str> = lookups.iter().map(Key::as_str).collect();
    assert_eq!(lookups, ["team:~badge:x-7:member:card"]);
    assert_eq!(
        (Card::PREFIX, Card::DOMAIN, Card::TAG_OF_ALL),
        ("team", "team-member-card", Some("team-member-card"))
    );
}

#[tokio::test]
async fn caches_that_share_the_beginning_of_their_keys_are_apart() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let (cards, desks) = (CardCache::new(&cache), DeskCache::new(&cache));
    cards.put(&card("x", 7)).await;
    desks.put(&desk("x", 7)).await;
    assert_eq!(cards.by_badge("x-7").await, Some(card("x", 7)));
    assert_eq!(desks.by_badge("x-7").await, Some(desk("x", 7)));
    cards.invalidate_by_door(&1).await;
    assert_eq!(cards.get("x", &7).await, None);
    assert_eq!(
        desks.get("x", &7).await,
        Some(desk("x", 7)),
        "the door of a desk"
    );
    cards.put(&card("x", 7)).await;
    desks.invalidate_all().await;
    assert_eq!(cards.get("x", &7).await, Some(card("x", 7)));
    assert_eq!(desks.get("x", &7).await, None);
    assert_eq!(desks.by_badge("x-7").await, None);
}

#[tokio::test]
async fn every_item_of_a_list_makes_a_tag() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let cards = CardCache::new(&cache);
    let all = [card("x", 1), card("x", 2), card("x", 4)];
    for (tag, gone) in [
        ("project:2", [true, true, false]),
        ("floor:4", [false, false, true]),
        ("project:9", [false; 3]),
    ] {
        assert_eq!(cards.put_many(&all).await, 3);
        cache.invalidate_tag(tag).await;
        for (card, gone) in all.iter().zip(gone) {
            assert_eq!(
                cards.get("x", &card.number).await.is_none(),
                gone,
                "{tag} {}",
                card.number
            );
        }
    }
}

/// A load that was under way when a tag of its record was invalidated is not stored, though nobody knew that tag before.
#[tokio::test]
async fn a_tag_of_a_list_that_ends_during_the_load_keeps_the_record_out() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let cards = CardCache::new(&cache);
    for _ in 0..2 {
        let load = || async {
            cache.invalidate_tag("project:8").await;
            Ok::<_, String>(Some(card("x", 7)))
        };
        assert_eq!(
            cards.get_or_load("x", &7, load).await,
            Ok(Some(card("x", 7)))
        );
        assert_eq!(cards.get("x", &7).await, None);
    }
}
