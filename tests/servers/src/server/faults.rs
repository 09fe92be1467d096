//! What can happen to a server.

use super::{Inner, LIMIT, RedisServer};
use crate::wait::{off_thread, wait_until};
use std::sync::Arc;

impl RedisServer {
    /// Kills the process (`SIGKILL`) and waits for its end. What was not saved is lost.
    pub fn kill(&self) {
        self.touch();
        *self.inner.process() = None;
    }

    /// Stops the process where it is (`SIGSTOP`): its sockets stay open, and nobody answers. A paused server can be
    /// killed and restarted.
    ///
    /// # Panics
    ///
    /// If it is dead.
    pub fn pause(&self) {
        self.touch();
        let process = self.inner.process();
        process.as_ref().expect("the server runs").pause();
    }

    /// Lets a paused server run on, with all that was sent to it meanwhile (`SIGCONT`).
    ///
    /// # Panics
    ///
    /// If it is dead.
    pub fn resume(&self) {
        let process = self.inner.process();
        process.as_ref().expect("the server runs").resume();
    }

    /// Kills the server if it lives and starts it anew, with the same port, folder and arguments. It loads what was
    /// [saved](Self::save), has a new replication id, and is a primary even if it was a replica.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn restart(&self) {
        self.relaunch(|_| ()).await;
    }

    /// Like [`RedisServer::restart`], without any data.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn restart_empty(&self) {
        self.relaunch(|inner| inner.site.directory.empty()).await;
    }

    /// Writes the data to the server's folder (`SAVE`), for a restart to find.
    ///
    /// # Panics
    ///
    /// If the server cannot.
    pub async fn save(&self) {
        self.must(&["SAVE"]).await;
    }

    /// Makes this server a replica, and waits until it has all that the primary had and follows it.
    ///
    /// # Panics
    ///
    /// If that takes more than ten seconds.
    pub async fn replicate_from(&self, primary: &RedisServer) {
        if let Some(password) = primary.password() {
            self.must(&["CONFIG", "SET", "masterauth", password]).await;
        }
        let port = primary.tls_port().unwrap_or(primary.port()).to_string();
        self.must(&["REPLICAOF", "127.0.0.1", &port]).await;
        wait_until("the replica is linked", LIMIT, || async {
            let info = self.info("replication").await;
            info.get("master_link_status")
                .is_some_and(|status| status == "up")
        })
        .await;
    }

    /// Makes a replica a primary, which gives it a new replication id.
    ///
    /// # Panics
    ///
    /// If it does not become one.
    pub async fn promote(&self) {
        self.must(&["REPLICAOF", "NO", "ONE"]).await;
        wait_until("the replica is a primary", LIMIT, || async {
            self.info("replication").await["role"] == "master"
        })
        .await;
    }

    async fn relaunch(&self, between: impl FnOnce(&Inner) + Send + 'static) {
        self.touch();
        let inner = Arc::clone(&self.inner);
        off_thread(move || {
            let mut process = inner.process();
            *process = None;
            between(&inner);
            *process = Some(inner.site.launch());
        })
        .await;
    }

    /// A command that has to be answered with `OK`.
    pub(super) async fn must(&self, command: &[&str]) {
        let reply = self.command(command).await;
        assert!(
            reply.is_ok(),
            "the server said {reply:?} to {}",
            command.join(" ")
        );
    }
}
