//! `#[derive(DomainCache)]`.

mod expand;
mod keys;
mod model;

use crate::error::Errors;
use proc_macro2::TokenStream;
use quote::quote;

/// With mistakes, the cache is made as well as it can be, so that its users do not add errors of their own.
pub(crate) fn domain_cache(item: TokenStream) -> TokenStream {
    let input = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let domain = model::DomainModel::parse(&input, &mut errors);
    let expansion = domain.map(|domain| expand::expand(&domain));
    let (errors, items) = errors.emit();
    quote!(#expansion #errors #items)
}
