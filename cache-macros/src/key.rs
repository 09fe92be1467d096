//! `key!`.

use crate::error::Errors;
use crate::template::{Role, Scope, Template};
use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::Parser;
use syn::{LitStr, Path, Token};

pub(crate) fn key(input: TokenStream) -> TokenStream {
    let parser = |input: syn::parse::ParseStream| {
        let literal = input.parse::<LitStr>()?;
        let mut krate: Path = syn::parse_quote!(::cache_runtime);
        if input.parse::<Option<Token![,]>>()?.is_some() && input.peek(Token![crate]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            krate = input.call(Path::parse_mod_style)?;
        }
        if !input.is_empty() {
            return Err(input.error(
                "`key!` takes a template and nothing else; values stand in it: `key!(\"user:{id}\")`",
            ));
        }
        Ok((literal, krate))
    };
    let (literal, krate) = match parser.parse2(input) {
        Ok(parsed) => parsed,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let template = Template::parse(literal, Role::Any, &mut errors);
    if !errors.is_empty() {
        let errors = errors.into_compile_errors();
        return quote!({ #errors });
    }
    // Names are the caller's to know: the compiler finds the unknown ones.
    let scope = Scope {
        what: "variable",
        names: &[],
        receiver: None,
    };
    template.to_key(&krate, &scope)
}
