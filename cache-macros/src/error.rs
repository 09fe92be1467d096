//! A bag of mistakes: everything wrong with one attribute is reported at once, each on its own place.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

/// Collected mistakes. Emitted beside the user's item, which stays as it is.
#[derive(Default)]
pub(crate) struct Errors {
    compile_errors: TokenStream,
    /// Statements that make the compiler report a mistake inside of a string; see [`Errors::inside_string`].
    probes: Vec<Probe>,
}

struct Probe {
    statements: TokenStream,
    /// The same mistake, reported on the whole string.
    compile_error: TokenStream,
}

impl Errors {
    /// A mistake at the tokens of `at`.
    pub(crate) fn push(&mut self, at: impl ToTokens, message: impl AsRef<str>) {
        self.compile_errors
            .extend(compile_error(at, message.as_ref()));
    }

    /// A mistake at one place.
    pub(crate) fn push_at(&mut self, span: Span, message: impl AsRef<str>) {
        let message = message.as_ref();
        self.compile_errors
            .extend(quote_spanned! {span=> ::core::compile_error! { #message } });
    }

    pub(crate) fn push_syn(&mut self, error: &syn::Error) {
        self.compile_errors.extend(error.to_compile_error());
    }

    /// A mistake inside of a string literal, which a stable macro cannot point at: `statements` are to make the
    /// compiler do so. They need a function's body, and type checking, which the compiler may not reach when there
    /// are other mistakes; then `message` is reported on the whole literal.
    pub(crate) fn inside_string(
        &mut self,
        literal: &syn::LitStr,
        message: &str,
        statements: TokenStream,
    ) {
        self.probes.push(Probe {
            statements,
            compile_error: compile_error(literal, message),
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.compile_errors.is_empty() && self.probes.is_empty()
    }

    /// Everything as `compile_error!`, and as statements for the body of the function if that is all it takes.
    pub(crate) fn emit(self) -> (TokenStream, TokenStream) {
        if self.compile_errors.is_empty() {
            let statements = self.probes.into_iter().map(|probe| probe.statements);
            (TokenStream::new(), quote!(#(#statements)*))
        } else {
            let mut errors = self.compile_errors;
            errors.extend(self.probes.into_iter().map(|probe| probe.compile_error));
            (errors, TokenStream::new())
        }
    }

    /// Everything as `compile_error!`, where there is no function to put statements into.
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
