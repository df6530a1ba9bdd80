//! The history in PostgreSQL, for several machines. Whatever it says, no error holds the password.

use std::collections::HashMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use postgres::binary_copy::BinaryCopyInWriter;
use postgres::config::SslMode;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::private::BytesMut;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Config, NoTls, Row};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Address;
use super::database::{Cells, Database, Each, HistoryError, Value};

/// What every writer locks until it is done: `evalgate` as a number.
const LOCK: i64 = i64::from_be_bytes(*b"evalgate");

const PATIENCE: Duration = Duration::from_secs(15);

pub(super) struct Postgres {
    client: Client,
    address: Address,
    secret: Option<String>,
    /// Table → types of the columns, in the order in which they are written.
    types: HashMap<String, Vec<Type>>,
}

impl Postgres {
    /// Connects. A password that does not stand in the address is looked for in `PGPASSWORD`; certificates of
    /// `trusted`, PEM, are trusted beside the public ones.
    pub fn open(address: &Address, trusted: Option<PathBuf>) -> Result<Self, HistoryError> {
        // Both mean what is always done here: who answers over TLS is verified.
        let url = ["verify-full", "verify-ca"]
            .iter()
            .fold(address.url().to_owned(), |url, mode| url.replace(&format!("sslmode={mode}"), "sslmode=require"));
        let wrong = |why: &str| HistoryError::Address { what: address.to_string(), why: why.to_owned() };
        // The parser's own words may quote what it could not read.
        let mut config = Config::from_str(&url).map_err(|_| wrong("its user or its parameters cannot be read"))?;
        if config.get_password().is_none()
            && let Some(password) = std::env::var("PGPASSWORD").ok().filter(|password| !password.is_empty())
        {
            config.password(password);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        config.application_name("evalgate");
        // Over a network nothing goes in the clear unless somebody says so.
        if !address.is_here() && !url.contains("sslmode=") {
            config.ssl_mode(SslMode::Require);
        }
        let secret = config.get_password().map(|password| String::from_utf8_lossy(password).into_owned());
        let connected = match config.get_ssl_mode() {
            SslMode::Disable => config.connect(NoTls),
            _ => config.connect(tls(trusted, &wrong)?),
        };
        let client = connected.map_err(|error| HistoryError::Failed {
            action: "reach",
            what: address.to_string(),
            why: told(&error, secret.as_deref()),
        })?;
        Ok(Self { client, address: address.clone(), secret, types: HashMap::new() })
    }

    fn explained<T>(&self, action: &'static str, result: Result<T, postgres::Error>) -> Result<T, HistoryError> {
        result.map_err(|error| self.explain(action, &error))
    }

    fn explain(&self, action: &'static str, error: &postgres::Error) -> HistoryError {
        HistoryError::Failed { action, what: self.address.to_string(), why: told(error, self.secret.as_deref()) }
    }
}

/// What the server or the connection says, without the password.
fn told(error: &postgres::Error, secret: Option<&str>) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    match secret.filter(|secret| !secret.is_empty()) {
        Some(secret) => text.replace(secret, "[secret]"),
        None => text,
    }
}

fn tls(trusted: Option<PathBuf>, wrong: &dyn Fn(&str) -> HistoryError) -> Result<MakeRustlsConnect, HistoryError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    if let Some(path) = trusted {
        let unread = |_| wrong("the certificates to trust (EVALGATE_CA_BUNDLE) cannot be read");
        for certificate in CertificateDer::pem_file_iter(path).map_err(unread)? {
            let _ = roots.add(certificate.map_err(unread)?);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error.to_string()))?;
    Ok(MakeRustlsConnect::new(config.with_root_certificates(roots).with_no_client_auth()))
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (self, ty) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Int(int), &Type::INT2) => i16::try_from(*int)?.to_sql(ty, out),
            (Value::Int(int), &Type::INT4) => i32::try_from(*int)?.to_sql(ty, out),
            (Value::Int(int), &Type::INT8) => int.to_sql(ty, out),
            (Value::Int(int), &Type::FLOAT8) => (*int as f64).to_sql(ty, out),
            (Value::Real(real), &Type::FLOAT8) => real.to_sql(ty, out),
            // PostgreSQL has no text with a NUL in it.
            (Value::Text(text), &Type::TEXT) => text.replace('\0', "\u{fffd}").to_sql(ty, out),
            (Value::Bytes(bytes), &Type::BYTEA) => bytes.to_sql(ty, out),
            (value, ty) => Err(format!("{value:?} is no {ty}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A cell of an answer.
fn cell(row: &Row, column: usize) -> Result<Value, postgres::Error> {
    Ok(match *row.columns()[column].type_() {
        Type::INT2 => row.try_get::<_, Option<i16>>(column)?.map(i64::from).into(),
        Type::INT4 => row.try_get::<_, Option<i32>>(column)?.map(i64::from).into(),
        Type::INT8 => row.try_get::<_, Option<i64>>(column)?.into(),
        Type::FLOAT8 => row.try_get::<_, Option<f64>>(column)?.into(),
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(column)?.map_or(Value::Null, Value::Bytes),
        _ => row.try_get::<_, Option<String>>(column)?.into(),
    })
}

impl Database for Postgres {
    fn name(&self) -> String {
        self.address.to_string()
    }

    fn spelling(&self) -> &'static [(&'static str, &'static str)] {
        // Names sort by their bytes, as everywhere else.
        &[(" TEXT", " TEXT COLLATE \"C\""), ("{plain}", ""), ("{clustered}", "")]
    }

    fn version(&mut self) -> Result<u32, HistoryError> {
        let known = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema() \
                     AND table_name = 'evalgate_schema'";
        let mut version = 0;
        self.query(known, &[], &mut |row| {
            version = Cells::of(row).count()?;
            Ok(())
        })?;
        if version > 0 {
            self.query("SELECT version FROM evalgate_schema", &[], &mut |row| {
                version = Cells::of(row).count()?;
                Ok(())
            })?;
        }
        Ok(u32::try_from(version).unwrap_or(u32::MAX))
    }

    fn set_version(&mut self, version: u32) -> Result<(), HistoryError> {
        self.script(&format!(
            "CREATE TABLE IF NOT EXISTS evalgate_schema (version INTEGER NOT NULL); DELETE FROM evalgate_schema; \
             INSERT INTO evalgate_schema VALUES ({version})"
        ))
    }

    fn script(&mut self, sql: &str) -> Result<(), HistoryError> {
        let done = self.client.batch_execute(sql);
        self.explained("change", done)
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, HistoryError> {
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        let changed = self.client.execute(sql, &values);
        self.explained("write to", changed)
    }

    fn query(&mut self, sql: &str, values: &[Value], each: &mut Each) -> Result<(), HistoryError> {
        let (address, secret) = (self.address.to_string(), self.secret.clone());
        let explain = |error: postgres::Error| HistoryError::Failed {
            action: "read",
            what: address.clone(),
            why: told(&error, secret.as_deref()),
        };
        let mut rows = self.client.query_raw(sql, values).map_err(explain)?;
        let mut cells = Vec::new();
        while let Some(row) = rows.next().map_err(explain)? {
            cells.clear();
            for column in 0..row.len() {
                cells.push(cell(&row, column).map_err(explain)?);
            }
            each(&cells)?;
        }
        Ok(())
    }

    fn insert(&mut self, table: &str, columns: &[&str], cells: &[Value]) -> Result<(), HistoryError> {
        if cells.is_empty() {
            return Ok(());
        }
        let names = columns.join(", ");
        if !self.types.contains_key(table) {
            let prepared = self.client.prepare(&format!("SELECT {names} FROM {table}"));
            let types =
                self.explained("read", prepared)?.columns().iter().map(|column| column.type_().clone()).collect();
            self.types.insert(table.to_owned(), types);
        }
        let types = &self.types[table];
        let copy = format!("COPY {table} ({names}) FROM STDIN BINARY");
        let copied = self.client.copy_in(&copy).and_then(|writer| {
            let mut writer = BinaryCopyInWriter::new(writer, types);
            for row in cells.chunks_exact(columns.len()) {
                let row: Vec<&(dyn ToSql + Sync)> = row.iter().map(|cell| cell as _).collect();
                writer.write(&row)?;
            }
            writer.finish()
        });
        self.explained("write to", copied).map(drop)
    }

    fn begin(&mut self) -> Result<(), HistoryError> {
        self.script(&format!("BEGIN; SELECT pg_advisory_xact_lock({LOCK})"))
    }

    fn begin_reading(&mut self) -> Result<(), HistoryError> {
        self.script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    fn commit(&mut self) -> Result<(), HistoryError> {
        self.script("COMMIT")
    }

    fn rollback(&mut self) {
        // It fails only where the connection is gone, and the transaction with it.
        let _ = self.client.batch_execute("ROLLBACK");
    }
}
