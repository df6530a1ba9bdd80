//! A model behind TLS whose authority only a bundle knows: `--ca-bundle`, and what is said without it.
//!
//! The certificates in `tests/tls` were made for this and sign nothing else; their authority's key is gone.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;

use crate::project::Project;

const KEY: (&str, &str) = ("MODEL_KEY", "sk-test-0123456789");

fn file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name)
}

/// Answers every request on loopback, over TLS only. Ends with the process.
fn serve() -> u16 {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificate = CertificateDer::from_pem_file(file("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let config = Arc::clone(&config);
            // Whoever does not trust us hangs up in the middle.
            std::thread::spawn(move || stream.map(|stream| _ = answer(stream, config)));
        }
    });
    port
}

fn answer(stream: TcpStream, config: Arc<ServerConfig>) -> std::io::Result<()> {
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut input = BufReader::new(StreamOwned::new(connection, stream));
    let mut length = 0;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
    }
    input.read_exact(&mut vec![0; length])?;
    let output = json!({
        "summary": "A berth for two nights.", "topic": "berth", "urgent": false,
        "sources": [{"claim": "berths are given out by the harbour office", "source": "doc:berths"}],
        "escalation": {"needed": false, "reason": ""},
    });
    let message = json!({"role": "assistant", "content": output.to_string()});
    let body = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "small-2026-01-01",
        "usage": {"prompt_tokens": 100, "completion_tokens": 20},
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    });
    let body = body.to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
    let stream = input.get_mut();
    write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn project() -> Project {
    let project = Project::copy("tiny");
    project.remove("golden");
    let base_url = format!("https://localhost:{}/v1", serve());
    let chat = json!({"base_url": base_url, "model": "small", "key_env": KEY.0});
    let file = json!({
        "version": 1, "name": "tiny", "targets": {"model": {"chat": chat}}, "default_target": "model", "policy": "release",
    });
    project.write("evalgate.yaml", file.to_string());
    project
}

#[test]
fn an_authority_from_the_bundle_is_trusted() {
    let project = project();
    let bundle = file("authority.pem");
    let bundle = bundle.to_str().unwrap();
    let filter = "id(berth-for-two-nights)";
    project.run_with(&["run", "--filter", filter, "--ca-bundle", bundle], &[KEY]).exits(5);
    let verdict: serde_json::Value = serde_json::from_str(&project.of_run("verdict.json")).unwrap();
    assert_eq!(verdict["counts"]["failed_trials"], 0);
    project.run_with(&["run", "--filter", filter], &[KEY, ("EVALGATE_CA_BUNDLE", bundle)]).exits(5);
}

#[test]
fn an_authority_that_nobody_vouches_for_is_refused_and_the_error_says_what_to_do() {
    let project = project();
    project.run_with(&["run", "--jobs", "1"], &[KEY]).exits(6).says("certificate").says("--ca-bundle");
}
