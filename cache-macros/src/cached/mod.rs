//! `#[cached]`.

mod apart;
mod batch;
mod companion;
mod expand;
mod model;

use crate::error::Errors;
use crate::function::Function;
use proc_macro2::TokenStream;

pub(crate) fn cached(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let function = Function::read(item.clone(), "#[cached]", &mut errors);
    let cached = model::Cached::parse(attribute, function.as_ref(), &mut errors);
    crate::shared::finish(item, function, errors, |function| {
        expand::expand(function, &cached)
    })
}
