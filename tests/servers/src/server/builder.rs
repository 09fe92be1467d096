//! How a server is started.

use super::directory::Directory;
use super::launch::{Site, Watched};
use super::{Inner, RedisServer};
use crate::wait::off_thread;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

/// A server to be started; see [`RedisServer::builder`].
#[derive(Default)]
pub struct Builder {
    arguments: Vec<String>,
    password: Option<String>,
    unix_socket: bool,
    tls: Option<Tls>,
    watches: Option<Watched>,
}

/// What a server that is reached over TLS shows, and whom it lets in; paths of PEM files.
#[derive(Clone)]
pub struct Tls {
    /// The server's certificate.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Who has to have signed the certificates of clients; and of servers, where this one is a client itself.
    pub authority: PathBuf,
    /// Whether clients have to show a certificate.
    pub asks_clients: bool,
}

impl Builder {
    /// An argument, as in `arg("--maxmemory", "10mb")`. A value of several words is one string, as in
    /// `arg("--save", "60 1")`. A restart keeps them.
    #[must_use]
    pub fn arg(mut self, name: &str, value: &str) -> Self {
        self.arguments.extend([name.to_owned(), value.to_owned()]);
        self
    }

    /// A password. It stands in the URL as it is, hence letters and digits only.
    ///
    /// # Panics
    ///
    /// If it has anything else.
    #[must_use]
    #[track_caller]
    pub fn password(mut self, password: &str) -> Self {
        assert!(
            password.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "the password {password:?} has more than letters and digits"
        );
        self.password = Some(password.to_owned());
        self
    }

    /// A Unix socket beside the port; see [`RedisServer::unix_url`].
    #[must_use]
    pub fn unix_socket(mut self) -> Self {
        self.unix_socket = true;
        self
    }

    /// A second port, for TLS; see [`RedisServer::tls_port`]. As a replica or a Sentinel it goes to the TLS ports of others.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// A Sentinel that watches `primary` as `mymaster`. It takes it for dead after half a second, and as many as `quorum` have to.
    #[must_use]
    pub fn watching(mut self, primary: &RedisServer, quorum: usize) -> Self {
        self.watches = Some(Watched {
            port: primary.tls_port().unwrap_or(primary.port()),
            password: primary.password().map(str::to_owned),
            quorum,
        });
        self
    }

    /// Starts the server and waits until it answers.
    ///
    /// # Panics
    ///
    /// If there is no `redis-server`, or it does not start: with the end of its log.
    pub async fn start(self) -> RedisServer {
        self.start_alone().await
    }

    /// The same for one of several.
    pub(crate) async fn start_alone(self) -> RedisServer {
        off_thread(move || {
            let mut site = Site {
                port: 0,
                tls_port: 0,
                directory: Directory::create(),
                arguments: self.arguments,
                password: self.password,
                unix_socket: self.unix_socket,
                tls: self.tls,
                watches: self.watches,
            };
            let process = site.launch_on_a_free_port();
            let process = Mutex::new(Some(process));
            RedisServer {
                inner: Arc::new(Inner {
                    process,
                    touched: AtomicBool::new(false),
                    site,
                }),
            }
        })
        .await
    }
}
