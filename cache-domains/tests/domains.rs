//! Keys, times and invalidation of every domain.

use cache_domains::{AuthConfig, AuthConfigCache, Device, DeviceCache};
use cache_runtime::{Cache, Ttl};
use std::time::Duration;

async fn lives(cache: &Cache, key: &str, ttl: Duration) -> bool {
    matches!(cache.ttl(key).await, Some(Ttl::For(left)) if left <= ttl && left + Duration::from_secs(5) > ttl)
}

#[tokio::test]
async fn devices() {
    let cache = Cache::in_memory();
    let devices = DeviceCache::new(&cache);
    let device = |id: &str, user_id: &str| Device {
        id: id.to_owned(),
        user_id: user_id.to_owned(),
        info: 1u8,
    };
    devices.put(&device("a", "u1")).await;
    devices.put(&device("b", "u2")).await;
    assert!(lives(&cache, "device:a", Duration::from_secs(20 * 60)).await);
    cache.invalidate_tag("user:u1").await;
    assert_eq!(devices.get("a").await, None);
    assert_eq!(devices.get("b").await, Some(device("b", "u2")));
}

#[tokio::test]
async fn auth_configs() {
    let cache = Cache::builder()
        .domain_ttl("auth-config", Ttl::secs(30))
        .build()
        .await
        .expect("valid");
    let configs = AuthConfigCache::new(&cache);
    let config = AuthConfig {
        key: "oidc".to_owned(),
        settings: vec!["scope".to_owned()],
    };
    configs.put(&config).await;
    assert!(lives(&cache, "auth-config:oidc", Duration::from_secs(30)).await);
    assert!(configs.invalidate("oidc").await);
    assert_eq!(configs.get("oidc").await, None);
}
