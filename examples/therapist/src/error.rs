//! What can go wrong.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::error::Error as StdError;

/// Whatever keeps the program from going on.
pub(crate) type Error = Box<dyn StdError + Send + Sync>;

/// What a request is refused with. It can be shared among callers of one computation.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("there is no such thing")]
    NotFound,
    #[error("nobody is logged in under this token")]
    NotLoggedIn,
    #[error("the database: {0}")]
    Database(String),
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::QueryReturnedNoRows => Refused::NotFound,
            error => Refused::Database(error.to_string()),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self {
            Refused::NotFound => StatusCode::NOT_FOUND,
            Refused::NotLoggedIn => StatusCode::UNAUTHORIZED,
            Refused::Database(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, format!("{self}\n")).into_response()
    }
}
