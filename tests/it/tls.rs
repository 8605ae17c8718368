use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::import::{ckptsim, recording};
use crate::job_manager::answer;

const TOKEN: &str = "hunter2";

/// Serves the recorded job over TLS to whoever has the token, behind a path; gives its address, and writes the
/// certificate of its authority.
fn serve(authority: &Path) -> String {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(authority, issuer.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let recording = recording();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = BufReader::new(StreamOwned::new(connection, stream.unwrap()));
            let (mut request, mut authorised) = (String::new(), false);
            // Who does not trust us goes away during the handshake.
            if stream.read_line(&mut request).is_err() {
                continue;
            }
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                    break;
                }
                let expected = format!("authorization: Bearer {TOKEN}");
                authorised |= line.trim().eq_ignore_ascii_case(&expected);
            }
            let path = request.split(' ').nth(1).unwrap_or_default();
            let found = path
                .strip_prefix("/flink")
                .and_then(|path| answer(&recording, path));
            let (status, body) = match found {
                _ if !authorised => ("401 Unauthorized", String::new()),
                Some(answer) => ("200 OK", answer.to_string()),
                None => ("404 Not Found", String::new()),
            };
            let length = body.len();
            let _ = write!(
                stream.get_mut(),
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            stream.get_mut().conn.send_close_notify();
            let _ = stream.get_mut().flush();
        }
    });
    format!("https://localhost:{port}/flink")
}

#[test]
fn a_job_manager_behind_tls_is_read_with_its_authority_and_a_token_that_nobody_sees() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let (authority, token) = (file("ca.pem"), file("token"));
    let address = serve(&authority);
    std::fs::write(&token, format!("{TOKEN}\n")).unwrap();
    std::fs::write(file("headers"), format!("Authorization: Bearer {TOKEN}\n")).unwrap();
    let ca = ["--ca", authority.to_str().unwrap()];
    let import = ["import", address.as_str(), "--observe", "0", "--no-fit"];
    let with = |more: &[&str]| {
        let mut command = ckptsim(&import);
        command.args(more);
        command
    };
    let headers = file("headers");
    let headers = ["--headers", headers.to_str().unwrap()];
    let by_file = with(&[&ca[..], &["--token-file", token.to_str().unwrap()]].concat());
    let by_headers = with(&[ca, headers].concat());
    let mut by_variable = with(&ca);
    by_variable.env("CKPTSIM_TOKEN", TOKEN);
    for mut command in [by_file, by_headers, by_variable] {
        let output = command.assert().success();
        let output = output.get_output();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("[[vertex]]"), "{text}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!format!("{text}{said}").contains(TOKEN), "{said}");
    }
    let error = |mut command: assert_cmd::Command| {
        let output = command.assert().code(1);
        let said = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        assert!(!said.contains(TOKEN), "{said}");
        said
    };
    let refused = error(with(&ca));
    assert!(refused.contains("status 401"), "{refused}");
    let mut untrusted = with(&[]);
    untrusted.env("CKPTSIM_TOKEN", TOKEN);
    let untrusted = error(untrusted);
    assert!(untrusted.contains("certificate"), "{untrusted}");
    let nothing = error(with(&["--ca", token.to_str().unwrap()]));
    assert!(nothing.contains("no certificate in the file"), "{nothing}");
}
