//! The syntax of templates: text, and expressions in braces.

use proc_macro2::{Span, TokenStream, TokenTree};
use std::ops::Range;
use syn::Expr;

pub(super) enum Raw {
    Text(String),
    Value(Range<usize>),
}

/// Splits at braces; `{{` and `}}` are braces of the text.
pub(super) fn split(text: &str) -> Result<Vec<Raw>, (Range<usize>, String)> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            literal.push_str(&rest[..1]);
            at += 2;
        } else if rest.starts_with('{') {
            let length = placeholder_length(rest).ok_or_else(|| {
                (
                    at..at + 1,
                    "this `{` is not closed; for a brace in the text write `{{`".to_owned(),
                )
            })?;
            if !literal.is_empty() {
                pieces.push(Raw::Text(std::mem::take(&mut literal)));
            }
            pieces.push(Raw::Value(at..at + length));
            at += length;
        } else if rest.starts_with('}') {
            let message = "this `}` closes nothing; for a brace in the text write `}}`";
            return Err((at..at + 1, message.to_owned()));
        } else {
            let c = rest.chars().next().expect("`at` is before the end");
            literal.push(c);
            at += c.len_utf8();
        }
    }
    if !literal.is_empty() {
        pieces.push(Raw::Text(literal));
    }
    Ok(pieces)
}

/// From `{` to the `}` that closes it, in bytes.
fn placeholder_length(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

pub(super) fn parse_expr(source: &str, span: Span) -> Result<Expr, String> {
    if source.is_empty() {
        return Err("an empty placeholder; name an argument, such as `{id}`".to_owned());
    }
    let tokens: TokenStream = source
        .parse()
        .map_err(|_| format!("`{source}` is not an expression"))?;
    syn::parse2(respan(tokens, span)).map_err(|_| {
        match source.split_once(':') {
            Some((value, _)) if !source.contains("::") => {
                format!("`{{{source}}}` has a format; keys have none, convert the value instead: `{{{}.to_string()}}`", value.trim())
            }
            _ => format!("`{source}` is not an expression"),
        }
    })
}

/// Puts the tokens at the place of the string. Names of fields and methods come from the expansion, so that the
/// compiler does not offer to put a better one in place of the whole string.
fn respan(tokens: TokenStream, span: Span) -> TokenStream {
    let mut behind_dot = false;
    let respan_tree = |mut tree: TokenTree| {
        if let TokenTree::Group(group) = &tree {
            tree = TokenTree::Group(proc_macro2::Group::new(
                group.delimiter(),
                respan(group.stream(), span),
            ));
        }
        let is_member = behind_dot && matches!(tree, TokenTree::Ident(_));
        behind_dot =
            matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == '.' && !behind_dot);
        tree.set_span(if is_member {
            Span::call_site().located_at(span)
        } else {
            span
        });
        tree
    };
    tokens.into_iter().map(respan_tree).collect()
}

/// A message about a part of a string, which is shown under it: a stable macro can only point at the whole.
pub(super) fn pointing_into(text: &str, at: Range<usize>, message: &str) -> String {
    let before = text[..at.start].chars().count();
    let width = text[at].chars().count().max(1);
    let (blank, carets) = (" ".repeat(before), "^".repeat(width));
    format!("{message}\n\n    {text}\n    {blank}{carets}")
}
