//! Slots: the parts of a cluster's key space, each of which lies on one of its servers as a whole.
//!
//! After the cluster specification of Redis: the slot of a name is the CRC16 (XMODEM) of the text between its first `{` and
//! the next `}`, if there is any, and of the whole name otherwise, modulo 16,384.

pub(super) const SLOTS: usize = 16_384;

/// The slot of a name.
pub(super) fn of(name: &str) -> u16 {
    crc16(hash_tag(name).unwrap_or(name).as_bytes()) % SLOTS as u16
}

/// Whether a slot is in one of these ranges.
pub(super) fn is_among(slot: u16, ranges: &[(u16, u16)]) -> bool {
    let has = |&(first, last): &(u16, u16)| (first..=last).contains(&slot);
    ranges.iter().any(has)
}

/// What is hashed instead of the whole name, if anything.
pub(super) fn hash_tag(name: &str) -> Option<&str> {
    let after = &name[name.find('{')? + 1..];
    let tag = &after[..after.find('}')?];
    (!tag.is_empty()).then_some(tag)
}

/// The remainders of all bytes.
const REMAINDERS: [u16; 256] = {
    let mut remainders = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            let is_set = remainder & 0x8000 != 0;
            remainder <<= 1;
            if is_set {
                remainder ^= 0x1021;
            }
            bit += 1;
        }
        remainders[byte] = remainder;
        byte += 1;
    }
    remainders
};

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, &byte| {
        let first = usize::from(crc >> 8) ^ usize::from(byte);
        (crc << 8) ^ REMAINDERS[first]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        // As `CLUSTER KEYSLOT` says.
        for (name, slot) in [
            ("", 0),
            ("foo", 12_182),
            ("bar", 5_061),
            ("somekey", 11_058),
            ("foo{hash_tag}", 2_515),
            ("bar{hash_tag}", 2_515),
            ("{user1000}.following", 3_443),
        ] {
            assert_eq!(of(name), slot, "{name}");
        }
    }

    #[test]
    fn a_hash_tag_is_the_first_text_in_braces() {
        for (name, tag) in [
            ("{user1000}.following", Some("user1000")),
            ("foo{}{bar}", None),
            ("foo{{bar}}zap", Some("{bar")),
            ("foo{bar}{zap}", Some("bar")),
            ("foo}bar{", None),
        ] {
            assert_eq!(hash_tag(name), tag, "{name}");
        }
    }
}
