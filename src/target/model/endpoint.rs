//! Where a model is asked: one address with its headers and limits, as the client wants it.
//!
//! Knows no wire shape and reads no secret.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Url};

use super::super::settings::{Headers, variables};
use crate::client::{HttpRequest, Lane};

/// What all requests to a model share.
pub(super) struct Endpoint {
    pub lane: Arc<Lane>,
    pub url: Url,
    pub headers: Headers,
    /// For one question, its retries included.
    pub deadline: Duration,
    /// The variable that holds the key.
    pub key: Option<String>,
}

impl Endpoint {
    /// A question. Asking a model twice does no harm.
    pub fn request(&self, body: Vec<u8>, accepts: fn(u16) -> bool) -> HttpRequest {
        HttpRequest {
            lane: Arc::clone(&self.lane),
            method: Method::POST,
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: Some(body),
            deadline: self.deadline,
            repeatable: true,
            redirects: Arc::new([]),
            accepts,
            agent: false,
        }
    }

    /// Names of the environment variables that hold its secrets.
    pub fn secrets(&self) -> Vec<String> {
        variables(&self.headers)
    }

    /// The host and the model, whatever the route: one model may be asked in several ways.
    pub fn speaks_to(&self, model: &str) -> String {
        format!("{} {model}", self.url.origin().ascii_serialization())
    }

    /// The address for people, without a query.
    pub fn address(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.to_string()
    }
}
