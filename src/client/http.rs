//! One attempt over HTTP: connections, redirects followed by hand, bodies within their cap.
//!
//! Knows nothing of retries, recordings or transcripts.

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use reqwest::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue,
    LOCATION, PROXY_AUTHORIZATION, RETRY_AFTER, TRANSFER_ENCODING,
};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Method, Request, Response, StatusCode, Url};

use super::ClientError;
use super::request::{HeaderText, HttpRequest};
use super::retry::{Trouble, retry_after};
use super::secret::Secrets;

/// Most redirects in a row.
const MOST_HOPS: usize = 5;
/// What is read of an answer that is only quoted in a message.
const QUOTED_CAP: usize = 16 << 10;

/// How long the other side may take for parts of an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub connect: Duration,
    /// Between two pieces of a body. Before the first there is only the deadline: models think for long.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), silence: Duration::from_secs(30) }
    }
}

/// The connections of a run, made when they are first needed.
pub(super) struct Connections {
    patience: Patience,
    body_cap: usize,
    /// Beside those of the system.
    certificates: Vec<Certificate>,
    roads: [OnceLock<Result<Client, String>>; 3],
}

/// The ways to a host, each with a pool of connections.
#[derive(Debug, Clone, Copy)]
enum Road {
    /// `http` on this machine: no proxy, and no certificates to load.
    PlainHere,
    /// `https` on this machine: no proxy.
    Here,
    /// By the proxies that the environment names.
    Away,
}

/// Whose certificates are trusted.
#[derive(Debug, Clone, Copy)]
enum Roots {
    System,
    Shipped,
}

/// A question as it goes over the wire, for every attempt the same.
pub(super) struct Prepared {
    request: Request,
    redirects: Arc<[String]>,
    accepts: fn(u16) -> bool,
    /// Headers that are for the first host only, and the variables that their values come from.
    private: Vec<(HeaderName, String)>,
}

impl Connections {
    pub fn new(ca_bundle: Option<&Path>, patience: Patience, body_cap: usize) -> Result<Self, ClientError> {
        let certificates = match ca_bundle {
            Some(path) => bundle(path).map_err(|why| ClientError(format!("{}: {why}", path.display())))?,
            None => Vec::new(),
        };
        Ok(Self { patience, body_cap, certificates, roads: [const { OnceLock::new() }; 3] })
    }

    /// Sends it once and reads the answer: status and body.
    pub async fn attempt(&self, prepared: &Prepared) -> Result<(u16, String), Trouble> {
        let mut request = clone(&prepared.request)?;
        let mut response = self.execute(request).await?;
        let mut hops = 0;
        loop {
            let status = response.status().as_u16();
            if (prepared.accepts)(status) {
                return Ok((status, self.body(response).await?));
            }
            if !is_redirect(response.status()) {
                return Err(self.refused(response).await);
            }
            hops += 1;
            if hops > MOST_HOPS {
                return Err(unusable(format!("more than {MOST_HOPS} redirects in a row")));
            }
            request = hop(&response, prepared)?;
            response = self.execute(request).await?;
        }
    }

    async fn execute(&self, request: Request) -> Result<Response, Trouble> {
        let client = self.client(request.url())?;
        client.execute(request).await.map_err(|error| trouble(&error))
    }

    fn client(&self, url: &Url) -> Result<&Client, Trouble> {
        let road = match (is_here(url), url.scheme()) {
            (true, "http") => Road::PlainHere,
            (true, _) => Road::Here,
            (false, _) => Road::Away,
        };
        let client = self.roads[road as usize].get_or_init(|| self.connect(road));
        client.as_ref().map_err(|why| Trouble::Forbidden(why.clone()))
    }

    fn connect(&self, road: Road) -> Result<Client, String> {
        // Once for the process; that it has been done already is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A machine without certificates of its own (a bare container) trusts those that come with the program.
        let client = self.built(road, Roots::System).or_else(|_| self.built(road, Roots::Shipped));
        client.map_err(|error| format!("no connections can be made: {}", root(&error)))
    }

    fn built(&self, road: Road, roots: Roots) -> reqwest::Result<Client> {
        let builder = Client::builder()
            .user_agent(concat!("evalgate/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.patience.connect);
        let builder = match road {
            Road::PlainHere | Road::Here => builder.no_proxy(),
            Road::Away => builder,
        };
        let more = self.certificates.iter().cloned();
        let builder = match (road, roots) {
            (Road::PlainHere, _) => builder.tls_certs_only(more),
            (_, Roots::Shipped) => builder.tls_certs_only(shipped_roots().chain(more)),
            (_, Roots::System) if self.certificates.is_empty() => builder,
            (_, Roots::System) => builder.tls_certs_merge(more),
        };
        builder.build()
    }

    /// The whole body, decompressed, within the cap.
    async fn body(&self, response: Response) -> Result<String, Trouble> {
        let too_long = || unusable(format!("the answer is longer than {} MiB", self.body_cap >> 20));
        if response.content_length().is_some_and(|length| length > self.body_cap as u64) {
            return Err(too_long());
        }
        let bytes = self.read(response, self.body_cap).await?;
        if bytes.len() > self.body_cap {
            return Err(too_long());
        }
        String::from_utf8(bytes).map_err(|error| {
            let start = error.as_bytes().get(..QUOTED_CAP).unwrap_or(error.as_bytes());
            let quote = String::from_utf8_lossy(start).into_owned();
            Trouble::Unusable { why: "the answer is not UTF-8 text".to_owned(), quote }
        })
    }

    /// At most one byte more than `cap`, so that more can be told.
    async fn read(&self, mut response: Response, cap: usize) -> Result<Vec<u8>, Trouble> {
        let length = response.content_length().unwrap_or(0).min(cap as u64) as usize;
        let mut bytes = Vec::with_capacity(length);
        loop {
            let chunk = tokio::time::timeout(self.patience.silence, response.chunk());
            match chunk.await {
                Err(_) => {
                    let seconds = self.patience.silence.as_secs_f64();
                    return Err(Trouble::Broken(format!("the answer stopped half-way for {seconds} s")));
                }
                Ok(Err(error)) => {
                    return Err(Trouble::Broken(format!("the answer broke off: {}", root(&error))));
                }
                Ok(Ok(None)) => return Ok(bytes),
                Ok(Ok(Some(chunk))) => {
                    let room = (cap + 1).saturating_sub(bytes.len());
                    bytes.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                    if bytes.len() > cap {
                        return Ok(bytes);
                    }
                }
            }
        }
    }

    /// An answer with a status that is none.
    async fn refused(&self, response: Response) -> Trouble {
        let status = response.status().as_u16();
        let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = header.and_then(|text| retry_after(text, SystemTime::now()));
        // What cannot be read is not quoted; the status is what counts.
        let body = self.read(response, QUOTED_CAP).await.unwrap_or_default();
        Trouble::Status { status, retry_after, quote: String::from_utf8_lossy(&body).into_owned() }
    }
}

impl Prepared {
    /// Addresses other than `http` and `https`, and ones with credentials in them, are refused.
    pub fn new(asked: &HttpRequest, secrets: &Secrets) -> Result<Self, Trouble> {
        check(&asked.url)?;
        let mut request = Request::new(asked.method.clone(), asked.url.clone());
        let mut private = Vec::new();
        for (name, text) in &asked.headers {
            let bad = |what| Trouble::Forbidden(format!("the header {name:?} {what}"));
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("has no name that HTTP allows"))?;
            let value = match text {
                HeaderText::Plain(text) => HeaderValue::from_str(text),
                HeaderText::Secret { before, variable } => {
                    let Some(secret) = secrets.value(variable) else {
                        let message = format!("the environment variable {variable} is not set");
                        return Err(Trouble::Forbidden(message));
                    };
                    private.push((header.clone(), variable.clone()));
                    HeaderValue::from_str(&format!("{before}{secret}")).map(|mut value| {
                        value.set_sensitive(true);
                        value
                    })
                }
            };
            let value = value.map_err(|_| bad("has a value that HTTP does not allow: a line break?"))?;
            request.headers_mut().append(header, value);
        }
        if let Some(body) = &asked.body {
            request.headers_mut().entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.clone().into());
        }
        Ok(Self { request, redirects: Arc::clone(&asked.redirects), accepts: asked.accepts, private })
    }

    /// The variables that its secrets come from.
    pub fn variables(&self) -> Vec<String> {
        self.private.iter().map(|(_, variable)| variable.clone()).collect()
    }
}

/// The request for where a redirect leads, if it may lead there.
fn hop(response: &Response, prepared: &Prepared) -> Result<Request, Trouble> {
    let status = response.status();
    let from = response.url();
    let unusable = |what: String| unusable(format!("status {} {what}", status.as_u16()));
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let location = location.ok_or_else(|| unusable("without an address to go to".to_owned()))?;
    let to = from.join(location).map_err(|_| unusable("leads to no address".to_owned()))?;
    check(&to)?;
    if !is_listed(&to, &prepared.redirects) {
        let host = authority(&to);
        let message = format!("leads to {host}, which is not among the hosts that redirects may lead to");
        return Err(unusable(message));
    }
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(unusable(format!("leads from https to http at {}", authority(&to))));
    }
    let mut request = clone(&prepared.request)?;
    // As browsers do: what is elsewhere now is asked for there, only 307 and 308 say to send it all again.
    let asks_anew = match status {
        StatusCode::SEE_OTHER => *request.method() != Method::HEAD,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => *request.method() == Method::POST,
        _ => false,
    };
    if asks_anew {
        *request.method_mut() = Method::GET;
        *request.body_mut() = None;
        for header in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING] {
            request.headers_mut().remove(header);
        }
    }
    if to.origin() != prepared.request.url().origin() {
        remove_private(request.headers_mut(), &prepared.private);
    }
    *request.url_mut() = to;
    Ok(request)
}

fn remove_private(headers: &mut HeaderMap, private: &[(HeaderName, String)]) {
    for header in private.iter().map(|(header, _)| header).chain([&AUTHORIZATION, &COOKIE, &PROXY_AUTHORIZATION]) {
        headers.remove(header);
    }
}

fn check(url: &Url) -> Result<(), Trouble> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Trouble::Forbidden(format!(
            "{:?} is no scheme to ask over: only http and https are",
            url.scheme()
        )));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let message = "the address holds a user name or a password: name an environment variable instead";
        return Err(Trouble::Forbidden(message.to_owned()));
    }
    Ok(())
}

/// Whether a host is listed, by itself or with its port.
fn is_listed(url: &Url, listed: &[String]) -> bool {
    let host = url.host_str().unwrap_or_default();
    let with_port = authority(url);
    listed.iter().any(|entry| entry.eq_ignore_ascii_case(host) || entry.eq_ignore_ascii_case(&with_port))
}

/// `host:port`
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or(host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether an address is on this machine.
fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let name = host.trim_end_matches('.');
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn clone(request: &Request) -> Result<Request, Trouble> {
    // Only streams cannot be sent twice, and there are none.
    request.try_clone().ok_or_else(|| Trouble::Forbidden("the request cannot be repeated".to_owned()))
}

fn unusable(why: String) -> Trouble {
    Trouble::Unusable { why, quote: String::new() }
}

/// Certificates from a PEM file.
fn bundle(path: &Path) -> Result<Vec<Certificate>, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("it cannot be read: {error}"))?;
    let certificates = Certificate::from_pem_bundle(&bytes).map_err(|error| root(&error))?;
    if certificates.is_empty() {
        return Err("it holds no certificate in PEM".to_owned());
    }
    Ok(certificates)
}

/// The roots that come with the program.
fn shipped_roots() -> impl Iterator<Item = Certificate> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|der| Certificate::from_der(der).ok())
}

/// What went wrong before an answer began.
fn trouble(error: &reqwest::Error) -> Trouble {
    let why = root(error);
    if error.is_dns() {
        return Trouble::Unreached(format!("the name of the host cannot be resolved ({why})"));
    }
    if error.is_connect() {
        let refused = causes(error)
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .any(|cause| cause.kind() == io::ErrorKind::ConnectionRefused);
        if causes(error).any(distrusts) {
            return Trouble::Forbidden(format!(
                "its certificate is not trusted here ({why}): give that of its authority with --ca-bundle FILE"
            ));
        }
        return Trouble::Unreached(match refused {
            true => "nobody answers there (connection refused)".to_owned(),
            false => format!("no connection ({why})"),
        });
    }
    if error.is_builder() {
        return Trouble::Forbidden(why);
    }
    Trouble::Broken(format!("the connection broke before an answer ({why})"))
}

/// Whether the certificate was refused. An I/O error does not name what it wraps among its causes.
fn distrusts(error: &(dyn Error + 'static)) -> bool {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => distrusts(inner),
        None => matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))),
    }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

/// The innermost cause, in its own words.
fn root(error: &reqwest::Error) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_on_this_machine_are_known_whatever_proxies_there_are() {
        for here in
            ["http://localhost:1", "https://LOCALHOST", "http://a.localhost.", "http://127.8.9.1", "http://[::1]:2"]
        {
            assert!(is_here(&here.parse().unwrap()), "{here}");
        }
        for away in
            ["http://localhost.example", "http://10.0.0.1", "http://[::2]", "http://128.0.0.1", "http://nlocalhost"]
        {
            assert!(!is_here(&away.parse().unwrap()), "{away}");
        }
    }

    #[test]
    fn connections_can_be_made_with_the_certificates_of_the_program_alone() {
        assert!(shipped_roots().count() > 50);
        let connections = Connections::new(None, Patience::default(), 1 << 20).unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        for road in [Road::PlainHere, Road::Here, Road::Away] {
            assert!(connections.built(road, Roots::Shipped).is_ok(), "{road:?}");
            assert!(connections.connect(road).is_ok(), "{road:?}");
        }
    }
}
