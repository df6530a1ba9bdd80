//! Signed statements about a run: what was tested, with what, and what came of it, for whoever lets it be deployed.
//!
//! Statements are in-toto's, in DSSE envelopes, one a line, signed with ed25519. Knows nothing of files, and makes no
//! keys: they are given.

mod envelope;
mod key;
mod statement;

pub use envelope::{Envelope, open_all};
pub use key::{PublicKey, SigningKey, private_pem};
pub use statement::{Attested, Facts, STATISTICS, TEST_RESULT, statements};

/// Why an attestation is not to be believed, or could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AttestError {
    #[error("line {line} is no signed envelope: {why}")]
    NoEnvelope { line: usize, why: String },
    #[error("line {line} is not signed with this key, or was changed since")]
    BadSignature { line: usize },
    #[error("the file holds no envelope")]
    Empty,
    #[error("no ed25519 {what} key in PEM: {why}")]
    NoKey { what: &'static str, why: String },
    #[error("what was signed is no statement of evalgate: {0}")]
    NoStatement(String),
}
