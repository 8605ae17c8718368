//! How a server is reached: whom to trust, and by what it knows us. Secrets come as bytes of files and of environment
//! variables; nothing of them is ever told.

use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderName, HeaderValue, Uri};
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};

use crate::recording::live::LiveError;

/// A JobManager answers within milliseconds; one that is busy within seconds.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What a connection needs beside its address.
#[derive(Clone, Default)]
pub struct Access {
    /// Certificates of the authorities to trust (PEM), instead of the machine's own.
    pub authorities: Option<Vec<u8>>,
    /// Our certificate with its chain, and its key (PEM).
    pub identity: Option<Vec<u8>>,
    /// Sent with every request, and to nobody but the host that was named.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Time that is left for all questions together; nothing = as long as it takes.
    pub left: Option<Arc<dyn Fn() -> Duration + Send + Sync>>,
}

impl Access {
    /// Adds the header of a bearer token.
    ///
    /// # Errors
    /// If it is no token.
    pub fn bearer(&mut self, token: &str) -> Result<(), LiveError> {
        let token = token.trim();
        let value = HeaderValue::from_str(&format!("Bearer {token}")).ok();
        let is_word = token.bytes().all(|byte| byte.is_ascii_graphic());
        let value = value.filter(|_| is_word && !token.is_empty());
        let Some(mut value) = value else {
            return refused("the token is no bearer token: it must be one word of ASCII");
        };
        value.set_sensitive(true);
        self.headers
            .push((ureq::http::header::AUTHORIZATION, value));
        Ok(())
    }

    /// Adds headers, one `Name: value` per line.
    ///
    /// # Errors
    /// If a line is none; it is not told, since it may be a secret.
    pub fn lines(&mut self, text: &str) -> Result<(), LiveError> {
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let header = line.split_once(':').and_then(|(name, value)| {
                let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
                Some((name, HeaderValue::from_str(value.trim()).ok()?))
            });
            let Some((name, mut value)) = header else {
                let number = number + 1;
                return refused(&format!("line {number} of the headers is no `Name: value`"));
            };
            value.set_sensitive(true);
            self.headers.push((name, value));
        }
        Ok(())
    }

    /// Who asks.
    pub(super) fn agent(&self) -> Result<Agent, LiveError> {
        let roots = match &self.authorities {
            None => RootCerts::PlatformVerifier,
            Some(pem) => RootCerts::from(certificates(pem, "the authorities")?),
        };
        let identity = self.identity.as_deref().map(identity).transpose()?;
        let tls = TlsConfig::builder()
            .root_certs(roots)
            .client_cert(identity)
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build();
        Ok(config.into())
    }

    /// How long the next answer may take.
    pub(super) fn patience(&self) -> Option<Duration> {
        let left = self.left.as_ref().map_or(TIMEOUT, |left| left());
        (!left.is_zero()).then(|| left.min(TIMEOUT))
    }
}

/// Refuses addresses that are none, or that hold a password, which would end up in messages.
pub(super) fn address(text: &str) -> Result<(), LiveError> {
    let uri = text.parse::<Uri>().ok();
    let speaks = |uri: &&Uri| matches!(uri.scheme_str(), Some("http" | "https"));
    let authority = uri.as_ref().filter(speaks).and_then(Uri::authority);
    if authority.is_none_or(|authority| authority.as_str().contains('@')) {
        return refused(
            "an address is http://HOST:PORT or https://HOST, without user and password: these go into a header, in a \
             file (--headers FILE) or in CKPTSIM_HEADERS",
        );
    }
    Ok(())
}

fn refused<T>(why: &str) -> Result<T, LiveError> {
    Err(LiveError::Address(why.to_owned()))
}

fn certificates(pem: &[u8], whose: &str) -> Result<Vec<Certificate<'static>>, LiveError> {
    let found = parse_pem(pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let found: Vec<Certificate<'static>> = found.collect();
    if found.is_empty() {
        return refused(&format!(
            "there is no certificate in the file of {whose}: PEM is expected (-----BEGIN CERTIFICATE-----)"
        ));
    }
    Ok(found)
}

fn identity(pem: &[u8]) -> Result<ClientCert, LiveError> {
    let chain = certificates(pem, "our own certificate")?;
    let Ok(key) = PrivateKey::from_pem(pem) else {
        return refused(
            "there is no private key in the file of our own certificate: certificate and key stand in one file, in PEM",
        );
    };
    Ok(ClientCert::new_with_certs(&chain, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_tokens_are_read_and_never_told() {
        let mut access = Access::default();
        access.bearer("hunter2\n").unwrap();
        access.lines("X-Api-Key: hunter3\n\nX-B:4\n").unwrap();
        assert_eq!(access.headers.len(), 3);
        assert!(!format!("{:?}", access.headers).contains("hunter"));
        for wrong in ["", "two words", "ä"] {
            assert!(Access::default().bearer(wrong).is_err(), "{wrong}");
        }
        let error = Access::default().lines("a: b\nhunter4").unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 2 of the headers is no `Name: value`"
        );
    }

    #[test]
    fn files_without_certificates_or_key_are_refused() {
        let with = |access: Access| access.agent().map(drop).unwrap_err().to_string();
        let nothing = Access {
            authorities: Some(b"hunter2".to_vec()),
            ..Access::default()
        };
        assert!(
            with(nothing).starts_with("there is no certificate in the file of the authorities")
        );
    }

    #[test]
    fn an_address_with_a_password_is_refused_without_it() {
        let error = address("https://me:hunter2@jm").unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
        assert!(address("https://jm/flink").is_ok() && address("jm").is_err());
    }
}
