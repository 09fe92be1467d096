//! Servers that want to know by a certificate who comes (mutual TLS).

use crate::certificates::{Authority, Folder, Signed};
use addresses::reached;
use cache_runtime::{Builder, Cache};
use rcgen::{KeyPair, SignatureAlgorithm};
use test_servers::RedisServer;

struct World {
    server: RedisServer,
    ours: Authority,
    _folder: Folder,
}

impl World {
    async fn start() -> Self {
        World::start_with(&[]).await
    }

    async fn start_with(arguments: &[(&str, &str)]) -> Self {
        let (folder, ours) = (Folder::new(), Authority::new("ours"));
        let tls = folder.tls(&ours.signs("localhost"), &ours, true);
        let mut server = RedisServer::builder().tls(tls);
        for (name, value) in arguments {
            server = server.arg(name, value);
        }
        World {
            server: server.start().await,
            ours,
            _folder: folder,
        }
    }

    fn cache(&self) -> Builder {
        let port = self.server.tls_port().expect("it has one");
        let url = format!("rediss://localhost:{port}/");
        let cache = Cache::builder().redis(url).namespace("app");
        cache.tls_ca(self.ours.pem())
    }

    fn showing(&self, shown: &Signed) -> Builder {
        self.cache()
            .tls_client_certificate(&*shown.certificate, &*shown.key)
    }
}

async fn refused(builder: Builder) -> String {
    reached(builder).await.expect_err("it is refused")
}

#[tokio::test]
async fn who_shows_a_certificate_of_the_authority_gets_in() {
    let world = World::start().await;
    let shown = world.ours.signs("shop");
    reached(world.showing(&shown)).await.expect("it is let in");
}

#[tokio::test]
async fn who_does_not_is_told_what_is_missing() {
    let world = World::start().await;
    for _ in 0..5 {
        let why = refused(world.cache()).await;
        assert!(
            why.contains("CertificateRequired") && why.contains("REDIS_TLS_CERT"),
            "{why}"
        );
    }
    let stranger = Authority::new("a stranger").signs("shop");
    let why = refused(world.showing(&stranger)).await;
    assert!(
        why.contains("does not accept the client certificate"),
        "{why}"
    );
    let over = world.ours.has_signed("shop");
    let why = refused(world.showing(&over)).await;
    assert!(
        why.contains("does not accept the client certificate"),
        "{why}"
    );
}

#[tokio::test]
async fn older_servers_say_less_and_the_hint_is_the_same() {
    let world = World::start_with(&[("--tls-protocols", "TLSv1.2")]).await;
    let why = refused(world.cache()).await;
    assert!(why.contains("REDIS_TLS_CERT"), "{why}");
    let shown = world.ours.signs("shop");
    reached(world.showing(&shown)).await.expect("it is let in");
}

#[tokio::test]
async fn keys_may_have_every_usual_form() {
    let world = World::start().await;
    let algorithms: [(&str, &'static SignatureAlgorithm); 3] = [
        ("P-256", &rcgen::PKCS_ECDSA_P256_SHA256),
        ("P-384", &rcgen::PKCS_ECDSA_P384_SHA384),
        ("Ed25519", &rcgen::PKCS_ED25519),
    ];
    let mut keys: Vec<_> = algorithms
        .into_iter()
        .map(|(name, algorithm)| (name, KeyPair::generate_for(algorithm).expect("a key")))
        .collect();
    // Nobody makes one in a moment: this one was made for this test.
    let rsa = KeyPair::from_pem(include_str!("rsa.pem")).expect("a key");
    keys.push(("RSA", rsa));
    for (name, key) in keys {
        let mut shown = world.ours.signs_with("shop", &key, |_| ());
        let cache = reached(world.showing(&shown)).await;
        cache.unwrap_or_else(|why| panic!("{name} as PKCS#8: {why}"));
        let older = match name {
            "Ed25519" => continue,
            "RSA" => "RSA PRIVATE KEY",
            _ => "EC PRIVATE KEY",
        };
        shown.key = pem(older, inner(&key.serialize_der()));
        let cache = reached(world.showing(&shown)).await;
        cache.unwrap_or_else(|why| panic!("{name} as {older}: {why}"));
    }
}

/// What a PKCS#8 key wraps: the same as PKCS#1 or SEC1. It is the last of three fields, behind a number and the name of the algorithm.
fn inner(pkcs8: &[u8]) -> &[u8] {
    /// The content of the element at the front, and what is behind it.
    fn element(der: &[u8]) -> (&[u8], &[u8]) {
        let (length, header) = match der[1] {
            short @ ..0x80 => (usize::from(short), 2),
            long => {
                let bytes = &der[2..2 + usize::from(long & 0x7f)];
                let length = bytes
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
                (length, 2 + bytes.len())
            }
        };
        der[header..].split_at(length)
    }
    let (fields, _) = element(pkcs8);
    let (_version, rest) = element(fields);
    let (_algorithm, rest) = element(rest);
    element(rest).0
}

fn pem(label: &str, der: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut base64 = String::new();
    for three in der.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| {
            bits << 8 | u32::from(three.get(at).copied().unwrap_or_default())
        });
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at)) as usize & 63];
            base64.push(if at > three.len() { '=' } else { digit.into() });
        }
    }
    let lines: Vec<&str> = (0..base64.len())
        .step_by(64)
        .map(|at| &base64[at..base64.len().min(at + 64)])
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}
