//! What a server says about itself (`INFO`).

/// The parts of `INFO` that matter here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) version: String,
    pub(crate) is_primary: bool,
    /// Changes when a primary restarts, is promoted or follows another one.
    pub(crate) replication_id: String,
    /// Replicas that follow closely enough, if it may write only while there are some (`min-replicas-to-write`).
    pub(crate) good_replicas: Option<u64>,
    /// Whether it is one of a cluster.
    pub(crate) is_of_cluster: bool,
    pub(crate) policy: String,
    pub(crate) memory: u64,
    pub(crate) max_memory: u64,
    pub(crate) evictions: u64,
}

impl Info {
    /// Reads `text`; what is missing stays empty.
    pub(crate) fn read(text: &str) -> Self {
        let mut info = Info::default();
        for (name, value) in text.lines().filter_map(|line| line.trim().split_once(':')) {
            let number = || value.parse().unwrap_or_default();
            match name {
                "redis_version" => info.version = value.to_owned(),
                "role" => info.is_primary = value == "master",
                "master_replid" => info.replication_id = value.to_owned(),
                "min_slaves_good_slaves" => info.good_replicas = Some(number()),
                "cluster_enabled" => info.is_of_cluster = value == "1",
                "maxmemory_policy" => info.policy = value.to_owned(),
                "used_memory" => info.memory = number(),
                "maxmemory" => info.max_memory = number(),
                "evicted_keys" => info.evictions = number(),
                _ => {}
            }
        }
        info
    }

    /// Major and minor version; (0, 0) if it cannot be read.
    pub(crate) fn release(&self) -> (u32, u32) {
        let mut parts = self
            .version
            .split('.')
            .map(|part| part.parse().unwrap_or_default());
        (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_is_read_and_the_rest_is_passed_over() {
        let text = "# Server\r\nredis_version:7.0.15\r\n\r\n# Replication\r\nrole:master\r\n\
            master_replid:8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb\r\nnonsense\r\nused_memory:1024\r\n";
        let info = Info::read(text);
        assert!(info.is_primary);
        assert_eq!(info.release(), (7, 0));
        assert_eq!(info.replication_id.len(), 40);
        assert_eq!((info.memory, info.max_memory), (1024, 0));
        assert!(!Info::read("role:slave").is_primary);
        assert_eq!(info.good_replicas, None);
        assert_eq!(
            Info::read("min_slaves_good_slaves:0").good_replicas,
            Some(0)
        );
        assert_eq!(Info::read("redis_version:x").release(), (0, 0));
    }
}
