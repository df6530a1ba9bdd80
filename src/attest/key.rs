//! Keys of ed25519 in PEM, as OpenSSL writes them.

use data_encoding::{BASE64, HEXLOWER};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use sha2::{Digest, Sha256};

use super::AttestError;

/// What stands before the 32 bytes of a private key in PKCS #8 (RFC 8410).
const PRIVATE: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// What stands before the 32 bytes of a public key (RFC 8410).
const PUBLIC: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

/// Signs.
pub struct SigningKey(Ed25519KeyPair);

/// Tells whether something was signed with the private key that goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl SigningKey {
    /// From a PEM file with a private key.
    pub fn from_pem(text: &str) -> Result<Self, AttestError> {
        let der = der(text, "PRIVATE KEY").map_err(|why| no_key("private", why))?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der);
        pair.map(Self).map_err(|cause| no_key("private", cause.to_string()))
    }

    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(bytes)
    }

    /// 64 bytes.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

impl PublicKey {
    /// From a PEM file with a public key.
    pub fn from_pem(text: &str) -> Result<Self, AttestError> {
        let der = der(text, "PUBLIC KEY").map_err(|why| no_key("public", why))?;
        let bytes = der.strip_prefix(&PUBLIC).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes.map(Self).ok_or_else(|| no_key("public", "it is a key of another kind".to_owned()))
    }

    pub fn to_pem(&self) -> String {
        pem("PUBLIC KEY", &self.der())
    }

    /// SHA-256 of the key, hex: names the key, proves nothing.
    pub fn id(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(self.der()))
    }

    pub fn holds(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }

    fn der(&self) -> Vec<u8> {
        [&PUBLIC[..], &self.0].concat()
    }
}

/// A private key made of 32 random bytes, as a PEM file.
pub fn private_pem(random: &[u8; 32]) -> String {
    pem("PRIVATE KEY", &[&PRIVATE[..], random].concat())
}

fn no_key(what: &'static str, why: String) -> AttestError {
    AttestError::NoKey { what, why }
}

fn pem(label: &str, der: &[u8]) -> String {
    // Either key is shorter than the 64 characters of a line.
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64.encode(der))
}

fn der(text: &str, label: &str) -> Result<Vec<u8>, String> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let inside = text.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end));
    let Some((inside, _)) = inside else { return Err(format!("it has no part {label}")) };
    let letters: String = inside.split_whitespace().collect();
    BASE64.decode(letters.as_bytes()).map_err(|cause| cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first test vector of RFC 8032.
    const SECRET: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const SIGNATURE: &str = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";

    fn key() -> SigningKey {
        let secret: [u8; 32] = HEXLOWER.decode(SECRET.as_bytes()).unwrap().try_into().unwrap();
        SigningKey::from_pem(&private_pem(&secret)).unwrap()
    }

    #[test]
    fn it_signs_as_the_standard_says() {
        assert_eq!(HEXLOWER.encode(&key().sign(b"")), SIGNATURE);
        assert!(key().public().holds(b"", &HEXLOWER.decode(SIGNATURE.as_bytes()).unwrap()));
        assert!(!key().public().holds(b"x", &key().sign(b"")));
    }

    #[test]
    fn a_public_key_reads_back_and_nothing_else_is_one() {
        let public = key().public();
        assert_eq!(PublicKey::from_pem(&public.to_pem()).unwrap(), public);
        for text in ["", "-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----", &private_pem(&[7; 32])] {
            assert!(PublicKey::from_pem(text).is_err(), "{text}");
        }
        let longer = pem("PUBLIC KEY", &[public.der(), vec![0]].concat());
        assert!(PublicKey::from_pem(&longer).is_err());
        assert!(SigningKey::from_pem(&public.to_pem()).is_err());
    }
}
