//! Authorities of a test's own, what they sign, and where it lies.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use test_servers::Tls;

/// Somebody who signs certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its private key, as PEM.
pub(crate) struct Signed {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        Authority(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// For somebody of this name.
    pub(crate) fn signs(&self, name: &str) -> Signed {
        self.signs_with(name, &KeyPair::generate().expect("a key"), |_| ())
    }

    /// The same, which was over long ago.
    pub(crate) fn has_signed(&self, name: &str) -> Signed {
        let key = KeyPair::generate().expect("a key");
        self.signs_with(name, &key, |params| {
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        })
    }

    pub(crate) fn signs_with(
        &self,
        name: &str,
        key: &KeyPair,
        with: impl FnOnce(&mut CertificateParams),
    ) -> Signed {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        with(&mut params);
        let certificate = params.signed_by(key, &self.0).expect("a certificate");
        Signed {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

/// A folder for what servers and processes read. It goes with this value.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("addresses-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A server that shows this, and knows clients by this authority.
    pub(crate) fn tls(&self, shows: &Signed, authority: &Authority, asks_clients: bool) -> Tls {
        Tls {
            certificate: self.write("server.pem", &shows.certificate),
            key: self.write("server.key", &shows.key),
            authority: self.write("authority.pem", &authority.pem()),
            asks_clients,
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _it_is_temporary = std::fs::remove_dir_all(&self.0);
    }
}
