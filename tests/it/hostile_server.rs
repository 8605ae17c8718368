use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::import::ckptsim;

/// A server that answers every request in its own way; gives its address.
fn server(answer: impl Fn(&str, &mut TcpStream) -> std::io::Result<()> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let Some(Ok(request)) = lines.next() else {
                continue;
            };
            while lines
                .next()
                .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
            {}
            let path = request.split(' ').nth(1).unwrap_or_default();
            // Whoever has had enough goes away.
            let _ = answer(path, &mut stream);
        }
    });
    address
}

fn body(stream: &mut TcpStream, body: &str) -> std::io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn error(address: &str) -> String {
    let args = ["import", address, "--observe", "0", "--deadline", "2"];
    let output = ckptsim(&args).timeout(Duration::from_secs(60)).assert();
    let output = output.code(1);
    String::from_utf8_lossy(&output.get_output().stderr).into_owned()
}

#[test]
fn a_server_that_never_ends_is_left_in_time_and_in_bounded_memory() {
    let slow = server(|_, stream| {
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")?;
        loop {
            stream.write_all(b" ")?;
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let message = error(&slow);
    assert!(message.contains("timeout"), "{message}");
    let endless = server(|_, stream| {
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        )?;
        loop {
            write!(stream, "10000\r\n{}\r\n", " ".repeat(65_536))?;
        }
    });
    let message = error(&endless);
    assert!(message.contains("larger than request limit"), "{message}");
    let headers = server(|_, stream| {
        write!(stream, "HTTP/1.1 200 OK\r\n")?;
        loop {
            write!(stream, "x-a: {}\r\n", "b".repeat(1_000))?;
        }
    });
    let message = error(&headers);
    assert!(message.contains("header is too big"), "{message}");
}

#[test]
fn redirects_in_circles_deep_nesting_and_packed_answers_are_refused() {
    let circle = server(|path, stream| {
        write!(
            stream,
            "HTTP/1.1 302 Found\r\nlocation: {path}x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
    });
    assert!(error(&circle).contains("status 302"));
    let deep = server(|_, stream| body(stream, &"[".repeat(1_000_000)));
    assert!(error(&deep).contains("recursion limit"));
    // Nothing is unpacked: what is packed is no JSON.
    let packed = server(|_, stream| {
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\nconnection: close\r\n\r\n"
        )?;
        stream.write_all(&[0x1f, 0x8b, 8])
    });
    assert!(error(&packed).contains("does not answer as Flink's REST API does"));
}

#[test]
fn jobs_without_number_and_vertices_without_number_are_counted_not_read() {
    let id = "ab".repeat(16);
    let jobs = |count: usize| -> Vec<Value> {
        let job = |number: usize| json!({ "jid": format!("{number:032x}"), "name": "j", "state": "RUNNING" });
        (0..count).map(job).collect()
    };
    let many = json!({ "jobs": jobs(10_000) }).to_string();
    let message = error(&server(move |_, stream| body(stream, &many)));
    assert!(message.contains("and 9980 more"), "{}", message.len());
    assert!(message.lines().count() < 30);
    let nodes: Vec<Value> = (0..20_000)
        .map(|node| json!({ "id": format!("{node:032x}"), "parallelism": 1, "inputs": [] }))
        .collect();
    let plan = json!({ "plan": { "nodes": nodes } }).to_string();
    let overview = json!({ "jobs": [{ "jid": id, "name": "j", "state": "RUNNING" }] }).to_string();
    let message = error(&server(move |path, stream| {
        body(
            stream,
            if path == "/jobs/overview" {
                &overview
            } else {
                &plan
            },
        )
    }));
    assert!(
        message.contains("20000 vertices, more than the 2000"),
        "{message}"
    );
}

#[test]
fn letters_that_steer_a_page_or_a_terminal_do_not_come_through() {
    let id = "ab".repeat(16);
    let name = "<script>alert(1)</script>\u{1b}[31m\u{202e}";
    let plan = json!({ "plan": { "nodes": [{ "id": id, "parallelism": 1, "description": name, "inputs": [] }] } });
    let overview = json!({ "jobs": [{ "jid": id, "name": name, "state": "RUNNING" }] });
    let job = json!({ "jid": id, "name": name, "state": "RUNNING", "vertices": [] });
    let of_job = format!("/jobs/{id}");
    let address = server(move |path, stream| {
        if path == "/jobs/overview" {
            body(stream, &overview.to_string())
        } else if path.ends_with("/plan") {
            body(stream, &plan.to_string())
        } else if path == of_job || path.contains("/vertices/") {
            body(stream, &job.to_string())
        } else {
            write!(
                stream,
                "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
        }
    });
    let output = ckptsim(&["import", &address, "--observe", "0", "--no-fit"]).assert();
    let output = output.success();
    let output = output.get_output();
    let all = [&output.stdout[..], &output.stderr[..]].concat();
    let all = String::from_utf8_lossy(&all).into_owned();
    for steering in ['\u{1b}', '\u{202e}'] {
        assert!(!all.contains(steering), "{all:?}");
    }
    assert!(all.contains("[[vertex]]"), "{all}");
}
