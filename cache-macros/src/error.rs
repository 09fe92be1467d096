//! A bag of mistakes: everything wrong with one attribute is reported at once, each on its own place.

use crate::function::Function;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

/// Collected mistakes. Emitted beside the user's item, which stays as it is.
#[derive(Default)]
pub(crate) struct Errors {
    compile_errors: TokenStream,
    /// Items that make the compiler report a mistake inside of a string; see [`Errors::inside_string`].
    probes: Vec<Probe>,
}

struct Probe {
    item: TokenStream,
    /// The same mistake, reported on the whole string.
    compile_error: TokenStream,
}

impl Errors {
    /// A mistake at the tokens of `at`.
    pub(crate) fn push(&mut self, at: impl ToTokens, message: impl AsRef<str>) {
        self.compile_errors
            .extend(compile_error(at, message.as_ref()));
    }

    /// A mistake of the whole attribute, which stands on `item`. It resolves as the item does: then the compiler does
    /// not add that it comes from an expansion.
    pub(crate) fn push_on_attribute(&mut self, item: Option<&Function>, message: impl AsRef<str>) {
        let attribute = Span::call_site();
        let span = item.map_or(attribute, |item| {
            item.sig.fn_token.span.located_at(attribute)
        });
        let message = message.as_ref();
        self.compile_errors
            .extend(quote_spanned! {span=> ::core::compile_error! { #message } });
    }

    pub(crate) fn push_syn(&mut self, error: &syn::Error) {
        self.compile_errors.extend(error.to_compile_error());
    }

    /// A mistake inside of a string literal, which a stable macro cannot point at: `item` makes the compiler do so.
    /// Where there is no place for an item, `message` is reported on the whole literal.
    pub(crate) fn inside_string(
        &mut self,
        literal: &syn::LitStr,
        message: &str,
        item: TokenStream,
    ) {
        self.probes.push(Probe {
            item,
            compile_error: compile_error(literal, message),
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.compile_errors.is_empty() && self.probes.is_empty()
    }

    /// Everything: as `compile_error!`, and as items for a module or a function's body.
    pub(crate) fn emit(self) -> (TokenStream, TokenStream) {
        let items = self.probes.into_iter().map(|probe| probe.item);
        (self.compile_errors, items.collect())
    }

    /// Everything as `compile_error!`, where there is no place for items.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        let mut errors = self.compile_errors;
        errors.extend(self.probes.into_iter().map(|probe| probe.compile_error));
        errors
    }
}

/// `compile_error!` from the first token of `at` to its last.
fn compile_error(at: impl ToTokens, message: &str) -> TokenStream {
    syn::Error::new_spanned(at, message).to_compile_error()
}
