//! The names that placeholders may use, and how their values get into a key.

use super::names::{as_ident, is_constant};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

/// The names that placeholders may use.
pub(crate) struct Scope<'n> {
    /// What the names are: `argument` or `field`.
    pub(crate) what: &'static str,
    pub(crate) names: &'n [Ident],
    /// What `self` is called where the expansion stands, if there is one.
    pub(crate) receiver: Option<Ident>,
}

impl Scope<'_> {
    pub(super) fn knows(&self, root: &Ident) -> bool {
        self.names.contains(root)
            || (root == "self" && self.receiver.is_some())
            || is_constant(&root.to_string())
    }

    /// `.part(&value)`, with a plain name at the place of its declaration, and anything else at the place of the
    /// string, so that the compiler complains there.
    pub(crate) fn part(&self, expr: &Expr) -> TokenStream {
        let declared =
            as_ident(expr).and_then(|ident| self.names.iter().find(|name| **name == *ident));
        match declared {
            Some(name) => quote_spanned!(name.span()=> .part(&#name)),
            None => {
                let span = expr.span();
                let expr = self.rename_receiver(expr.to_token_stream());
                quote_spanned!(span=> .part(&(#expr)))
            }
        }
    }

    /// `self` as it is called where the expansion stands.
    pub(crate) fn rename_receiver(&self, tokens: TokenStream) -> TokenStream {
        match &self.receiver {
            Some(name) if name != "self" => rename_self(tokens, name),
            _ => tokens,
        }
    }
}

fn rename_self(tokens: TokenStream, name: &Ident) -> TokenStream {
    let rename = |tree| match tree {
        TokenTree::Ident(ident) if ident == "self" => {
            TokenTree::Ident(format_ident!("{name}", span = ident.span()))
        }
        TokenTree::Group(group) => {
            let mut renamed =
                proc_macro2::Group::new(group.delimiter(), rename_self(group.stream(), name));
            renamed.set_span(group.span());
            TokenTree::Group(renamed)
        }
        other => other,
    };
    tokens.into_iter().map(rename).collect()
}
