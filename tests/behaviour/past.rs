//! The last invalidations, in their order.

use cache_runtime::{Cache, cache_invalidate, cached};

#[cached(cache = cache, key = "diagnosis:{patient}", tags = ["patient:{patient}"], sensitive, skip(cache))]
async fn diagnosis(cache: &Cache, patient: &str) -> u32 {
    patient.len() as u32
}

#[cached(cache = cache, key = "ward:{number}", skip(cache))]
async fn ward(cache: &Cache, number: u32) -> u32 {
    number
}

#[cache_invalidate("ward:{number}", cache = cache)]
async fn refurbish(cache: &Cache, number: u32) {
    ward(cache, number).await;
}

fn told(cache: &Cache) -> Vec<String> {
    let recent = cache.recent_invalidations().into_iter();
    recent.map(|past| past.what).collect()
}

#[tokio::test]
async fn the_youngest_comes_first_with_who_did_it_and_where() {
    let cache = Cache::in_memory();
    cache.invalidate_tag("wards").await;
    cache.invalidate("ward:*").await;
    cache.invalidate("w?rd:1").await;
    cache.delete("ward:2").await;
    refurbish(&cache, 3).await;
    assert_eq!(
        told(&cache),
        [
            "key ward:3",
            "key ward:2",
            "pattern w?rd:1",
            "scope ward:*",
            "tag wards"
        ]
    );
    let recent = cache.recent_invalidations();
    assert_eq!(recent[0].by, "behaviour::past::refurbish");
    let place = recent[0].place.as_deref().expect("it is annotated");
    assert!(place.starts_with("tests/behaviour/past.rs:"), "{place}");
    assert_eq!(
        (recent[1].by.as_str(), &recent[1].place),
        ("(direct)", &None)
    );
    assert!(recent.is_sorted_by_key(|past| past.ago));
}

#[tokio::test]
async fn one_thing_twice_is_told_of_twice() {
    let cache = Cache::in_memory();
    cache.delete("a").await;
    cache.delete("a").await;
    assert_eq!(told(&cache), ["key a", "key a"]);
}

#[tokio::test]
async fn a_hundred_are_remembered() {
    let cache = Cache::in_memory();
    for number in 0..150 {
        cache.delete(format!("ward:{number}")).await;
    }
    let told = told(&cache);
    assert_eq!(told.len(), 100);
    assert_eq!(
        (told[0].as_str(), told[99].as_str()),
        ("key ward:149", "key ward:50")
    );
}

#[tokio::test]
async fn what_may_be_about_somebody_is_a_digest_whoever_invalidates_it() {
    let cache = Cache::in_memory();
    diagnosis(&cache, "ada").await;
    cache.delete("diagnosis:ada").await;
    cache.invalidate("diagnosis:ada*").await;
    cache.invalidate("diagnosis:a?a").await;
    cache.invalidate_tag("patient:ada").await;
    cache.invalidate("diagnosis:*").await;
    let told = told(&cache);
    assert!(!told.join(" ").contains("ada"), "{told:?}");
    assert_eq!(told[0], "scope diagnosis:*", "it says nothing of anybody");
    for (hidden, kind) in told[1..]
        .iter()
        .zip(["tag ~", "pattern ~", "pattern ~", "key ~"])
    {
        assert!(hidden.starts_with(kind), "{hidden} {kind}");
    }
}
