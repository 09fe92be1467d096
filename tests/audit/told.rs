//! What is told, and of whom.

use crate::backend::{Backend, settle};
use crate::scribe::Scribe;
use cache_domains::{Device, DeviceCache, Session, SessionCache};
use cache_runtime::{Audit, Cache, acting_as, cache_put, cached};
use std::time::Duration;

#[cached(ttl = "1h", swr = "1h", key = "diagnosis:{patient}", tags = ["patient:{patient}"], cache = cache, skip(cache), sensitive)]
async fn diagnosis(cache: &Cache, patient: &str) -> String {
    format!("{patient} is in the best of health")
}

#[cached(ttl = "300ms", swr = "1h", key = "pulse:{patient}", cache = cache, skip(cache), sensitive)]
async fn pulse(cache: &Cache, patient: &str) -> String {
    format!("{patient} has one")
}

#[cached(ttl = "1h", key = "weather:{city}", cache = cache, skip(cache))]
async fn weather(cache: &Cache, city: &str) -> String {
    format!("{city} is in the best of sunshine")
}

async fn audited(audit: Audit) -> Backend {
    Backend::with(|cache| cache.audit(audit)).await
}

#[tokio::test]
async fn who_reads_stores_and_invalidates_what_is_sensitive() {
    let (scribe, _guard) = Scribe::begins();
    let backend = audited(Audit::Sensitive).await;
    let cache = backend.cache();
    acting_as("doctor:7", diagnosis(&cache, "ada")).await;
    assert_eq!(
        scribe.summary(),
        ["store stored doctor:7", "read Computed doctor:7"]
    );
    acting_as("nurse:8", diagnosis(&cache, "ada")).await;
    assert_eq!(scribe.summary(), ["read Local nurse:8"]);
    diagnosis(&cache, "ada").await;
    assert_eq!(scribe.summary(), ["read Local -"]);
    acting_as("doctor:7", async {
        cache.invalidate_tag("patient:ada").await;
        cache.invalidate("diagnosis:*").await;
        cache.delete("diagnosis:ada").await;
    })
    .await;
    let told = scribe.take();
    let whats: Vec<&str> = told
        .iter()
        .map(|line| line["what"].split(' ').next().expect("a word"))
        .collect();
    assert_eq!(whats, ["tag", "pattern", "key"]);
    assert!(told.iter().all(|line| line["operation"] == "invalidate"
        && line["outcome"] == "delivered"
        && line["actor"] == "doctor:7"));
}

#[cache_put(cache = cache, key = "diagnosis:{patient}")]
async fn amend(cache: &Cache, patient: &str, fails: bool) -> Result<String, String> {
    match fails {
        true => Err(format!("{patient} is away")),
        false => Ok("better".to_owned()),
    }
}

/// What was there is older than whatever has become of the patient.
#[tokio::test]
async fn a_write_that_fails_deletes_and_tells() {
    let (scribe, _guard) = Scribe::begins();
    let backend = audited(Audit::Sensitive).await;
    let cache = backend.cache();
    diagnosis(&cache, "ada").await;
    scribe.take();
    let failed = acting_as("doctor:7", amend(&cache, "ada", true)).await;
    assert!(failed.is_err());
    let given_up = acting_as("doctor:7", amend(&cache, "ada", false));
    drop(given_up);
    assert_eq!(scribe.summary(), ["invalidate delivered doctor:7"]);
}

/// Whoever may choose his name does not write lines of his own.
#[tokio::test]
async fn a_name_stays_on_one_line() {
    let (scribe, _guard) = Scribe::begins();
    let backend = audited(Audit::Everything).await;
    let forged = "me\n operation=\"read\" actor=you\u{1b}[2K\u{85}";
    acting_as(forged, diagnosis(&backend.cache(), "ada")).await;
    let told = scribe.take();
    assert!(!told.is_empty());
    for line in told {
        assert!(!line["actor"].contains(char::is_control), "{line:?}");
        assert!(line["actor"].starts_with("me\\n operation="), "{line:?}");
    }
}

#[tokio::test]
async fn a_key_has_one_digest_and_nothing_tells_what_it_is_of() {
    let (scribe, _guard) = Scribe::begins();
    let backend = audited(Audit::Everything).await;
    let cache = backend.cache();
    for _ in 0..2 {
        diagnosis(&cache, "ada").await;
        weather(&cache, "ada").await;
    }
    cache.delete("diagnosis:ada").await;
    let told = scribe.take();
    let keys = |family: &str| -> std::collections::BTreeSet<String> {
        let of_family = told.iter().filter(|line| line["family"].ends_with(family));
        of_family.map(|line| line["key"].clone()).collect()
    };
    assert_eq!((keys("::diagnosis").len(), keys("::weather").len()), (1, 1));
    let deleted = &told.last().expect("the deletion")["what"];
    assert_eq!(
        deleted.strip_prefix("key "),
        keys("::diagnosis").first().map(String::as_str)
    );
    let all = format!("{told:?}");
    assert!(!all.contains("ada") && !all.contains("best"), "{all}");
}

#[tokio::test]
async fn nothing_is_told_of_what_is_not_to_be() {
    let (scribe, _guard) = Scribe::begins();
    let backend = audited(Audit::Sensitive).await;
    weather(&backend.cache(), "ada").await;
    weather(&backend.cache(), "ada").await;
    assert_eq!(scribe.summary(), [""; 0]);
    let backend = audited(Audit::Everything).await;
    weather(&backend.cache(), "ada").await;
    weather(&backend.cache(), "ada").await;
    assert_eq!(
        scribe.summary(),
        ["store stored -", "read Computed -", "read Local -"]
    );
    let backend = Backend::new().await;
    diagnosis(&backend.cache(), "ada").await;
    diagnosis(&backend.cache(), "ada").await;
    backend.cache().clear().await;
    assert_eq!(scribe.summary(), [""; 0]);
}

#[tokio::test]
async fn domain_caches_and_operations_are_told_of() {
    let (scribe, _guard) = Scribe::begins();
    let backend = audited(Audit::Sensitive).await;
    let cache = backend.cache();
    let sessions = SessionCache::new(&cache);
    let all = ["a", "b"].map(|id| Session {
        id: id.to_owned(),
        user_id: "u7".to_owned(),
        data: id.to_owned(),
    });
    acting_as("clerk", sessions.put_many(&all)).await;
    assert_eq!(scribe.summary(), ["store stored clerk"; 2]);
    let ids = ["a", "b", "c"].map(str::to_owned);
    acting_as("clerk", sessions.get_many(ids)).await;
    let mut told = scribe.summary();
    told.sort();
    let expected = ["read Absent clerk", "read Local clerk", "read Local clerk"];
    assert_eq!(told, expected);
    acting_as("clerk", sessions.get("c")).await;
    assert_eq!(scribe.summary(), ["read Absent clerk"]);
    acting_as("clerk", sessions.invalidate_by_user_id("u7")).await;
    assert_eq!(scribe.summary(), ["invalidate delivered clerk"]);
    // Devices are not.
    let devices = DeviceCache::new(&cache);
    let device = Device {
        id: "d".to_owned(),
        user_id: "u7".to_owned(),
        info: 1,
    };
    devices.put(&device).await;
    devices.get("d").await;
    assert_eq!(scribe.summary(), [""; 0]);
}

/// What is refreshed in the background is so in the name of whoever was answered meanwhile.
#[tokio::test]
async fn a_refresh_in_the_background_is_in_its_callers_name() {
    let (scribe, _guard) = Scribe::begins();
    let backend = audited(Audit::Sensitive).await;
    let cache = backend.cache();
    acting_as("doctor:7", pulse(&cache, "ada")).await;
    scribe.take();
    tokio::time::sleep(Duration::from_millis(400)).await;
    acting_as("nurse:8", pulse(&cache, "ada")).await;
    let mut told = Vec::new();
    for _ in 0..200 {
        told.extend(scribe.summary());
        if told.len() > 1 {
            break;
        }
        settle().await;
    }
    assert_eq!(told, ["read Stale nurse:8", "store stored nurse:8"]);
}
