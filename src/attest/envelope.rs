//! DSSE envelopes (secure-systems-lab/dsse v1.0): a payload, and signatures of its type and bytes together.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use super::{AttestError, PublicKey, SigningKey};

/// The type of payload of in-toto.
const IN_TOTO: &str = "application/vnd.in-toto+json";

/// A signed payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Envelope {
    payload_type: String,
    /// In base64, like signatures.
    payload: String,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    /// A hint which key it was; not signed.
    #[serde(default)]
    keyid: String,
    sig: String,
}

impl Envelope {
    /// Of an in-toto statement, as JSON.
    pub fn sign(payload: &[u8], key: &SigningKey) -> Self {
        let sig = BASE64.encode(&key.sign(&encoding(IN_TOTO, payload)));
        Self {
            payload_type: IN_TOTO.to_owned(),
            payload: BASE64.encode(payload),
            signatures: vec![Signature { keyid: key.public().id(), sig }],
        }
    }

    /// The payload, if it was signed with the key.
    fn open(&self, key: &PublicKey, line: usize) -> Result<Vec<u8>, AttestError> {
        let no = |why: String| AttestError::NoEnvelope { line, why };
        if self.payload_type != IN_TOTO {
            return Err(no(format!("its payload is not {IN_TOTO}")));
        }
        let payload = BASE64.decode(self.payload.as_bytes()).map_err(|cause| no(cause.to_string()))?;
        let message = encoding(&self.payload_type, &payload);
        let holds = |signature: &Signature| {
            BASE64.decode(signature.sig.as_bytes()).is_ok_and(|signature| key.holds(&message, &signature))
        };
        if self.signatures.iter().any(holds) { Ok(payload) } else { Err(AttestError::BadSignature { line }) }
    }
}

/// The payloads of a file of envelopes, one a line, each signed with the key; the first that is not is an error.
pub fn open_all(text: &str, key: &PublicKey) -> Result<Vec<Vec<u8>>, AttestError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let payloads: Vec<Vec<u8>> = lines
        .map(|(at, text)| {
            let envelope: Result<Envelope, _> = serde_json::from_str(text);
            let no = |cause: serde_json::Error| AttestError::NoEnvelope { line: at + 1, why: cause.to_string() };
            envelope.map_err(no)?.open(key, at + 1)
        })
        .collect::<Result<_, _>>()?;
    if payloads.is_empty() { Err(AttestError::Empty) } else { Ok(payloads) }
}

/// What is signed: type and payload, each with its length, so that neither can be taken for a part of the other.
fn encoding(kind: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attest::private_pem;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_pem(&private_pem(&[seed; 32])).unwrap()
    }

    #[test]
    fn what_is_signed_is_what_the_standard_says() {
        // The example of the standard.
        let example = encoding("http://example.com/HelloWorld", b"hello world");
        assert_eq!(example, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn an_envelope_opens_with_its_key_alone_and_not_when_it_was_changed() {
        let line = serde_json::to_string(&Envelope::sign(b"{\"a\":1}", &key(1))).unwrap();
        assert_eq!(open_all(&line, &key(1).public()).unwrap(), [b"{\"a\":1}"]);
        assert!(matches!(open_all(&line, &key(2).public()), Err(AttestError::BadSignature { line: 1 })));
        let changed = line.replace(&BASE64.encode(b"{\"a\":1}"), &BASE64.encode(b"{\"a\":2}"));
        assert_ne!(changed, line);
        assert!(matches!(open_all(&changed, &key(1).public()), Err(AttestError::BadSignature { line: 1 })));
        let other = line.replace(IN_TOTO, "text/plain");
        assert!(matches!(open_all(&other, &key(1).public()), Err(AttestError::NoEnvelope { .. })));
        let second = format!("{line}\n{{}}\n");
        assert!(matches!(open_all(&second, &key(1).public()), Err(AttestError::NoEnvelope { line: 2, .. })));
        let unsigned = line.replace("\"signatures\":[", "\"signatures\":[],\"x\":[");
        assert!(open_all(&unsigned, &key(1).public()).is_err());
        assert!(matches!(open_all("\n", &key(1).public()), Err(AttestError::Empty)));
    }
}
