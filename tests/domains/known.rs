//! What follows from the fields of a key is known before a record is, or whether there is one.

use crate::backend::Backend;
use cache_domains::{UserProfile, UserProfileCache};
use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use tokio::sync::oneshot;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(key = "shop:{shop}:offer:{number}:price", ttl = "5m", tags = ["shop:{shop}"], negative = "1m")]
struct Price {
    shop: String,
    number: u64,
    cents: u32,
}

fn price(shop: &str, number: u64) -> Price {
    Price {
        shop: shop.to_owned(),
        number,
        cents: 100,
    }
}

/// That there is none was found under the tags of whatever may come there.
#[tokio::test]
async fn absence_ends_with_tags_that_a_record_would_have() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let prices = PriceCache::new(&cache);
    let none = || async { Ok::<_, Infallible>(None) };
    let one = || async { Ok::<_, Infallible>(Some(price("x", 1))) };
    for end in ["of the shop", "of all"] {
        prices.invalidate("x", &1).await;
        assert_eq!(prices.get_or_load("x", &1, none).await, Ok(None));
        assert_eq!(prices.get_or_load("x", &1, one).await, Ok(None), "known");
        match end {
            "of the shop" => cache.invalidate_tag("shop:x").await,
            _ => prices.invalidate_all().await,
        };
        assert_eq!(
            prices.get_or_load("x", &1, one).await,
            Ok(Some(price("x", 1))),
            "{end}"
        );
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Seat {
    team: u32,
    number: u32,
}

/// Of its key there are a list of tags, and one of a part; of the second key, one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "answer", negative = "1m", tags = ["team:{seat.team}", "name:{name.len()}", "kind:{name.as_str()}"])]
struct Answer {
    #[cache(key, tags = "owner:{owner}")]
    owner: Option<String>,
    #[cache(key)]
    seat: Seat,
    #[cache(key)]
    name: String,
    #[cache(lookup, tag = "mail:{mail}")]
    mail: Option<String>,
    #[cache(lookup, tag)]
    phone: String,
}

fn answer() -> Answer {
    Answer {
        owner: Some("ada".to_owned()),
        seat: Seat { team: 1, number: 2 },
        name: "x".to_owned(),
        mail: Some("m".to_owned()),
        phone: "p".to_owned(),
    }
}

#[tokio::test]
async fn absence_ends_with_every_tag_that_follows_from_what_was_asked_for() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let answers = AnswerCache::new(&cache);
    let Answer {
        owner, seat, name, ..
    } = answer();
    let none = || async { Ok::<_, Infallible>(None) };
    let one = || async { Ok::<_, Infallible>(Some(answer())) };
    for tag in ["owner:ada", "team:1", "name:1", "kind:x"] {
        answers.invalidate(&owner, &seat, &name).await;
        let asked = answers.get_or_load(&owner, &seat, &name, none).await;
        assert_eq!(asked, Ok(None));
        cache.invalidate_tag("owner:grace").await;
        let known = answers.get_or_load(&owner, &seat, &name, one).await;
        assert_eq!(known, Ok(None), "not asked again");
        cache.invalidate_tag(tag).await;
        let found = answers.get_or_load(&owner, &seat, &name, one).await;
        assert_eq!(found, Ok(Some(answer())), "{tag}");
    }
    answers.invalidate(&owner, &seat, &name).await;
    assert_eq!(answers.by_mail_or_load("m", none).await, Ok(None));
    assert_eq!(answers.by_mail_or_load("m", one).await, Ok(None));
    answers.invalidate_by_mail(&Some("m".to_owned())).await;
    assert_eq!(answers.by_mail_or_load("m", one).await, Ok(Some(answer())));
    answers.invalidate(&owner, &seat, &name).await;
    assert_eq!(answers.by_phone_or_load("p", none).await, Ok(None));
    answers.invalidate_by_phone("p").await;
    assert_eq!(answers.by_phone_or_load("p", one).await, Ok(Some(answer())));
}

/// Whether a record that nobody has loaded before is stored if this tag ends while it is loaded.
async fn stored_though(ended: &'static str) -> bool {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let prices = PriceCache::new(&cache);
    let (begun, begins) = oneshot::channel();
    let (go_on, goes_on) = oneshot::channel();
    let load = async {
        begun.send(()).expect("somebody waits");
        goes_on.await.expect("it is told");
        Ok::<_, Infallible>(Some(price("x", 2)))
    };
    let other = async {
        begins.await.expect("it begins");
        cache.invalidate_tag(ended).await;
        go_on.send(()).expect("it waits");
    };
    let (loaded, ()) = tokio::join!(prices.get_or_load("x", &2, || load), other);
    assert_eq!(loaded, Ok(Some(price("x", 2))));
    prices.get("x", &2).await.is_some()
}

#[tokio::test]
async fn what_is_known_before_a_load_is_captured_before_it() {
    assert!(!stored_though("shop:x").await);
    assert!(stored_though("shop:y").await);
}

/// The tag is of a field of the key, and a record under its second key is asked for without it.
#[tokio::test]
async fn of_a_lookup_the_key_is_not_known() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let profiles = UserProfileCache::<String>::new(&cache);
    let ada = UserProfile {
        id: "ada".to_owned(),
        email: Some("ada@example.org".to_owned()),
        profile: "analyst".to_owned(),
    };
    let load = || async { Ok::<_, Infallible>(Some(ada.clone())) };
    let found = profiles.by_email_or_load("ada@example.org", load).await;
    assert_eq!(found.as_ref(), Ok(&Some(ada.clone())));
    assert_eq!(profiles.get("ada").await, Some(ada));
    cache.invalidate_tag("user:ada").await;
    assert_eq!(profiles.get("ada").await, None);
    assert_eq!(profiles.by_email("ada@example.org").await, None);
}

/// What a process cannot take is not there.
#[tokio::test]
async fn what_another_version_has_stored_is_warmed() {
    mod before {
        use super::*;
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
        #[cache(prefix = "thing", ttl = "5m", version = 1)]
        pub(super) struct Thing {
            #[cache(key)]
            pub(super) id: u32,
        }
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
    #[cache(prefix = "thing", ttl = "5m", version = 2)]
    struct Thing {
        #[cache(key)]
        id: u32,
    }
    let backend = Backend::new().await;
    let cache = backend.cache();
    let things = ThingCache::new(&cache);
    before::ThingCache::new(&cache)
        .put(&before::Thing { id: 1 })
        .await;
    things.put(&Thing { id: 2 }).await;
    let load = |id| async move { Ok::<_, Infallible>((id != 3).then_some(Thing { id })) };
    let report = things.warm([1, 2, 3], load).await;
    assert_eq!((report.warmed, report.skipped, report.failed), (1, 2, 0));
    assert_eq!(things.get(&1).await, Some(Thing { id: 1 }));
}
