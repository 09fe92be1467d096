//! XAES-256-GCM, as C2SP specifies it (<https://c2sp.org/XAES-256-GCM>): AES-256-GCM with nonces of 192 bits, which can be drawn at
//! random without a thought to how many there are.

use aes_gcm::aead::AeadInOut;
use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::{Block, BlockCipherEncrypt, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use zeroize::Zeroizing;

pub(super) struct Xaes256Gcm {
    block: Aes256,
    /// The first subkey of CMAC.
    subkey: Zeroizing<[u8; 16]>,
}

impl Xaes256Gcm {
    pub(super) const NONCE: usize = 24;
    pub(super) const TAG: usize = 16;

    pub(super) fn new(key: &[u8; 32]) -> Self {
        let block = Aes256::new(&(*key).into());
        let mut zeros = Block::<Aes256>::default();
        block.encrypt_block(&mut zeros);
        let number = u128::from_be_bytes(zeros.into());
        // Doubled in the field of 2^128 elements.
        let carry = if number >> 127 == 1 { 0x87 } else { 0 };
        let subkey = Zeroizing::new((number << 1 ^ carry).to_be_bytes());
        Xaes256Gcm { block, subkey }
    }

    /// Encrypts `bytes` where they are, and returns the tag.
    pub(super) fn encrypt(
        &self,
        nonce: &[u8; Self::NONCE],
        associated: &[u8],
        bytes: &mut [u8],
    ) -> [u8; Self::TAG] {
        let (cipher, nonce) = self.derived(nonce);
        cipher
            .encrypt_inout_detached(&nonce, associated, bytes.into())
            .expect("shorter than 64 GiB")
            .into()
    }

    /// Decrypts `bytes` where they are. False, and they are of no use, if they are not what was encrypted.
    pub(super) fn decrypt(
        &self,
        nonce: &[u8; Self::NONCE],
        associated: &[u8],
        bytes: &mut [u8],
        tag: &[u8; Self::TAG],
    ) -> bool {
        let (cipher, nonce) = self.derived(nonce);
        let tag = Tag::from(*tag);
        cipher
            .decrypt_inout_detached(&nonce, associated, bytes.into(), &tag)
            .is_ok()
    }

    /// The cipher for the first half of a nonce, and the second half.
    fn derived(&self, nonce: &[u8; Self::NONCE]) -> (Aes256Gcm, Nonce<aes_gcm::aead::consts::U12>) {
        let (first, second) = nonce.split_at(12);
        let mut key = Zeroizing::new([0; 32]);
        for (counter, half) in [(1, 0..16), (2, 16..32)] {
            let mut block = [0; 16];
            block[..4].copy_from_slice(&[0, counter, b'X', 0]);
            block[4..].copy_from_slice(first);
            for (byte, subkey) in block.iter_mut().zip(*self.subkey) {
                *byte ^= subkey;
            }
            let mut block = Block::<Aes256>::from(block);
            self.block.encrypt_block(&mut block);
            key[half].copy_from_slice(&block);
        }
        let mut rest = [0; 12];
        rest.copy_from_slice(second);
        (Aes256Gcm::new(&(*key).into()), rest.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hexadecimal(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The vectors of the specification.
    #[test]
    fn it_is_the_cipher_of_the_specification() {
        let nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX";
        for (key, associated, expected) in [
            (
                [1; 32],
                &b""[..],
                "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271",
            ),
            (
                [3; 32],
                b"c2sp.org/XAES-256-GCM",
                "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d",
            ),
        ] {
            let cipher = Xaes256Gcm::new(&key);
            let mut bytes = *b"XAES-256-GCM";
            let tag = cipher.encrypt(nonce, associated, &mut bytes);
            assert_eq!(hexadecimal(&bytes) + &hexadecimal(&tag), expected);
            assert!(cipher.decrypt(nonce, associated, &mut bytes, &tag));
            assert_eq!(&bytes, b"XAES-256-GCM");
        }
    }

    /// The specification's sum over ten thousand messages is left to its authors; here, that every part counts.
    #[test]
    fn nothing_of_a_message_can_be_changed() {
        let cipher = Xaes256Gcm::new(&[1; 32]);
        let nonce = [7; Xaes256Gcm::NONCE];
        let mut encrypted = *b"plain";
        let tag = cipher.encrypt(&nonce, b"associated", &mut encrypted);
        let opens = |nonce: &[u8; 24], associated: &[u8], mut bytes: [u8; 5], tag: &[u8; 16]| {
            cipher.decrypt(nonce, associated, &mut bytes, tag)
        };
        assert!(opens(&nonce, b"associated", encrypted, &tag));
        for at in 0..Xaes256Gcm::NONCE {
            let mut other = nonce;
            other[at] ^= 1;
            assert!(!opens(&other, b"associated", encrypted, &tag), "nonce {at}");
        }
        for at in 0..encrypted.len() {
            let mut other = encrypted;
            other[at] ^= 0x80;
            assert!(!opens(&nonce, b"associated", other, &tag), "byte {at}");
        }
        for at in 0..Xaes256Gcm::TAG {
            let mut other = tag;
            other[at] ^= 1;
            assert!(!opens(&nonce, b"associated", encrypted, &other), "tag {at}");
        }
        assert!(!opens(&nonce, b"associate", encrypted, &tag));
        let mut bytes = encrypted;
        assert!(!Xaes256Gcm::new(&[2; 32]).decrypt(&nonce, b"associated", &mut bytes, &tag));
    }
}
