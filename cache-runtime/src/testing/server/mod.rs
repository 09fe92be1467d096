//! A stand-in for a Redis server: what this library asks of one, and nothing else.
//!
//! It answers over any stream, in RESP2 and RESP3, keeps texts with an expiry by Tokio's clock, and tells of changes as
//! Redis does in the default mode of client tracking. The scripts are not interpreted: each is known by its digest, and
//! done natively (`scripts`). What it does not know it refuses, and says so to whoever runs the test (`complaint`).
//! `tests/testing_kit` compares it with a real server.

mod clients;
mod commands;
mod connections;
mod data;
mod resp;
mod scripts;
mod serve;
mod strings;
mod tracking;

pub(super) use data::Data;
pub(super) use serve::serve;

use crate::pattern::matches;
use clients::Clients;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use tokio::time::Instant;
use tracking::Watched;

/// What the server's clock shows when it is made, in milliseconds since 1970: any time will do.
const FIRST_TIME: u64 = 1_700_000_000_000;

/// A command, or the names in one: bytes, as everything here.
type Bytes = Vec<u8>;

/// The server. Whoever holds the lock on it is the one thread that it has.
pub(super) struct Server {
    data: Data,
    clients: Clients,
    watched: Watched,
    /// Digests of the scripts that are loaded.
    loaded: HashSet<String>,
    /// Where scans are to go on, by their cursors.
    scans: HashMap<u64, Bytes>,
    /// How often it was started.
    runs: u64,
    /// Whether a script that reads anything reads everything that it was given, as up to Redis 7.0.
    scripts_read_all: bool,
    began: Instant,
    evicted: u64,
    executed: u64,
    complaint: Option<String>,
}

impl Server {
    pub(super) fn new() -> Self {
        Server {
            data: Data::default(),
            clients: Clients::default(),
            watched: Watched::default(),
            loaded: HashSet::new(),
            scans: HashMap::new(),
            runs: 1,
            scripts_read_all: true,
            began: Instant::now(),
            evicted: 0,
            executed: 0,
            complaint: None,
        }
    }

    /// What the process has been asked that no server of ours should be asked, or that was written after this was.
    pub(super) fn complaint(&self) -> Option<&str> {
        self.complaint.as_deref()
    }

    /// How many commands it has executed.
    pub(super) fn executed(&self) -> u64 {
        self.executed
    }

    /// A copy of everything it holds, as in a file that is written now and then.
    pub(super) fn data(&mut self) -> Data {
        self.expire();
        self.data.clone()
    }

    /// Starts anew with this: another replication id, no clients, no scripts.
    pub(super) fn restart(&mut self, data: Data) {
        self.data = data;
        self.runs += 1;
        self.clients = Clients::after(&self.clients);
        self.watched = Watched::default();
        self.loaded.clear();
        self.scans.clear();
    }

    /// Forgets the scripts.
    pub(super) fn forget_scripts(&mut self) {
        self.loaded.clear();
    }

    /// Gives up every name that matches, as a server that is full does with some.
    pub(super) fn evict(&mut self, pattern: &str) -> usize {
        self.expire();
        let is_meant = |name: &Bytes| matches(pattern, &String::from_utf8_lossy(name));
        let names: Vec<Bytes> = self
            .data
            .names()
            .filter(|name| is_meant(name))
            .cloned()
            .collect();
        for name in &names {
            self.data.remove(name);
            self.changed(name);
        }
        self.evicted += names.len() as u64;
        names.len()
    }

    /// Removes everything.
    pub(super) fn flush(&mut self) {
        self.data = Data::default();
        self.watched = Watched::default();
        self.clients.tell_all_of_flush();
    }

    /// From Redis 7.2 on a script has read only what it has read.
    pub(super) fn remembers_as(&mut self, release: (u32, u32)) {
        self.scripts_read_all = release < (7, 2);
    }

    fn replication_id(&self) -> String {
        digest(format!("run {}", self.runs).as_bytes())
    }

    /// What its clock shows, in milliseconds.
    fn now(&self) -> u64 {
        let passed = self.began.elapsed().as_millis();
        FIRST_TIME + u64::try_from(passed).unwrap_or(u64::MAX >> 1)
    }

    fn complain(&mut self, complaint: String) {
        self.complaint.get_or_insert(complaint);
    }
}

/// Forty hexadecimal digits, as those of Redis are.
pub(super) fn digest(of: &[u8]) -> String {
    let digest = Sha256::digest(of);
    digest
        .iter()
        .take(20)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
