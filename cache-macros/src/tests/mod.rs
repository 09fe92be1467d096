//! What the macros expand to, as snapshots: `UPDATE_EXPECT=1 cargo test -p cache-macros` writes them anew.

mod half_typed;
mod snapshots;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

pub(super) type Macro = fn(TokenStream, TokenStream) -> TokenStream;

/// Expands the first attribute of `source` (`#[cached(…)] async fn …`) and formats the result.
pub(super) fn expand(expand: Macro, source: &str) -> String {
    let source: TokenStream = source.parse().expect("lexes");
    let mut trees = source.into_iter();
    let hash = trees.next();
    assert!(matches!(hash, Some(TokenTree::Punct(hash)) if hash.as_char() == '#'));
    let Some(TokenTree::Group(attribute)) = trees.next() else {
        panic!("no attribute");
    };
    let options = attribute.stream().into_iter().find_map(|tree| match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
            Some(group.stream())
        }
        _ => None,
    });
    expand(options.unwrap_or_default(), trees.collect()).to_string()
}

/// Formats items, or members of an impl.
pub(super) fn pretty(tokens: &str) -> String {
    if let Ok(file) = syn::parse_file(tokens) {
        return prettyplease::unparse(&file);
    }
    let file = syn::parse_file(&format!("impl Type {{ {tokens} }}")).expect("items or members");
    prettyplease::unparse(&file)
}
