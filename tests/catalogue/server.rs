//! A web server on this machine that can be told to behave badly.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Serves one file, or what a test makes of it.
pub struct Server {
    port: u16,
    ranges: Arc<Mutex<Vec<Option<String>>>>,
}

impl Server {
    /// Answers every request by `answer`, which gets the `Range` of the request.
    /// Connections are closed after each answer. Ends with the test program.
    pub fn start(answer: impl Fn(Option<&str>, &mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&ranges);
        let serve = move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let range = range_of(&head(&mut stream));
                seen.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(range.clone());
                answer(range.as_deref(), &mut stream);
            }
        };
        thread::Builder::new()
            .name("server".into())
            .spawn(serve)
            .expect("a thread");
        Self { port, ranges }
    }

    /// A server that does everything right.
    pub fn good(file: &'static [u8]) -> Self {
        Self::start(move |range, stream| serve(file, range, stream))
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/tiny.pth", self.port)
    }

    /// The `Range` of each request so far.
    pub fn ranges(&self) -> Vec<Option<String>> {
        self.ranges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The request up to its empty line.
fn head(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        bytes.push(byte[0]);
    }
    String::from_utf8(bytes).expect("a request in ASCII")
}

fn range_of(head: &str) -> Option<String> {
    let line = head
        .lines()
        .find(|line| line.to_lowercase().starts_with("range:"))?;
    line.split_once(':')
        .map(|(_, value)| value.trim().to_owned())
}

/// Sends status, headers and `body`; what the client does not take is lost.
pub fn send(stream: &mut TcpStream, status: &str, headers: &[String], body: &[u8]) {
    let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    stream
        .write_all(text.as_bytes())
        .and_then(|()| stream.write_all(body))
        .ok();
}

pub fn length(bytes: usize) -> String {
    format!("Content-Length: {bytes}")
}

pub fn content_range(range: &str) -> String {
    format!("Content-Range: bytes {range}")
}

/// The whole file, whatever was asked for.
pub fn serve_whole(file: &[u8], stream: &mut TcpStream) {
    send(stream, "200 OK", &[length(file.len())], file);
}

/// The part of the file that was asked for, as RFC 9110 has it.
pub fn serve(file: &[u8], range: Option<&str>, stream: &mut TcpStream) {
    let Some(range) = range else {
        return serve_whole(file, stream);
    };
    let start = range
        .strip_prefix("bytes=")
        .and_then(|range| range.strip_suffix('-'));
    let start: usize = start.expect("an open range").parse().expect("a number");
    let total = file.len();
    if start >= total {
        let headers = [length(0), content_range(&format!("*/{total}"))];
        return send(stream, "416 Range Not Satisfiable", &headers, b"");
    }
    let rest = &file[start..];
    let headers = [
        length(rest.len()),
        content_range(&format!("{start}-{}/{total}", total - 1)),
    ];
    send(stream, "206 Partial Content", &headers, rest);
}

/// Promises `promised` bytes, sends `body` and then nothing more until the client goes.
pub fn stall(promised: usize, body: &[u8], stream: &mut TcpStream) {
    send(stream, "200 OK", &[length(promised)], body);
    stream
        .set_read_timeout(Some(Duration::from_mins(1)))
        .expect("a timeout");
    while stream.read(&mut [0]).is_ok_and(|count| count > 0) {}
}
