//! `#[cache_put]`.

mod expand;
mod model;

use crate::error::Errors;
use crate::function::Function;
use proc_macro2::TokenStream;

pub(crate) fn cache_put(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let function = Function::read(item.clone(), "#[cache_put]", &mut errors);
    let put = model::Put::parse(attribute, function.as_ref(), &mut errors);
    crate::shared::finish(item, function, errors, |function| {
        expand::expand(function, &put)
    })
}
