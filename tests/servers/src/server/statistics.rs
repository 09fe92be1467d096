//! What a server counts.

use super::RedisServer;
use std::collections::HashMap;

impl RedisServer {
    /// A section of `INFO`, by name. The harness's own commands are counted like all others.
    pub async fn info(&self, section: &str) -> HashMap<String, String> {
        let info = self.command(&["INFO", section]).await;
        info.text()
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// How often a command was called since the start or [`RedisServer::reset_stats`]: `mget`, or `config|set` for a
    /// subcommand. Calls from scripts count too.
    pub async fn calls(&self, command: &str) -> u64 {
        let info = self.info("commandstats").await;
        info.get(&format!("cmdstat_{}", command.to_ascii_lowercase()))
            .and_then(|stats| stats.strip_prefix("calls="))
            .and_then(|stats| stats.split(',').next())
            .map_or(0, |calls| calls.parse().expect("INFO gives a number"))
    }

    /// Sets the statistics to zero (`CONFIG RESETSTAT`).
    pub async fn reset_stats(&self) {
        self.must(&["CONFIG", "RESETSTAT"]).await;
    }
}
