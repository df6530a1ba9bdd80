//! The address of a shared history: what of it may be shown, and what may not.

use std::fmt;

use super::database::HistoryError;

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// A `postgres://…` address. Shown without user, password and parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    url: String,
    shown: String,
}

/// Never more than may be shown.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Address {
    /// Reads an address. `from`: where it stands, for the error, which quotes nothing of it.
    pub fn parse(url: &str, from: &str) -> Result<Self, HistoryError> {
        let wrong = |why: &str| HistoryError::Address { what: format!("what {from} says"), why: why.to_owned() };
        let rest = SCHEMES.iter().find_map(|scheme| url.strip_prefix(scheme));
        let rest = rest.ok_or_else(|| wrong("it does not begin with postgres://"))?;
        let server = match rest.split('@').collect::<Vec<_>>().as_slice() {
            [server] | [_, server] => *server,
            _ => return Err(wrong("it has more than one @; write %40 for one in a password")),
        };
        let server = server.split('?').next().unwrap_or(server);
        let (host, database) = server.split_once('/').unwrap_or((server, ""));
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port),
            _ => (host, ""),
        };
        let plain = |text: &str, more: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c));
        if name.is_empty() || !plain(name, ".-_[]:%") || !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong("its host or port is none"));
        }
        if database.is_empty() || !plain(database, "._-") {
            return Err(wrong("it names no database; letters, digits, '.', '_' and '-' are possible"));
        }
        Ok(Self { url: url.to_owned(), shown: format!("postgres://{host}/{database}") })
    }

    /// All of it.
    #[cfg(feature = "postgres")]
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Whether the server is this machine: nobody can listen in between.
    #[cfg(feature = "postgres")]
    pub(super) fn is_here(&self) -> bool {
        let host = self.shown.trim_start_matches("postgres://");
        ["127.0.0.1", "localhost", "[::1]", "%2F", "%2f"].iter().any(|here| {
            host.strip_prefix(here).is_some_and(|rest| rest.starts_with([':', '/']) || here.starts_with('%'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "cAnArY";

    #[test]
    fn what_is_shown_holds_no_secret() {
        for url in [
            "postgres://ada:cAnArY@db.example:5432/history?sslmode=require",
            "postgresql://cAnArY@db.example:5432/history",
            "postgres://db.example:5432/history?password=cAnArY",
            "postgres://ada:cA?nArY/cAnArY@db.example:5432/history",
        ] {
            let address = Address::parse(url, "EVALGATE_STORE").unwrap();
            assert_eq!(address.to_string(), "postgres://db.example:5432/history");
            assert_eq!(format!("{address:?}"), address.to_string());
        }
    }

    #[test]
    fn what_is_no_address_is_refused_and_not_quoted() {
        for url in [
            "cAnArY",
            "mysql://ada:cAnArY@db/history",
            "postgres://",
            "postgres://ada:cAnArY/history",
            "postgres://ada:p@cAnArY@db/history",
            "postgres://ada:cAnArY@db",
            "postgres://ada:cAnArY@db/his tory",
            "postgres://db/history@cAnArY?password=x@y",
        ] {
            let error = Address::parse(url, "EVALGATE_STORE").unwrap_err().to_string();
            assert!(error.starts_with("what EVALGATE_STORE says is no address of a store: "), "{error}");
            assert!(!error.contains(CANARY), "{error}");
        }
    }
}
