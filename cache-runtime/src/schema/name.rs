//! Names of types for people.

/// From `alloc::vec::Vec<shop::User>` to `Vec<User>`.
pub(super) fn short_name(full: &str) -> String {
    let mut short = String::with_capacity(full.len());
    // Where the path that is being read began.
    let mut start = 0;
    let mut colons = 0;
    for c in full.chars() {
        match c {
            ':' => {
                colons += 1;
                if colons == 2 {
                    short.truncate(start);
                    colons = 0;
                }
            }
            c if c.is_alphanumeric() || c == '_' => short.push(c),
            c => {
                short.push(c);
                start = short.len();
            }
        }
    }
    short
}

#[test]
fn paths_are_left_out_of_names() {
    assert_eq!(short_name("u8"), "u8");
    assert_eq!(
        short_name(
            "std::collections::hash::map::HashMap<alloc::string::String, (shop::User, [u8; 4])>"
        ),
        "HashMap<String, (User, [u8; 4])>"
    );
}
