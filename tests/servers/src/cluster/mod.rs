//! A Redis Cluster of a test's own.

mod moving;

use crate::port::free_port;
use crate::resp::Reply;
use crate::server::RedisServer;
use crate::wait::wait_until;
use std::time::Duration;

/// How long the servers may take to agree on something. They do that in seconds.
const LIMIT: Duration = Duration::from_secs(60);

/// The slots of a cluster.
const SLOTS: usize = 16_384;

/// Primaries that share the slots among them, each with a replica or without, of a test's own: `redis-server` processes that end
/// with this value. A server that does not answer for a second is taken for dead, and its replica takes its place.
pub struct RedisCluster {
    nodes: Vec<RedisServer>,
    primaries: usize,
}

/// One server, as another one sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What it calls itself.
    pub id: String,
    /// Its port.
    pub port: u16,
    /// Whether it is a primary.
    pub is_primary: bool,
    /// Whom it follows, if it is a replica.
    pub follows: Option<String>,
    /// The slots it has, as ranges.
    pub slots: Vec<(u16, u16)>,
    /// Whether it is taken for dead, or not known yet.
    pub is_odd: bool,
}

impl RedisCluster {
    /// Three primaries, each with a replica.
    ///
    /// # Panics
    ///
    /// If they do not come together.
    pub async fn start() -> Self {
        Self::of(3, 3).await
    }

    /// So many primaries, and so many replicas: of the first primary, and so on.
    ///
    /// # Panics
    ///
    /// If they do not come together.
    pub async fn of(primaries: usize, replicas: usize) -> Self {
        Self::with(primaries, replicas, &[]).await
    }

    /// The same with arguments for every server.
    ///
    /// # Panics
    ///
    /// If they do not come together.
    pub async fn with(primaries: usize, replicas: usize, arguments: &[(&str, &str)]) -> Self {
        let mut nodes = Vec::new();
        for _ in 0..primaries + replicas {
            let bus = free_port().to_string();
            let mut node = RedisServer::builder()
                .arg("--cluster-enabled", "yes")
                .arg("--cluster-port", &bus)
                .arg("--cluster-node-timeout", "1000")
                .arg("--cluster-replica-validity-factor", "0");
            for (name, value) in arguments {
                node = match *name {
                    "--requirepass" => node.password(value).arg("--masterauth", value),
                    name => node.arg(name, value),
                };
            }
            nodes.push((node.start_alone().await, bus));
        }
        let (first, _) = &nodes[0];
        for (at, (node, bus)) in nodes.iter().enumerate() {
            if at < primaries {
                let begin = (SLOTS * at / primaries).to_string();
                let end = (SLOTS * (at + 1) / primaries - 1).to_string();
                must(node, &["CLUSTER", "ADDSLOTSRANGE", &begin, &end]).await;
            }
            let epoch = (at + 1).to_string();
            must(node, &["CLUSTER", "SET-CONFIG-EPOCH", &epoch]).await;
            if at > 0 {
                let port = node.port().to_string();
                must(first, &["CLUSTER", "MEET", "127.0.0.1", &port, bus]).await;
            }
        }
        let nodes: Vec<RedisServer> = nodes.into_iter().map(|(node, _)| node).collect();
        let cluster = RedisCluster { nodes, primaries };
        cluster.all_know_each_other().await;
        for (at, replica) in cluster.nodes.iter().enumerate().skip(primaries) {
            let id = id(&cluster.nodes[(at - primaries) % primaries]).await;
            must(replica, &["CLUSTER", "REPLICATE", &id]).await;
        }
        cluster.is_well().await;
        cluster
    }

    /// Whether all servers run as they were started, and nobody has changed who has what.
    pub(crate) fn is_untouched(&self) -> bool {
        self.nodes.iter().all(RedisServer::is_untouched)
    }

    /// `redis+cluster://`, with the primaries that there were at first.
    pub fn url(&self) -> String {
        let hosts = self.nodes[..self.primaries].iter();
        let hosts: Vec<String> = hosts
            .map(|node| format!("127.0.0.1:{}", node.port()))
            .collect();
        format!("redis+cluster://{}", hosts.join(","))
    }

    /// All servers: the primaries that there were at first, and then the replicas.
    pub fn nodes(&self) -> &[RedisServer] {
        &self.nodes
    }

    /// The server on this port.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn on_port(&self, port: u16) -> &RedisServer {
        let mut nodes = self.nodes.iter();
        nodes.find(|node| node.port() == port).expect("one of ours")
    }

    /// What a server that answers knows of all.
    pub async fn seen(&self) -> Vec<Seen> {
        for node in &self.nodes {
            if node.pid().is_none() {
                continue;
            }
            let asked = node
                .try_command(&["CLUSTER", "NODES"], Duration::from_secs(1))
                .await;
            if let Ok(reply) = asked {
                return read(&reply);
            }
        }
        Vec::new()
    }

    /// The primary that has the slot of this name at present, as the others see it.
    ///
    /// # Panics
    ///
    /// If nobody has.
    pub async fn primary_of(&self, name: &str) -> &RedisServer {
        let slot = self.slot_of(name).await;
        let seen = self.seen().await;
        let has_it = |seen: &&Seen| {
            let mut slots = seen.slots.iter();
            seen.is_primary && slots.any(|(first, last)| (*first..=*last).contains(&slot))
        };
        let primary = seen.iter().find(has_it);
        self.on_port(primary.expect("somebody has the slot").port)
    }

    /// A replica of this primary.
    ///
    /// # Panics
    ///
    /// If it has none.
    pub async fn replica_of(&self, primary: &RedisServer) -> &RedisServer {
        let seen = self.seen().await;
        let is_it = |seen: &&Seen| seen.port == primary.port();
        let id = &seen.iter().find(is_it).expect("it is known").id;
        let follows = |seen: &&Seen| seen.follows.as_ref() == Some(id);
        let replica = seen.iter().find(follows);
        self.on_port(replica.expect("it has a replica").port)
    }

    /// The slot of a name.
    ///
    /// # Panics
    ///
    /// If nobody answers.
    pub async fn slot_of(&self, name: &str) -> u16 {
        for node in self.nodes.iter().filter(|node| node.pid().is_some()) {
            let asked = node
                .try_command(&["CLUSTER", "KEYSLOT", name], Duration::from_secs(1))
                .await;
            if let Ok(reply) = asked {
                return u16::try_from(reply.integer()).expect("a slot");
            }
        }
        panic!("no server of the cluster answers")
    }

    /// Sends a command to the primary of the name that it is about, its first argument.
    pub async fn command(&self, command: &[&str]) -> Reply {
        let name = command.get(1).copied().unwrap_or_default();
        self.primary_of(name).await.command(command).await
    }

    /// Waits until all servers that run know that all is well: every slot is served, and every replica follows.
    ///
    /// # Panics
    ///
    /// If that takes a minute.
    pub async fn is_well(&self) {
        wait_until("the cluster is well", LIMIT, || async {
            for node in self.nodes.iter().filter(|node| node.pid().is_some()) {
                let state = node.command(&["CLUSTER", "INFO"]).await;
                if !state.text().contains("cluster_state:ok") {
                    return false;
                }
                let info = node.info("replication").await;
                let link = info.get("master_link_status");
                if link.is_some_and(|link| link != "up") {
                    return false;
                }
            }
            true
        })
        .await;
    }

    /// Waits until the slot of this name is served by another one than this.
    ///
    /// # Panics
    ///
    /// If that takes a minute.
    pub async fn is_failed_over(&self, name: &str, from: &RedisServer) {
        let slot = self.slot_of(name).await;
        wait_until("somebody else has the slot", LIMIT, || async {
            let seen = self.seen().await;
            let mut primaries = seen
                .iter()
                .filter(|seen| seen.is_primary && seen.port != from.port());
            primaries.any(|seen| {
                let mut slots = seen.slots.iter();
                slots.any(|(first, last)| (*first..=*last).contains(&slot))
            })
        })
        .await;
    }

    async fn all_know_each_other(&self) {
        wait_until("all servers know each other", LIMIT, || async {
            for node in &self.nodes {
                let seen = read(&node.command(&["CLUSTER", "NODES"]).await);
                if seen.len() < self.nodes.len() || seen.iter().any(|seen| seen.is_odd) {
                    return false;
                }
            }
            true
        })
        .await;
    }
}

async fn id(node: &RedisServer) -> String {
    node.command(&["CLUSTER", "MYID"]).await.text().to_owned()
}

async fn must(node: &RedisServer, command: &[&str]) {
    let reply = node.command(command).await;
    assert!(reply.is_ok(), "{reply:?} to {}", command.join(" "));
}

/// What `CLUSTER NODES` says.
fn read(reply: &Reply) -> Vec<Seen> {
    let lines = reply.text().lines();
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(' ').collect();
            let address = fields[1].split('@').next().unwrap_or_default();
            let port = address
                .rsplit(':')
                .next()
                .and_then(|port| port.parse().ok());
            let flags: Vec<&str> = fields[2].split(',').collect();
            let odd = ["fail", "fail?", "handshake", "noaddr"];
            let ranges = fields[8..].iter().filter(|slots| !slots.starts_with('['));
            let range = |slots: &&str| {
                let (first, last) = slots.split_once('-').unwrap_or((slots, slots));
                Some((first.parse().ok()?, last.parse().ok()?))
            };
            Seen {
                id: fields[0].to_owned(),
                port: port.unwrap_or_default(),
                is_primary: flags.contains(&"master"),
                follows: (fields[3] != "-").then(|| fields[3].to_owned()),
                slots: ranges.filter_map(range).collect(),
                is_odd: flags.iter().any(|flag| odd.contains(flag)),
            }
        })
        .collect()
}
