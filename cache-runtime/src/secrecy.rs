//! What the room of entries needs of `encryption`, or, without that feature, the knowledge that nothing is encrypted.

#[cfg(feature = "encryption")]
pub(crate) use crate::encryption::{EncryptionKeys as Keys, Sealer, Undecryptable, unseal};
#[cfg(not(feature = "encryption"))]
pub(crate) use none::{Keys, Sealer, Undecryptable, unseal};

#[cfg(not(feature = "encryption"))]
mod none {
    /// Nobody implements it.
    pub(crate) trait Keys {}

    /// There is none.
    pub(crate) enum Sealer {}

    #[allow(dead_code, reason = "said by the other one")]
    pub(crate) enum Undecryptable<'b> {
        Malformed,
        Key(&'b str),
        Forged,
    }

    impl Sealer {
        pub(crate) fn overhead(&self) -> usize {
            match *self {}
        }

        pub(crate) fn seal(&self, _: &mut Vec<u8>, _: &[u8], _: &[u8]) {
            match *self {}
        }
    }

    pub(crate) fn unseal<'b>(
        _: &'b [u8],
        _: &[u8],
        _: &dyn Keys,
    ) -> Result<Vec<u8>, Undecryptable<'b>> {
        Err(Undecryptable::Malformed)
    }
}
