//! What a lease holds.

use std::fmt;

/// Tells one computation from others, and on which server it was begun: a lease that a restart or a failover has brought
/// back keeps nobody waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// From the replication id.
    server: u32,
    number: u64,
}

impl Token {
    /// Whether it was begun on this server.
    pub(super) fn is_of(self, replication_id: &str) -> bool {
        self.server == Token::new(replication_id, 0).server
    }

    pub(super) fn new(replication_id: &str, number: u64) -> Self {
        let first = replication_id.get(..8).unwrap_or_default();
        Token {
            server: u32::from_str_radix(first, 16).unwrap_or_default(),
            number,
        }
    }
}

/// The first eight characters are those of the server, as the scripts know.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}-{}", self.server, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_begins_with_its_server() {
        let id = "8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb";
        assert_eq!(Token::new(id, 42).to_string(), "8371b4fb-42");
        assert_eq!(Token::new("00000001", 0).to_string(), "00000001-0");
        assert_eq!(Token::new("", 1).to_string(), "00000000-1");
        assert_ne!(Token::new(id, 42), Token::new("9371", 42));
        assert!(Token::new(id, 42).is_of(id));
        assert!(!Token::new(id, 42).is_of("9371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb"));
    }
}
