//! TLS. The system's certificate authorities are those in a file that `SSL_CERT_FILE` names, so that a test can have one
//! of its own, for a process of its own.

use addresses::leads_to_a_server;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::path::{Path, PathBuf};
use std::process::Command;
use test_servers::{RedisServer, free_port};

/// A server that is called `localhost`, what has signed its certificate, and what has not.
struct World {
    port: u16,
    _server: RedisServer,
    directory: PathBuf,
}

impl World {
    async fn new() -> Self {
        let port = free_port();
        let directory = std::env::temp_dir().join(format!("addresses-{port}"));
        std::fs::create_dir_all(&directory).expect("a folder");
        let write = |name: &str, text: String| {
            let file = directory.join(name);
            std::fs::write(&file, text).expect("a file");
            file.to_str().expect("a path").to_owned()
        };
        let (signer, stranger) = (authority("ours"), authority("a stranger"));
        let key = KeyPair::generate().expect("a key");
        let named = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let certificate = named.signed_by(&key, &signer).expect("a certificate");
        write("authority.pem", signer.pem());
        write("stranger.pem", stranger.pem());
        let certificate = write("server.pem", certificate.pem());
        let key = write("server.key", key.serialize_pem());
        let server = RedisServer::builder()
            .arg("--tls-port", &port.to_string())
            .arg("--tls-cert-file", &certificate)
            .arg("--tls-key-file", &key)
            .arg("--tls-ca-cert-file", &certificate)
            .arg("--tls-auth-clients", "no")
            .start()
            .await;
        World {
            port,
            _server: server,
            directory,
        }
    }

    /// Whether a process that trusts this authority gets in, under this name of the host.
    fn lets_in(&self, authority: &str, host: &str) -> bool {
        let visit = Command::new(env!("CARGO_BIN_EXE_visitor"))
            .arg(format!("rediss://{host}:{}/", self.port))
            .env("SSL_CERT_FILE", self.directory.join(authority))
            .env_remove("SSL_CERT_DIR")
            .output()
            .expect("it runs");
        match &*visit.stdout {
            b"in\n" => true,
            b"out\n" => false,
            _ => panic!("{}", String::from_utf8_lossy(&visit.stderr)),
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let directory: &Path = &self.directory;
        let _it_is_temporary = std::fs::remove_dir_all(directory);
    }
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(params, key).expect("a certificate")
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
