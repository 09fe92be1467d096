//! Numbers of variable length: seven bits a byte, the lowest first, the highest bit set on all but the last (LEB128).

/// Where the parts of a header go: to be counted, then to be written.
pub(super) trait Out {
    fn put(&mut self, bytes: &[u8]);

    fn put_varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.put(&[number as u8 | 0x80]);
            number >>= 7;
        }
        self.put(&[number as u8]);
    }
}

impl Out for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Counts.
#[derive(Default)]
pub(super) struct Length(pub(super) usize);

impl Out for Length {
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

/// Takes a number from the front of `bytes`. One that is cut off, too large, or longer than it need be is none.
pub(super) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for (at, &byte) in bytes.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        if at == 9 && bits > 1 {
            return None;
        }
        number |= bits << (7 * at);
        if byte < 0x80 {
            if byte == 0 && at > 0 {
                return None;
            }
            *bytes = &bytes[at + 1..];
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(number in any::<u64>(), shift in 0..64u32) {
            let number = number >> shift;
            let mut bytes = Vec::new();
            bytes.put_varint(number);
            let mut length = Length::default();
            length.put_varint(number);
            prop_assert_eq!(length.0, bytes.len());
            bytes.push(7);
            let mut rest = &bytes[..];
            prop_assert_eq!(take_varint(&mut rest), Some(number));
            prop_assert_eq!(rest, &[7]);
        }
    }

    #[test]
    fn other_spellings_of_a_number_are_none() {
        let cases: [&[u8]; 6] = [
            &[],
            &[0x80],
            &[0x80, 0],
            &[0x81, 0x80, 0],
            &[0xff; 10],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
        ];
        for mut bytes in cases {
            assert_eq!(take_varint(&mut bytes), None);
        }
    }
}
