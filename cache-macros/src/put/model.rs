//! The options of `#[cache_put]`, checked against the function.

use crate::error::Errors;
use crate::function::Function;
use crate::options::{Known, Options};
use crate::output;
use crate::storing::Storing;
use crate::template::{Role, Template};
use proc_macro2::TokenStream;
use syn::{Expr, Path};

const KNOWN: Known = Known {
    attribute: "`#[cache_put]`",
    options: &[
        "key",
        "ttl",
        "tags",
        "tags_with",
        "unless",
        "swr",
        "stale_if_error",
        "revalidate",
        "jitter",
        "idle",
        "version",
        "codec",
        "compress",
        "sensitive",
        "cache",
        "crate",
    ],
    positional: false,
};

pub(super) struct Put {
    /// Always there when there are no errors.
    pub(super) key: Option<Template>,
    pub(super) storing: Storing,
    pub(super) cache: Option<Expr>,
    pub(super) krate: Path,
}

impl Put {
    pub(super) fn parse(
        attribute: TokenStream,
        function: Option<&Function>,
        errors: &mut Errors,
    ) -> Self {
        let mut options = Options::parse(attribute, &KNOWN, errors);
        let has_key = options.name_of("key").is_some();
        let key = options.take_str("key", errors);
        let put = Put {
            key: key.map(|key| Template::parse(key, Role::Key, errors)),
            storing: Storing::parse(&mut options, errors),
            cache: options.take_expr("cache", errors),
            krate: options.take_crate(errors),
        };
        if !has_key {
            errors.push_on_attribute(
                function,
                "`#[cache_put]` needs the key of the function whose value it replaces: `#[cache_put(key = \"user:{id}\")]`",
            );
        }
        if let Some(function) = function {
            put.check(function, errors);
        }
        put
    }

    fn check(&self, function: &Function, errors: &mut Errors) {
        let arguments = function.arguments();
        let scope = arguments.scope();
        if let Some(key) = &self.key {
            key.check_names(Role::Key, &scope, errors);
        }
        self.storing.check_names(&scope, errors);
        output::check(function, "#[cache_put]", errors);
    }
}
