//! Whether what a function returns can be kept, as far as its signature tells. What its type lacks, the compiler
//! says.

use crate::error::Errors;
use crate::function::Function;
use quote::ToTokens;
use syn::visit::Visit;
use syn::{GenericArgument, PathArguments, Type, TypeImplTrait, TypeReference};

/// Whether there is a value to keep, and a type to keep it as.
pub(crate) fn check(function: &Function, attribute: &str, errors: &mut Errors) {
    match function.output() {
        _ if !function.is_async() => {}
        Some(Type::Never(_)) | None => errors.push(
            &function.sig.ident,
            format!("`{attribute}` needs a return value; this function returns nothing that could be kept"),
        ),
        Some(output) => {
            let mut unnamed = Unnamed(None);
            unnamed.visit_type(output);
            if let Some(unnamed) = unnamed.0 {
                errors.push(
                    unnamed,
                    format!("`{attribute}` needs to name the type of the value; write a concrete type instead of `impl …`"),
                );
            } else if let Some(reference) = borrowed_value(output) {
                errors.push(reference, borrowed(reference));
            }
        }
    }
}

/// Finds `impl Trait`.
struct Unnamed<'t>(Option<&'t TypeImplTrait>);

impl<'t> Visit<'t> for Unnamed<'t> {
    fn visit_type_impl_trait(&mut self, unnamed: &'t TypeImplTrait) {
        self.0 = Some(unnamed);
    }
}

/// The reference that is cached when this is returned: `&T`, `Option<&T>`, `Result<&T, E>` and the like. What the
/// compiler says of the `Deserialize` of a reference, nobody would understand.
fn borrowed_value(output: &Type) -> Option<&TypeReference> {
    match output {
        Type::Reference(reference) => Some(reference),
        Type::Paren(paren) => borrowed_value(&paren.elem),
        Type::Group(group) => borrowed_value(&group.elem),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(borrowed_value),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let PathArguments::AngleBracketed(arguments) = &last.arguments else {
                return None;
            };
            let holds = ["Option", "Result", "Vec", "Box", "Arc"];
            let first = arguments.args.first()?;
            match first {
                GenericArgument::Type(held) if holds.iter().any(|name| last.ident == name) => {
                    borrowed_value(held)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn borrowed(reference: &TypeReference) -> String {
    let (owned, shared) = match &*reference.elem {
        Type::Path(path) if path.path.is_ident("str") => {
            ("String".to_owned(), "Arc<str>".to_owned())
        }
        Type::Slice(slice) => {
            let element = slice.elem.to_token_stream();
            (format!("Vec<{element}>"), format!("Arc<[{element}]>"))
        }
        other => {
            let other = other.to_token_stream();
            (other.to_string(), format!("Arc<{other}>"))
        }
    };
    format!(
        "a cached value must be owned, not borrowed; return `{owned}`, or `{shared}` to share it between hits"
    )
}
