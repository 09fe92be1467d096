//! TLS: who may vouch for a server, what this process shows, and what is said when that is not enough.
//!
//! Certificates and their names are always verified. Nothing of a file is ever quoted.

use super::address::Unusable;
use redis::ConnectionInfo;
use std::fmt;
use std::sync::Arc;

/// Certificates and a key, as PEM.
#[derive(Clone, Default)]
pub(crate) struct Certificates {
    /// Of those who may have signed the server's; instead of the system's authorities.
    pub(crate) authorities: Option<Pem>,
    /// What the server is shown that wants to know who comes, and those in between.
    pub(crate) client: Option<Pem>,
    pub(crate) key: Option<Pem>,
}

/// Where a PEM is, or what it says.
#[derive(Clone)]
pub(crate) enum Pem {
    File {
        variable: &'static str,
        path: Box<str>,
    },
    Text {
        /// Who has said it.
        from: Box<str>,
        #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "it is refused"))]
        text: Arc<[u8]>,
    },
}

/// What cannot be used, and why.
pub(crate) struct Unreadable {
    pub(crate) given: String,
    pub(crate) reason: &'static str,
}

impl Certificates {
    pub(super) fn are_given(&self) -> bool {
        self.authorities.is_some() || self.client.is_some() || self.key.is_some()
    }

    /// With all files read, if everything in them can be used.
    pub(crate) fn read(&self) -> Result<Self, Unreadable> {
        let read = |pem: &Option<Pem>| pem.as_ref().map(Pem::read).transpose();
        let certificates = Certificates {
            authorities: read(&self.authorities)?,
            client: read(&self.client)?,
            key: read(&self.key)?,
        };
        certificates.check()?;
        Ok(certificates)
    }

    #[cfg(not(feature = "tls"))]
    fn check(&self) -> Result<(), Unreadable> {
        let given = [&self.authorities, &self.client, &self.key];
        match given.into_iter().flatten().next() {
            Some(pem) => {
                Err(pem.because("this build is without the feature `tls` of cache-runtime"))
            }
            None => Ok(()),
        }
    }

    #[cfg(feature = "tls")]
    fn check(&self) -> Result<(), Unreadable> {
        use rustls::pki_types::PrivateKeyDer;
        use rustls::pki_types::pem::PemObject;
        use rustls::{ClientConfig, RootCertStore};

        provider();
        let mut roots = RootCertStore::empty();
        if let Some(authorities) = &self.authorities {
            for certificate in authorities.certificates()? {
                let added = roots.add(certificate);
                added.map_err(|_| authorities.because("a certificate in it cannot be read"))?;
            }
        }
        let (certificate, key) = match (&self.client, &self.key) {
            (Some(certificate), Some(key)) => (certificate, key),
            (Some(certificate), None) => {
                return Err(certificate.because("its private key is missing: REDIS_TLS_KEY"));
            }
            (None, Some(key)) => {
                return Err(
                    key.because("the certificate that it is for is missing: REDIS_TLS_CERT")
                );
            }
            (None, None) => return Ok(()),
        };
        let chain = certificate.certificates()?;
        let private = PrivateKeyDer::from_pem_slice(key.text()).map_err(|_| key.because(NO_KEY))?;
        let shown = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, private);
        match shown {
            Ok(_) => Ok(()),
            Err(rustls::Error::InconsistentKeys(_)) => {
                Err(key.because("it is not the private key of the certificate"))
            }
            Err(rustls::Error::InvalidCertificate(_)) => {
                Err(certificate.because("its certificate cannot be read"))
            }
            Err(_) => Err(key
                .because("expected a private key of RSA, of ECDSA (P-256 or P-384) or of Ed25519")),
        }
    }

    /// The same connection with these certificates, if there are any. They have been [read](Self::read).
    pub(super) fn on(&self, connection: ConnectionInfo) -> Result<ConnectionInfo, Unusable> {
        if !self.are_given() {
            return Ok(connection);
        }
        if !matches!(connection.addr(), redis::ConnectionAddr::TcpTls { .. }) {
            return Err(
                "certificates for TLS are given, and this address is one without; expected `rediss://…` or \
                        `rediss+sentinel://…`",
            );
        }
        self.on_encrypted(connection)
    }

    #[cfg(not(feature = "tls"))]
    fn on_encrypted(&self, _: ConnectionInfo) -> Result<ConnectionInfo, Unusable> {
        Err("this build is without the feature `tls` of cache-runtime")
    }

    #[cfg(feature = "tls")]
    fn on_encrypted(&self, connection: ConnectionInfo) -> Result<ConnectionInfo, Unusable> {
        let text = |pem: &Option<Pem>| pem.as_ref().map(|pem| pem.text().to_vec());
        let client = text(&self.client).zip(text(&self.key));
        let certificates = redis::TlsCertificates {
            root_cert: text(&self.authorities),
            client_tls: client.map(|(client_cert, client_key)| redis::ClientTlsConfig {
                client_cert,
                client_key,
            }),
        };
        let client = redis::Client::build_with_tls(connection, certificates);
        let client = client.map_err(|_| "the certificates for TLS cannot be read")?;
        Ok(client.get_connection_info().clone())
    }
}

impl Pem {
    /// As a method of the builder was given it.
    pub(crate) fn given(from: &str, text: impl Into<Vec<u8>>) -> Self {
        Pem::Text {
            from: from.into(),
            text: text.into().into(),
        }
    }

    fn read(&self) -> Result<Self, Unreadable> {
        let Pem::File { path, .. } = self else {
            return Ok(self.clone());
        };
        if path.contains("-----BEGIN") {
            return Err(self.because("expected the path of a file, and not what is in it"));
        }
        let text = std::fs::read(&**path).map_err(|error| {
            self.because(match error.kind() {
                std::io::ErrorKind::NotFound => "there is no such file",
                std::io::ErrorKind::PermissionDenied => "this process may not read the file",
                _ => "the file cannot be read",
            })
        })?;
        Ok(Pem::given(&self.to_string(), text))
    }

    /// Nothing, before it was read; and of nothing, nothing is made.
    #[cfg(feature = "tls")]
    fn text(&self) -> &[u8] {
        match self {
            Pem::Text { text, .. } => text,
            Pem::File { .. } => &[],
        }
    }

    #[cfg(feature = "tls")]
    fn certificates(&self) -> Result<Vec<rustls::pki_types::CertificateDer<'static>>, Unreadable> {
        use rustls::pki_types::CertificateDer;
        use rustls::pki_types::pem::PemObject;

        let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(self.text()).collect();
        match all {
            Ok(all) if !all.is_empty() => Ok(all),
            _ => Err(self.because("expected certificates in PEM form, and there is none in it")),
        }
    }

    fn because(&self, reason: &'static str) -> Unreadable {
        Unreadable {
            given: self.to_string(),
            reason,
        }
    }
}

/// Where it comes from.
impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pem::Text { from, .. } => f.write_str(from),
            // It may be the key itself, by mistake.
            Pem::File { variable, path } if path.contains("-----") => write!(f, "{variable}=`…`"),
            Pem::File { variable, path } => write!(f, "{variable}=`{path}`"),
        }
    }
}

#[cfg(feature = "tls")]
const NO_KEY: &str =
    "expected a private key in PEM form (PKCS#8, PKCS#1 or SEC1), and without a passphrase";

/// The application may have chosen one; without any, the client library panics where two are compiled in.
#[cfg(feature = "tls")]
pub(super) fn provider() {
    use rustls::crypto::{CryptoProvider, ring};

    if CryptoProvider::get_default().is_none() {
        let _lost_a_race = ring::default_provider().install_default();
    }
}

/// What to look at after a connection has failed with these words.
pub(super) fn hint(why: &str) -> Option<&'static str> {
    let mut hints = HINTS.iter();
    let found = hints.find(|(words, _)| why.contains(words));
    found.map(|(_, hint)| *hint)
}

/// By words of rustls. What the server says comes as an alert.
const HINTS: [(&str, &str); 11] = [
    (
        "alert: CertificateRequired",
        "it wants a client certificate: `REDIS_TLS_CERT` and `REDIS_TLS_KEY`, or `Builder::tls_client_certificate`",
    ),
    (
        "alert: HandshakeFailure",
        "it may want a client certificate: `REDIS_TLS_CERT` and `REDIS_TLS_KEY`, or `Builder::tls_client_certificate`",
    ),
    ("alert: UnknownCA", NOT_ACCEPTED),
    ("alert: BadCertificate", NOT_ACCEPTED),
    ("alert: CertificateExpired", NOT_ACCEPTED),
    ("alert: CertificateUnknown", NOT_ACCEPTED),
    (
        "UnknownIssuer",
        "nobody who is trusted here has signed its certificate; `REDIS_TLS_CA` or `Builder::tls_ca` says whom to trust",
    ),
    ("certificate expired", "its certificate is over"),
    ("not valid yet", "its certificate is for later"),
    (
        "not valid for name",
        "it is called otherwise in its certificate",
    ),
    (
        "CaUsedAsEndEntity",
        "it shows the certificate of an authority; it needs one of its own, which that has signed",
    ),
];

const NOT_ACCEPTED: &str = "it does not accept the client certificate that it was shown";
