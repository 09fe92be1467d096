//! What a CDN is told, and that it is purged of all that has ended.

use crate::backend::Backend;
use crate::cdn::{Cdn, keys_of};
use crate::world::*;
use cache_runtime::http::{CacheLayer, CacheTags, Edge, Purger, User};
use cache_runtime::{Cache, Delivery, Invalidations, Tag, cached};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const LIMIT: Duration = Duration::from_secs(20);

#[cached(ttl = "1h", key = "greeting:{id}:text", tags = ["greetings"], cache = cache, skip(cache), companion)]
async fn greeting(cache: &Cache, id: u32) -> String {
    format!("hello {id}")
}

/// Reads one greeting by a cached function.
fn greeter(cache: &Cache) -> Origin {
    let cache = cache.clone();
    Origin::new(move |_| {
        let cache = cache.clone();
        async move {
            let mut answer = answer(200, &[], &greeting(&cache, 7).await);
            answer
                .extensions_mut()
                .insert(CacheTags::new(["page", "two words"]));
            answer
        }
    })
}

fn layer(cache: &Cache) -> CacheLayer {
    CacheLayer::new(cache, "api")
        .ttl(MINUTE)
        .tags(|request| vec![Tag::from(format!("path:{}", &request.uri.path()[1..]))])
        .edge(Edge::new())
}

#[tokio::test]
async fn a_response_says_for_how_long_and_what_it_is_known_by() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let client = behind(&layer(&cache), greeter(&cache));
    let first = client.get("/a").await;
    let second = client.get("/a").await;
    for told in [&first, &second] {
        assert_eq!(told.header("cdn-cache-control"), "max-age=60", "{told:?}");
        assert_eq!(told.header("cache-control"), "", "{told:?}");
        assert_eq!(told.header("vary"), "authorization, cookie", "{told:?}");
    }
    assert_eq!(keys_of(&first), keys_of(&second));
    let keys = keys_of(&first);
    // The tags that the layer and the handler declare are legible. The root; two keys and the scopes they are in, the tag of the
    // function, and the tag that no CDN could read, are not.
    for tag in ["path:a", "page"] {
        assert!(keys.contains(tag), "{keys:?}");
    }
    let text = first.header("surrogate-key");
    for hidden in ["greeting", "two", "GET"] {
        assert!(!text.contains(hidden), "{text}");
    }
    let digests = keys.iter().filter(|key| key.starts_with('~'));
    assert!(digests.count() >= 8, "{keys:?}");
    // Also to who has it already.
    let etag = first.header("etag").to_owned();
    let told = client.ask("GET", "/a", &[("if-none-match", &etag)]).await;
    assert_eq!(
        (
            told.status,
            keys_of(&told),
            told.header("cdn-cache-control")
        ),
        (304, keys, "max-age=60")
    );
}

#[tokio::test]
async fn a_sensitive_layer_shows_no_tags() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let client = behind(&layer(&cache).sensitive(), greeter(&cache));
    let told = client.get("/a").await;
    assert_eq!(told.header("cdn-cache-control"), "max-age=60");
    assert!(
        keys_of(&told).iter().all(|key| key.starts_with('~')),
        "{told:?}"
    );
}

/// Every way in which something can end here.
#[tokio::test]
async fn whatever_ends_a_response_purges_it() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let client = behind(&layer(&cache), greeter(&cache));
    let cdn = Cdn::default();
    let purger = Purger::new(&cache, cdn.clone()).again_after(Duration::ZERO);
    let purging = tokio::spawn(purger.run());
    let ways = [
        "key",
        "keys",
        "tag",
        "scope",
        "root",
        "glob",
        "any glob",
        "clear",
        "set",
        "set many",
        "write through",
        "refresh",
        "commit",
        "tag of the request",
        "tag of the response",
        "illegible tag",
        "path",
        "key of the response",
        "post",
    ];
    for way in ways {
        let told = client.get("/a").await;
        let keys = keys_of(&told);
        assert!(!keys.is_empty(), "{way}: {told:?}");
        assert_eq!(cache.flush(LIMIT).await, Delivery::Delivered, "{way}");
        cdn.purged();
        match way {
            "key" => drop(cache.delete("greeting:7:text").await),
            "keys" => drop(cache.delete_many(["other", "greeting:7:text"]).await),
            "tag" => drop(cache.invalidate_tag("greetings").await),
            "scope" => drop(cache.invalidate("greeting:7:*").await),
            "root" => drop(cache.invalidate("*").await),
            "glob" => drop(cache.invalidate("greeting:*:text").await),
            "any glob" => drop(cache.invalidate("*:text").await),
            "clear" => drop(cache.clear().await),
            "set" => drop(cache.set("greeting:7:text", "hi".to_owned()).await),
            "set many" => {
                let values = [
                    ("other", "x".to_owned()),
                    ("greeting:7:text", "hi".to_owned()),
                ];
                cache.set_many(values, MINUTE).await;
            }
            "write through" => {
                let write = || async { Ok::<_, ()>("hi".to_owned()) };
                let _ = cache.write_through("greeting:7:text", write).await;
            }
            "refresh" => drop(greeting::refresh(&cache, 7).await),
            "commit" => {
                let mut invalidations = Invalidations::of(&cache);
                let work = invalidations.collect(cache.invalidate_tag("greetings"));
                assert_eq!(work.await.delivery, Delivery::Collected);
                assert!(cdn.purged().is_empty(), "not before the commit");
                invalidations.deliver().await;
            }
            "tag of the request" => drop(cache.invalidate_tag("path:a").await),
            "tag of the response" => drop(cache.invalidate_tag("page").await),
            "illegible tag" => drop(cache.invalidate_tag("two words").await),
            "path" => drop(cache.invalidate("api:GET:/a:*").await),
            "key of the response" => drop(cache.invalidate("api:*").await),
            _ => drop(client.ask("POST", "/a", &[]).await),
        }
        assert_eq!(cache.flush(LIMIT).await, Delivery::Delivered, "{way}");
        let purged = cdn.purged();
        assert!(!purged.is_disjoint(&keys), "{way}: {purged:?} {keys:?}");
    }
    // And nothing else does.
    let keys = keys_of(&client.get("/a").await);
    cache.flush(LIMIT).await;
    cdn.purged();
    cache.delete("greeting:8:text").await;
    cache.invalidate("greeting:8:*").await;
    cache.invalidate_tag("path:b").await;
    cache.set("greeting", "hi".to_owned()).await;
    client.ask("POST", "/b", &[]).await;
    cache.flush(LIMIT).await;
    let purged = cdn.purged();
    assert!(purged.is_disjoint(&keys), "{purged:?} {keys:?}");
    assert!(!purged.is_empty());
    purging.abort();
}

/// What the layer does not store, nobody could purge.
#[tokio::test]
async fn what_is_not_stored_is_not_for_the_cdn() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let refused = |told: &Told, what: &str| {
        assert_eq!(
            told.header("cdn-cache-control"),
            "private, no-store",
            "{what}: {told:?}"
        );
        assert!(
            told.header("cache-control").contains("private"),
            "{what}: {told:?}"
        );
        assert!(
            !told.header("cache-control").contains("public"),
            "{what}: {told:?}"
        );
        assert_eq!(told.header("surrogate-key"), "", "{what}: {told:?}");
    };
    let layer = layer(&cache).max_body(100);
    for (what, headers, body, request) in [
        ("a cookie of his", &[][..], "", &[("cookie", "a=b")][..]),
        ("credentials", &[], "", &[("authorization", "me")]),
        ("a cookie for him", &[("set-cookie", "a=b")], "", &[]),
        (
            "private",
            &[("cache-control", "private, max-age=9")],
            "",
            &[],
        ),
        (
            "too large",
            &[("cache-control", "public, s-maxage=9")],
            &"x".repeat(200),
            &[],
        ),
        ("it varies", &[("vary", "*")], "", &[]),
    ] {
        let origin = Origin::saying([answer(200, headers, body)]);
        let path = format!("/{}", what.replace(' ', "-"));
        let told = behind(&layer, origin).ask("GET", &path, request).await;
        assert_eq!(told.status, 200);
        refused(&told, what);
    }
    // A failure, and a cache that is switched off.
    refused(
        &behind(&layer, Origin::saying([])).get("/fails").await,
        "a failure",
    );
    let off = Cache::disabled();
    let client = behind(
        &CacheLayer::new(&off, "off").ttl(MINUTE).edge(Edge::new()),
        Origin::counting(&[]),
    );
    refused(&client.get("/off").await, "switched off");
    // What may be held in the browser still may.
    let origin = Origin::saying([answer(
        200,
        &[
            ("cache-control", "public, max-age=9"),
            ("set-cookie", "a=b"),
        ],
        "",
    )]);
    let told = behind(&layer, origin).get("/browser").await;
    assert_eq!(told.header("cache-control"), "max-age=9, private");
    // What changes something is no matter of a CDN.
    let told = behind(&layer, Origin::counting(&[]))
        .ask("POST", "/post", &[])
        .await;
    assert_eq!(
        (
            told.header("cdn-cache-control"),
            told.header("cache-control")
        ),
        ("", "")
    );
}

#[tokio::test]
async fn what_is_one_users_is_not_for_the_cdn_and_what_a_handler_says_holds() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let layer = layer(&cache).max_body(100).users(|request| {
        let user = request
            .headers
            .get("x-user")
            .and_then(|user| user.to_str().ok());
        user.map_or(User::Anonymous, User::known)
    });
    let telling = Origin::counting(&[("cdn-cache-control", "max-age=7")]);
    let client = behind(&layer, telling.clone());
    let known = [("x-user", "7")];
    for _ in 0..2 {
        let told = client.ask("GET", "/me", &known).await;
        assert_eq!(
            told.header("cdn-cache-control"),
            "private, no-store",
            "{told:?}"
        );
        assert_eq!(told.header("surrogate-key"), "");
        let told = client.get("/me").await;
        assert_eq!(told.header("cdn-cache-control"), "max-age=7", "{told:?}");
        assert!(!told.header("surrogate-key").is_empty());
    }
    assert_eq!(telling.calls(), 2);
    // Also of what is not stored, unless it is one's own.
    let large = |_| {
        std::future::ready(answer(
            200,
            &[("cdn-cache-control", "max-age=7")],
            &"x".repeat(200),
        ))
    };
    let client = behind(&layer, Origin::new(large));
    assert_eq!(
        client.get("/large").await.header("cdn-cache-control"),
        "max-age=7"
    );
    for path in ["/large", "/another", "/another"] {
        let told = client.ask("GET", path, &known).await;
        assert_eq!(told.header("cdn-cache-control"), "private, no-store");
    }
}

/// It was made of what has ended since: it is its caller's answer, and nobody else's.
#[tokio::test]
async fn what_was_overtaken_is_not_for_the_cdn_and_does_not_say_that_it_is_stored() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let origin = {
        let (cache, begun, go_on) = (cache.clone(), Arc::clone(&begun), Arc::clone(&go_on));
        Origin::new(move |_| {
            let (cache, begun, go_on) = (cache.clone(), Arc::clone(&begun), Arc::clone(&go_on));
            async move {
                let text = greeting(&cache, 7).await;
                begun.notify_one();
                go_on.notified().await;
                answer(200, &[], &text)
            }
        })
    };
    let client = behind(&layer(&cache), origin);
    let asking = tokio::spawn({
        let client = client.clone();
        async move { client.get("/a").await }
    });
    begun.notified().await;
    cache.invalidate_tag("greetings").await;
    go_on.notify_one();
    let told = asking.await.expect("no panic");
    assert_eq!((told.status, &*told.body), (200, "hello 7"));
    assert_eq!(
        told.header("cdn-cache-control"),
        "private, no-store",
        "{told:?}"
    );
    assert!(told.header("cache-status").contains("detail="), "{told:?}");
    assert!(!told.header("cache-status").contains("stored;"), "{told:?}");
}

#[tokio::test]
async fn each_cdn_is_told_in_its_own_way() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let told = async |name: &'static str, edge: Edge, headers: &'static [(&str, &str)]| {
        let origin = Origin::new(move |_| {
            let mut answer = answer(200, headers, "");
            let tags = CacheTags::new(["a", "b"]);
            answer.extensions_mut().insert(tags);
            std::future::ready(answer)
        });
        let layer = CacheLayer::new(&cache, name).ttl(MINUTE).edge(edge);
        behind(&layer, origin).get("/").await
    };
    let grace = &[(
        "cache-control",
        "max-age=5, stale-while-revalidate=6, stale-if-error=7",
    )];
    let fastly = told("fastly", Edge::fastly(), grace).await;
    assert_eq!(
        fastly.header("surrogate-control"),
        "max-age=5, stale-while-revalidate=6, stale-if-error=7"
    );
    assert!(
        fastly
            .header("surrogate-key")
            .split(' ')
            .any(|key| key == "b")
    );
    let longer = Edge::new().ttl(Duration::from_secs(3600));
    let told_longer = told("longer", longer, &[]).await;
    assert_eq!(told_longer.header("cdn-cache-control"), "max-age=3600");
    // Browsers cannot be purged.
    for (headers, control) in [
        (&[][..], "max-age=0, s-maxage=60"),
        (&[("cache-control", "max-age=5")], "max-age=5, s-maxage=5"),
        (&[("cache-control", "s-maxage=5")], "s-maxage=5"),
    ] {
        let name: &'static str = headers.first().map_or("varnish", |(_, value)| value);
        let varnish = told(name, Edge::varnish(), headers).await;
        assert_eq!(varnish.header("cache-control"), control, "{varnish:?}");
        assert!(varnish.header("xkey").split(' ').any(|key| key == "a"));
    }
    // One that does not look at `Vary` has only what does not.
    let control = "cloudflare-cdn-cache-control";
    let apart = told("cloudflare", Edge::cloudflare(), &[]).await;
    assert_eq!(apart.header(control), "private, no-store");
    let past = || Edge::cloudflare().credentials_go_past();
    let same = told("same", past(), &[("vary", "accept-encoding")]).await;
    assert_eq!(same.header(control), "max-age=60");
    assert!(
        same.header("cache-tag").split(',').any(|key| key == "a"),
        "{same:?}"
    );
    let varied = told("varied", past(), &[("vary", "accept-language")]).await;
    assert_eq!(varied.header(control), "private, no-store");
}

/// Keys that a handler has, too, are kept; a field that is part of the key here is one for others as well.
#[tokio::test]
async fn what_is_there_is_added_to() {
    let backend = Backend::new().await;
    let layer = layer(&backend.cache())
        .by_header(http::HeaderName::from_static("x-tenant"))
        .ignore_cookies();
    let origin = Origin::counting(&[
        ("surrogate-key", "mine"),
        ("vary", "Accept-Encoding, X-Tenant"),
    ]);
    let told = behind(&layer, origin).get("/a").await;
    assert!(told.header("surrogate-key").ends_with(" mine"));
    assert_eq!(told.headers.get_all("surrogate-key").iter().count(), 1);
    assert_eq!(
        told.header("vary"),
        "Accept-Encoding, X-Tenant, authorization"
    );
}

#[tokio::test]
async fn what_depends_on_too_much_is_not_for_the_cdn() {
    let backend = Backend::new().await;
    let layer = layer(&backend.cache()).edge(Edge::new().max_keys(60));
    let client = behind(&layer, Origin::counting(&[]));
    for _ in 0..2 {
        let told = client.get("/a").await;
        assert_eq!((&*told.body, told.header("surrogate-key")), ("call 1", ""));
        assert_eq!(told.header("cdn-cache-control"), "private, no-store");
    }
}
