//! A Redis server of a test's own.

mod builder;
mod directory;
mod faults;
mod launch;
mod process;
mod statistics;

pub use builder::{Builder, Tls};

use crate::resp::{Blocking, Connection, Reply};
use crate::rights;
use crate::wait::off_thread;
use launch::Site;
use process::Process;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a command of the harness itself may take.
const LIMIT: Duration = Duration::from_secs(10);

/// A `redis-server` of a test's own: on a free port of 127.0.0.1, in a folder of its own, without snapshots and
/// without an append-only file. It ends with this value, or with the test's process, however that ends.
///
/// All methods take `&self`, so that a server may be shared by tests, or be broken by one task while others use it.
pub struct RedisServer {
    inner: Arc<Inner>,
}

struct Inner {
    /// `None` while the server is dead. Before `site`, so that the process is gone when its folder is removed.
    process: Mutex<Option<Process>>,
    /// Whether a test has broken or changed it.
    touched: AtomicBool,
    site: Site,
}

impl RedisServer {
    /// Starts a server and waits until it answers.
    ///
    /// # Panics
    ///
    /// If there is no `redis-server`, or it does not start: with the end of its log.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// A server with arguments, a password, a Unix socket or TLS.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// `redis://127.0.0.1:port/`, with the password if there is one.
    pub fn url(&self) -> String {
        let user = match self.password() {
            Some(password) => format!(":{password}@"),
            None => rights::login(),
        };
        format!("redis://{user}127.0.0.1:{}/", self.port())
    }

    /// The URL of the Unix socket, if [the server has one](Builder::unix_socket).
    pub fn unix_url(&self) -> Option<String> {
        let socket = self.inner.site.unix_socket()?;
        let query = match self.password() {
            Some(password) => format!("?pass={password}"),
            None => String::new(),
        };
        Some(format!("redis+unix://{}{query}", socket.display()))
    }

    /// The port on 127.0.0.1; a restart keeps it.
    pub fn port(&self) -> u16 {
        self.inner.site.port
    }

    /// The port on 127.0.0.1 for TLS, if [the server has one](Builder::tls); a restart keeps it.
    pub fn tls_port(&self) -> Option<u16> {
        let site = &self.inner.site;
        site.tls.as_ref().map(|_| site.tls_port)
    }

    /// The process, if it runs (or is paused).
    pub fn pid(&self) -> Option<u32> {
        self.inner.process().as_ref().map(Process::id)
    }

    /// Runs one command on a connection of its own and waits for its reply, [`Reply::Error`] included.
    ///
    /// # Panics
    ///
    /// If there is no reply within ten seconds: the server is dead or paused.
    pub async fn command(&self, command: &[&str]) -> Reply {
        match self.try_command(command, LIMIT).await {
            Ok(reply) => reply,
            Err(error) => panic!(
                "the server on port {} did not reply to {command:?}: {error}",
                self.port()
            ),
        }
    }

    /// Like [`RedisServer::command`], for servers that may be dead or paused.
    pub async fn try_command(&self, command: &[&str], limit: Duration) -> io::Result<Reply> {
        let inner = Arc::clone(&self.inner);
        let command: Vec<String> = command.iter().map(|&part| part.to_owned()).collect();
        off_thread(move || {
            let parts: Vec<&str> = command.iter().map(String::as_str).collect();
            inner.connect(limit)?.command(&parts)
        })
        .await
    }

    /// Whether a `PING` is answered within the limit.
    pub async fn answers(&self, limit: Duration) -> bool {
        let pong = self.try_command(&["PING"], limit).await;
        pong.is_ok_and(|pong| pong == Reply::Simple("PONG".to_owned()))
    }

    /// A connection that stays open, with the password said.
    ///
    /// # Panics
    ///
    /// If the server does not let it in.
    pub async fn connect(&self) -> Connection {
        let inner = Arc::clone(&self.inner);
        match off_thread(move || inner.connect(LIMIT)).await {
            Ok(blocking) => blocking.into(),
            Err(error) => panic!("cannot connect to port {}: {error}", self.port()),
        }
    }

    /// Whether it runs as it was started.
    pub(crate) fn is_untouched(&self) -> bool {
        self.pid().is_some() && !self.inner.touched.load(Ordering::Relaxed)
    }

    /// It is not what it was.
    pub(crate) fn touch(&self) {
        self.inner.touched.store(true, Ordering::Relaxed);
    }

    fn password(&self) -> Option<&str> {
        self.inner.site.password.as_deref()
    }
}

impl Drop for RedisServer {
    /// In a run with no more rights than needed, nothing must have been refused.
    fn drop(&mut self) {
        if !rights::is_least_run() || std::thread::panicking() || self.pid().is_none() {
            return;
        }
        // One that is paused cannot be asked.
        let connected = self.inner.connect(Duration::from_millis(500));
        let told = connected.and_then(|mut connection| connection.command(&["ACL", "LOG"]));
        if let Ok(Reply::Array(refusals)) = told {
            // Names and values; a test may have users of its own.
            let mut refused = refusals.iter().map(Reply::words);
            let refused = refused.find(|it| it.iter().any(|word| word == rights::LEAST));
            assert!(refused.is_none(), "the user was refused: {refused:?}");
        }
    }
}

impl Inner {
    fn connect(&self, limit: Duration) -> io::Result<Blocking> {
        let mut connection = Blocking::open(self.site.port, limit)?;
        connection.authenticate(self.site.password.as_deref())?;
        Ok(connection)
    }

    /// The process, also after a panic elsewhere: it has to be ended all the same.
    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
