//! `local` and `consistency`: what a process keeps for itself of what is on a server.

use crate::error::Errors;
use crate::options::{Options, Value, written};
use crate::storing::of_literal;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Expr, Lit};

pub(crate) struct Keeping {
    local: Option<Local>,
    is_strict: bool,
}

enum Local {
    Off,
    Millis(u64),
}

impl Keeping {
    pub(crate) fn parse(options: &mut Options, errors: &mut Errors) -> Self {
        let consistency = options.name_of("consistency");
        let local = options.take("local");
        let local = local.and_then(|option| Local::parse(&option.name, option.value, errors));
        let strict = options.take_word("consistency", &["strict"], errors);
        if let (Some(Local::Millis(_)), Some(_), Some(consistency)) = (&local, &strict, consistency)
        {
            errors.push(
                consistency,
                "with `consistency = strict` nothing is kept in the process; leave `local` out",
            );
        }
        Keeping {
            local,
            is_strict: strict.is_some(),
        }
    }

    pub(crate) fn site_options(&self) -> TokenStream {
        let mut options = match self.local {
            Some(Local::Off) => quote!(, local_millis = 0u64),
            Some(Local::Millis(millis)) => quote!(, local_millis = #millis),
            None => TokenStream::new(),
        };
        if self.is_strict {
            options.extend(quote!(, strict = true));
        }
        options
    }
}

impl Local {
    fn parse(name: &Ident, value: Value, errors: &mut Errors) -> Option<Self> {
        const HELP: &str = "option `local` takes `off`, seconds, or a duration such as `\"30s\"`";
        match value {
            Value::Expr(expr) => match &*expr {
                Expr::Path(path) if path.path.is_ident("off") => Some(Local::Off),
                Expr::Lit(literal) if is_zero(&literal.lit) => {
                    errors.push(&expr, "not to keep anything is `local = off`");
                    None
                }
                Expr::Lit(literal) => of_literal(name, &literal.lit)
                    .map(Local::Millis)
                    .map_err(|message| errors.push(&expr, message))
                    .ok(),
                _ => {
                    errors.push(&expr, HELP);
                    None
                }
            },
            _ => {
                let help = format!("option `local` needs a value: `{}`", written("local"));
                errors.push(name, help);
                None
            }
        }
    }
}

fn is_zero(literal: &Lit) -> bool {
    matches!(literal, Lit::Int(number) if number.base10_digits() == "0")
}
