//! Certificates and keys in files that the environment names.

use crate::certificates::{Authority, Folder};
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use test_servers::RedisServer;

/// What a process says that has this in its environment.
fn visit<V: AsRef<OsStr>>(variables: &[(&str, V)]) -> String {
    let mut visitor = Command::new(env!("CARGO_BIN_EXE_visitor"));
    for (name, value) in variables {
        visitor.env(name, value);
    }
    let visit = visitor.output().expect("it runs");
    String::from_utf8(visit.stdout).expect("a text")
}

#[tokio::test]
async fn they_are_used() {
    let (folder, ours) = (Folder::new(), Authority::new("ours"));
    let tls = folder.tls(&ours.signs("localhost"), &ours, true);
    let server = RedisServer::builder().tls(tls).start().await;
    let shown = ours.signs("shop");
    let url = format!(
        "rediss://localhost:{}",
        server.tls_port().expect("it has one")
    );
    let certificate = folder.write("client.pem", &shown.certificate);
    let key = folder.write("client.key", &shown.key);
    let authority = folder.path().join("authority.pem");
    let all = [
        ("REDIS_URL", OsStr::new(&url)),
        ("REDIS_TLS_CA", authority.as_os_str()),
        ("REDIS_TLS_CERT", certificate.as_os_str()),
        ("REDIS_TLS_KEY", key.as_os_str()),
    ];
    assert_eq!(visit(&all), "in\n");
    let why = visit(&all[..2]);
    assert!(why.contains("REDIS_TLS_CERT"), "{why}");
}

#[test]
fn what_cannot_be_used_is_said_by_its_name_and_without_its_content() {
    let (folder, ours) = (Folder::new(), Authority::new("ours"));
    let (shown, other) = (ours.signs("shop"), ours.signs("other"));
    let authority = folder.write("authority.pem", &ours.pem());
    let certificate = folder.write("client.pem", &shown.certificate);
    let key = folder.write("client.key", &shown.key);
    let others = folder.write("other.key", &other.key);
    let no_pem = folder.write("no.pem", "a secret\n");
    let broken = ours.pem().replace("MII", "!!!");
    let broken = folder.write("broken.pem", &broken);
    let locked = shown.key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let locked = folder.write("locked.key", &locked);
    let missing = folder.path().join("missing.pem");
    let said = |variables: &[(&str, &Path)], reason: &str| {
        let (name, path) = variables[0];
        let url = ("REDIS_URL", Path::new("rediss://localhost"));
        let said = visit(&[variables, &[url]].concat());
        let wanted = format!("out: {name}=`{}` cannot be used: ", path.display());
        let why = said.strip_prefix(&wanted);
        let why = why.unwrap_or_else(|| panic!("{said}"));
        assert!(why.contains(reason), "{why}");
        assert!(!said.contains("secret") && !said.contains("MII"), "{said}");
    };
    let (ca, cert, private) = ("REDIS_TLS_CA", "REDIS_TLS_CERT", "REDIS_TLS_KEY");
    said(&[(ca, &missing)], "there is no such file");
    said(&[(ca, folder.path())], "cannot be read");
    for wrong in [&no_pem, &broken, &key] {
        said(&[(ca, wrong)], "expected certificates in PEM form");
    }
    said(&[(cert, &certificate)], "REDIS_TLS_KEY");
    said(&[(private, &key)], "REDIS_TLS_CERT");
    said(&[(cert, &no_pem), (private, &key)], "expected certificates");
    for wrong in [&no_pem, &authority, &locked] {
        let pair = [(private, &**wrong), (cert, &*certificate)];
        said(&pair, "expected a private key");
    }
    let pair = [(private, &*others), (cert, &*certificate)];
    said(&pair, "not the private key of the certificate");
    // The key itself, where its path belongs.
    let url = ("REDIS_URL", "rediss://localhost");
    let said = visit(&[url, (private, &*shown.key), (cert, &*shown.certificate)]);
    assert!(
        said.contains("=`…`") && said.contains("expected the path"),
        "{said}"
    );
    assert!(!said.contains("MII"), "{said}");
    // Of somebody else's, perhaps.
    let said = visit(&[(ca, &missing)]);
    assert_eq!(said, "out: there is no server\n");
}
