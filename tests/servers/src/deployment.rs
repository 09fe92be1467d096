//! Whatever this run of the tests is to be run on.

use crate::cluster::RedisCluster;
use crate::resp::Reply;
use crate::server::RedisServer;
use tokio::sync::Mutex;

/// A Redis of a test's own, for what has to hold on any: one server, or what `TEST_REDIS` says. With `sentinel` it is one that a
/// Sentinel watches; with `cluster`, three primaries.
pub struct Deployment {
    kind: Kind,
}

enum Kind {
    One(RedisServer),
    Watched {
        server: RedisServer,
        sentinel: RedisServer,
    },
    /// `None` once it is given back.
    Cluster(Option<RedisCluster>),
}

/// Clusters that tests have used. To make one takes seconds.
static USED: Mutex<Vec<RedisCluster>> = Mutex::const_new(Vec::new());

impl Deployment {
    /// Starts it, and waits until it answers.
    ///
    /// # Panics
    ///
    /// If it does not, or if `TEST_REDIS` says something else.
    pub async fn start() -> Self {
        let kind = match std::env::var("TEST_REDIS").as_deref() {
            Err(_) => Kind::One(RedisServer::start().await),
            Ok("sentinel") => {
                let server = RedisServer::start().await;
                let sentinel = RedisServer::builder().watching(&server, 1).start().await;
                Kind::Watched { server, sentinel }
            }
            Ok("cluster") => Kind::Cluster(Some(cluster().await)),
            Ok(other) => panic!("TEST_REDIS={other}: expected `sentinel` or `cluster`"),
        };
        Deployment { kind }
    }

    /// Whether there are several servers, each of which has a part.
    pub fn is_cluster() -> bool {
        std::env::var("TEST_REDIS").is_ok_and(|kind| kind == "cluster")
    }

    /// The URL for a cache.
    pub fn url(&self) -> String {
        match &self.kind {
            Kind::One(server) => server.url(),
            Kind::Watched { sentinel, .. } => {
                format!("redis+sentinel://127.0.0.1:{}/mymaster", sentinel.port())
            }
            Kind::Cluster(cluster) => of(cluster).url(),
        }
    }

    /// Sends a command to the server that has what it is about: its first argument. `KEYS` and `DBSIZE` are asked of all;
    /// whatever is about no key is sent to all.
    ///
    /// # Panics
    ///
    /// If there is no reply within ten seconds.
    pub async fn command(&self, command: &[&str]) -> Reply {
        match &self.kind {
            Kind::One(server) | Kind::Watched { server, .. } => server.command(command).await,
            Kind::Cluster(cluster) => on_cluster(of(cluster), command).await,
        }
    }

    /// Every server that has data.
    pub fn servers(&self) -> Vec<&RedisServer> {
        match &self.kind {
            Kind::One(server) | Kind::Watched { server, .. } => vec![server],
            Kind::Cluster(cluster) => of(cluster).nodes().iter().collect(),
        }
    }

    /// Kills every server that has data (`SIGKILL`).
    pub fn kill(&self) {
        self.servers().into_iter().for_each(RedisServer::kill);
    }

    /// Stops them where they are (`SIGSTOP`).
    ///
    /// # Panics
    ///
    /// If one is dead.
    pub fn pause(&self) {
        self.servers().into_iter().for_each(RedisServer::pause);
    }

    /// Lets them run on (`SIGCONT`).
    ///
    /// # Panics
    ///
    /// If one is dead.
    pub fn resume(&self) {
        self.servers().into_iter().for_each(RedisServer::resume);
    }

    /// Starts them anew, and waits until all is well.
    ///
    /// # Panics
    ///
    /// If that takes too long.
    pub async fn restart(&self) {
        for server in self.servers() {
            server.restart().await;
        }
        if let Kind::Cluster(cluster) = &self.kind {
            of(cluster).is_well().await;
        }
    }

    /// Sets the statistics of all to zero.
    ///
    /// # Panics
    ///
    /// If one does not answer.
    pub async fn reset_stats(&self) {
        for server in self.servers() {
            server.reset_stats().await;
        }
    }

    /// How many commands all servers have processed, those that ask for this included.
    ///
    /// # Panics
    ///
    /// If one does not answer.
    pub async fn commands(&self) -> u64 {
        let mut commands = 0;
        for server in self.servers() {
            let info = server.info("stats").await;
            let processed = info["total_commands_processed"].parse::<u64>();
            commands += processed.expect("a number");
        }
        commands
    }

    /// How often a command was called, on all servers. See [`RedisServer::calls`].
    pub async fn calls(&self, command: &str) -> u64 {
        let mut calls = 0;
        for server in self.servers() {
            calls += server.calls(command).await;
        }
        calls
    }
}

fn of(cluster: &Option<RedisCluster>) -> &RedisCluster {
    cluster.as_ref().expect("it is given back only at the end")
}

/// A cluster that nobody else uses, and that has nothing in it.
async fn cluster() -> RedisCluster {
    let mut used = USED.lock().await;
    for at in (0..used.len()).rev() {
        if is_left(&used[at]).await {
            return used.swap_remove(at);
        }
    }
    drop(used);
    RedisCluster::of(3, 0).await
}

/// Whether nobody is connected any more; then nothing is left in it.
async fn is_left(cluster: &RedisCluster) -> bool {
    for node in cluster.nodes() {
        let clients = node.command(&["CLIENT", "LIST", "TYPE", "normal"]).await;
        // Who asks is one of them.
        if clients.text().trim_end().lines().count() > 1 {
            return false;
        }
        let emptied = node.command(&["FLUSHALL"]).await;
        assert!(emptied.is_ok(), "{emptied:?}");
        node.reset_stats().await;
    }
    true
}

impl Drop for Deployment {
    fn drop(&mut self) {
        if let Kind::Cluster(cluster) = &mut self.kind
            && !std::thread::panicking()
            && let Some(cluster) = cluster.take()
            && cluster.is_untouched()
            && let Ok(mut used) = USED.try_lock()
        {
            used.push(cluster);
        }
    }
}

async fn on_cluster(cluster: &RedisCluster, command: &[&str]) -> Reply {
    let name = command[0].to_ascii_uppercase();
    let of_all = [
        "KEYS", "DBSIZE", "FLUSHALL", "FLUSHDB", "SCRIPT", "CONFIG", "ACL", "PING",
    ];
    if !of_all.contains(&name.as_str()) {
        return cluster.command(command).await;
    }
    let mut replies = Vec::new();
    for node in cluster.nodes() {
        if ["CONFIG", "ACL"].contains(&name.as_str()) {
            node.touch();
        }
        replies.push(node.command(command).await);
    }
    match name.as_str() {
        "KEYS" => {
            let names = replies.into_iter().flat_map(|reply| match reply {
                Reply::Array(names) => names,
                other => panic!("{other:?} to KEYS"),
            });
            Reply::Array(names.collect())
        }
        "DBSIZE" => Reply::Integer(replies.iter().map(Reply::integer).sum()),
        _ => replies.pop().expect("there are servers"),
    }
}
