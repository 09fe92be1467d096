//! What is configured dangerously, said once at the start.

use super::info::Info;

/// Advice for people who run the server.
pub(super) fn on(info: &Info) -> Vec<String> {
    let mut advice = Vec::new();
    if info.max_memory == 0 {
        advice.push(
            "redis has no memory limit: `maxmemory` is 0, so it grows until the system stops it; set `maxmemory`, \
             and `maxmemory-policy allkeys-lru` if it holds nothing but caches"
                .to_owned(),
        );
    } else if info.policy == "noeviction" {
        advice.push(
            "redis stores nothing more once it is full: `maxmemory-policy` is `noeviction`; entries are still read and \
             invalidated then, but no new ones are written; choose `allkeys-lru`, or `volatile-lru` if it also \
             holds what must not be lost"
                .to_owned(),
        );
    }
    if info.release() < (6, 2) {
        advice.push(format!(
            "redis {} is no longer maintained; this library is tested on 7.0 and later",
            info.version
        ));
    }
    advice
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(policy: &str, max_memory: u64, version: &str) -> String {
        on(&Info {
            policy: policy.to_owned(),
            max_memory,
            version: version.to_owned(),
            ..Info::default()
        })
        .join("\n")
    }

    #[test]
    fn what_is_dangerous_is_named_and_what_is_not_is_passed_over() {
        assert!(advice("noeviction", 0, "7.0.15").contains("no memory limit"));
        assert!(advice("noeviction", 1 << 30, "7.0.15").contains("noeviction"));
        assert_eq!(advice("allkeys-lru", 1 << 30, "7.2.4"), "");
        assert!(advice("allkeys-lru", 1 << 30, "6.0.16").contains("6.0.16"));
    }
}
