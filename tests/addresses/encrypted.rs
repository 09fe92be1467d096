//! TLS with the system's certificate authorities. These are those in a file that `SSL_CERT_FILE` names, so that a test can
//! have one of its own, for a process of its own.

use crate::certificates::{Authority, Folder};
use addresses::leads_to_a_server;
use std::process::Command;
use test_servers::RedisServer;

/// A server that is called `localhost`, what has signed its certificate, and what has not.
struct World {
    server: RedisServer,
    folder: Folder,
}

impl World {
    async fn new() -> Self {
        let folder = Folder::new();
        let ours = Authority::new("ours");
        let tls = folder.tls(&ours.signs("localhost"), &ours, false);
        folder.write("stranger.pem", &Authority::new("a stranger").pem());
        let server = RedisServer::builder().tls(tls).start().await;
        World { server, folder }
    }

    /// Whether a process that trusts this authority gets in, under this name of the host.
    fn lets_in(&self, authority: &str, host: &str) -> bool {
        let port = self.server.tls_port().expect("it has one");
        let visit = Command::new(env!("CARGO_BIN_EXE_visitor"))
            .arg(format!("rediss://{host}:{port}/"))
            .env("SSL_CERT_FILE", self.folder.path().join(authority))
            .env_remove("SSL_CERT_DIR")
            .output()
            .expect("it runs");
        match &*visit.stdout {
            b"in\n" => true,
            out if out.starts_with(b"out: ") => false,
            _ => panic!("{}", String::from_utf8_lossy(&visit.stderr)),
        }
    }
}

#[tokio::test]
async fn a_server_that_shows_a_certificate_for_its_name_and_no_other() {
    let world = World::new().await;
    assert!(world.lets_in("authority.pem", "localhost"));
    assert!(
        !world.lets_in("stranger.pem", "localhost"),
        "signed by another"
    );
    assert!(
        !world.lets_in("authority.pem", "127.0.0.1"),
        "of another name"
    );
}

#[tokio::test]
async fn a_server_without_tls_is_not_talked_to() {
    let server = RedisServer::start().await;
    let url = format!("rediss://localhost:{}/", server.port());
    assert!(!leads_to_a_server(&url).await);
}
