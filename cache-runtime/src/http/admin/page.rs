//! The dashboard: one page, with all that it needs in it.

use super::answer::Answer;
use ::http::HeaderValue;
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

const PAGE: &str = include_str!("page.html");

pub(super) fn page() -> Answer {
    Answer::page(PAGE)
}

/// What the page may do: run its own script, by its digest, look like its own style, and ask where it came from.
pub(super) fn policy() -> HeaderValue {
    static POLICY: OnceLock<HeaderValue> = OnceLock::new();
    let policy = POLICY.get_or_init(|| {
        let (style, script) = (digest_of("style"), digest_of("script"));
        let policy = format!(
            "default-src 'none'; style-src '{style}'; script-src '{script}'; img-src data:; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        HeaderValue::try_from(policy).expect("ASCII")
    });
    policy.clone()
}

/// Of what stands in the only element of this name (Content Security Policy Level 3, "hash-source").
fn digest_of(element: &str) -> String {
    let inside = PAGE.split_once(&format!("<{element}>"));
    let inside = inside.and_then(|(_, rest)| rest.split_once(&format!("</{element}>")));
    let (text, _) = inside.expect("the page has one of each");
    // A browser sees no carriage returns, wherever the source was checked out.
    let text = text.replace("\r\n", "\n");
    format!("sha256-{}", base64(&Sha256::digest(text.as_bytes())))
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at)) as usize & 63];
            text.push(if at <= three.len() {
                letter.into()
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 4648, section 10.
    #[test]
    fn base64_is_that_of_the_standard() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    /// A second one would be neither in the policy nor run.
    #[test]
    fn the_page_has_one_style_and_one_script_and_asks_nobody_else() {
        for element in ["<style", "</style", "<script", "</script"] {
            assert_eq!(PAGE.matches(element).count(), 1, "{element}");
        }
        for foreign in [
            "http:",
            "https:",
            "//cdn",
            "@import",
            "innerHTML",
            " style=\"",
            " onclick",
        ] {
            let at = PAGE.replace("http://www.w3.org/2000/svg", "").find(foreign);
            assert_eq!(at, None, "{foreign}");
        }
    }
}
