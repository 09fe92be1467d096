//! `codec` and `compress`: how values are written on a server.

use crate::error::Errors;
use crate::options::Options;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Path;

const CODECS: [&str; 4] = ["bincode", "postcard", "msgpack", "json"];
const COMPRESSIONS: [&str; 3] = ["off", "lz4", "zstd"];

pub(crate) struct Encoding {
    codec: Option<Ident>,
    compress: Option<Ident>,
}

impl Encoding {
    pub(crate) fn parse(options: &mut Options, errors: &mut Errors) -> Self {
        Encoding {
            codec: options.take_word("codec", &CODECS, errors),
            compress: options.take_word("compress", &COMPRESSIONS, errors),
        }
    }

    /// The options of the site. Functions, because the types behind some words exist only with a feature of the runtime,
    /// which says so itself.
    pub(crate) fn site_options(&self, krate: &Path) -> TokenStream {
        let mut options = TokenStream::new();
        if let Some(word) = &self.codec {
            options.extend(quote!(, codec = #krate::__private::codecs::#word()));
        }
        if let Some(word) = &self.compress {
            options.extend(quote!(, compress = #krate::__private::compressions::#word()));
        }
        options
    }
}
