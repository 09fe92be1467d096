//! What is said of a placeholder that names nothing: with words of ours, at its place inside of the string.

use super::names::{as_ident, is_plain};
use super::syntax::pointing_into;
use super::{Placeholder, Role, Scope, Template};
use crate::error::Errors;
use crate::suggest::{did_you_mean, list};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

impl Template {
    pub(super) fn report_unknown(
        &self,
        role: Role,
        placeholder: &Placeholder,
        root: &Ident,
        scope: &Scope<'_>,
        errors: &mut Errors,
    ) {
        let (role, root) = (role.name(), root.to_string());
        let known: Vec<_> = scope.names.iter().map(ToString::to_string).collect();
        let known = || known.iter().map(String::as_str);
        let message = format!("unknown placeholder `{{{root}}}` in the {role}");
        let (message, help) = match (did_you_mean(&root, known()), known().count()) {
            (Some(near), _) => (format!("{message}; did you mean `{{{near}}}`?"), None),
            (None, 0) => (message, Some(format!("there are no {}s", scope.what))),
            (None, 1) => (
                message,
                Some(format!("the only {} is {}", scope.what, list(known()))),
            ),
            (None, _) => (
                message,
                Some(format!("the {}s are {}", scope.what, list(known()))),
            ),
        };
        let whole = match &help {
            Some(help) => format!("{message}; {help}"),
            None => message.clone(),
        };
        let whole = pointing_into(&self.literal.value(), placeholder.at.clone(), &whole);
        if self.placeholders().all(|other| is_plain(&other.expr)) {
            let label = format!("no {} of this name", scope.what);
            let probe = self.probe(&root, &message, &label, help.as_deref());
            errors.inside_string(&self.literal, &whole, probe);
        } else {
            errors.push(&self.literal, whole);
        }
    }

    /// An item in which the compiler points into the string, with our words: it formats the literal, and finds that
    /// the unknown name stands for something that cannot be formatted unless it is an argument.
    fn probe(&self, unknown: &str, message: &str, label: &str, note: Option<&str>) -> TokenStream {
        let plain = |text: &str| text.replace('{', "{{").replace('}', "}}");
        let (message, label) = (plain(message), plain(label));
        let note = note.map(|note| {
            let note = plain(note);
            quote!(, note = #note)
        });
        let literal = &self.literal;
        let unknown = Ident::new(unknown, literal.span());
        let others = self
            .placeholders()
            .filter_map(|placeholder| as_ident(&placeholder.expr))
            .filter(|name| **name != unknown)
            .collect::<std::collections::BTreeSet<_>>();
        // From an expansion, so that the compiler does not offer to bound it.
        let unbound = Ident::new("T", Span::call_site());
        quote_spanned! {literal.span()=>
            const _: () = {
                #[diagnostic::on_unimplemented(message = #message, label = #label #note)]
                trait Argument {}
                struct Placeholder<T>(T);
                impl<T: Argument> ::core::fmt::Display for Placeholder<T> {
                    fn fmt(&self, _: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                        ::core::result::Result::Ok(())
                    }
                }
                fn _format<#unbound>(#unknown: Placeholder<#unbound>, #(#others: &str),*) {
                    let _ = ::core::format_args!(#literal);
                }
            };
        }
    }
}
