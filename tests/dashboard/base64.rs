//! Reads base64, in which a browser sends pictures.

pub(crate) fn decode(text: &str) -> Vec<u8> {
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => u32::from(letter - b'A'),
        b'a'..=b'z' => u32::from(letter - b'a') + 26,
        b'0'..=b'9' => u32::from(letter - b'0') + 52,
        b'+' => 62,
        b'/' => 63,
        _ => panic!("no base64: {letter}"),
    };
    let letters = text.trim_end_matches('=').as_bytes();
    let four = |letters: &[u8]| {
        let bits = letters
            .iter()
            .fold(0, |bits, &letter| bits << 6 | digit(letter));
        let missing = 4 - letters.len();
        let bytes = (bits << (6 * missing)).to_be_bytes();
        bytes[1..4 - missing].to_vec()
    };
    letters.chunks(4).flat_map(four).collect()
}

#[test]
fn what_others_have_written_is_read() {
    for (text, bytes) in [
        ("", ""),
        ("Zg==", "f"),
        ("Zm8=", "fo"),
        ("Zm9v", "foo"),
        ("Zm9vYmE=", "fooba"),
    ] {
        assert_eq!(decode(text), bytes.as_bytes());
    }
}
