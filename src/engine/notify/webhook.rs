//! A message to an address that a person gave.

use std::time::Duration;

use ureq::Agent;

use super::RunEnded;

/// How long the whole of it may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// It is no address.
    #[error(
        "{url}: no address for a webhook; one begins with http:// or https://, such as https://example.org/hook"
    )]
    NoAddress {
        /// What was given.
        url: String,
    },
    /// Nothing there answers, or not in time.
    #[error(
        "{url}: the end of a run could not be posted there: {source}. The run itself is not touched by that"
    )]
    NotSent {
        /// The address.
        url: String,
        /// What went wrong.
        source: Box<ureq::Error>,
    },
    /// The server does not want it.
    #[error(
        "{url}: the end of a run was posted there, and the server answered {status}. Check the address"
    )]
    Refused {
        /// The address.
        url: String,
        /// Its answer.
        status: u16,
    },
}

/// Whether a message can be sent to `url`.
///
/// # Errors
/// When it is no address.
pub fn check_webhook(url: &str) -> Result<(), WebhookError> {
    let host = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"));
    let is_address =
        host.is_some_and(|host| !host.is_empty() && !host.contains(char::is_whitespace));
    is_address
        .then_some(())
        .ok_or_else(|| WebhookError::NoAddress {
            url: url.to_owned(),
        })
}

/// Posts the message as JSON.
pub(super) fn post(url: &str, body: &RunEnded) -> Result<(), WebhookError> {
    check_webhook(url)?;
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .user_agent(concat!("fcn-workbench/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent();
    // Its fields are numbers and texts, which always have a JSON form.
    let text = serde_json::to_string(body).unwrap_or_default();
    let request = agent.post(url).header("Content-Type", "application/json");
    let answer = request.send(text).map_err(|source| WebhookError::NotSent {
        url: url.to_owned(),
        source: Box::new(source),
    })?;
    let status = answer.status().as_u16();
    if (200..300).contains(&status) {
        return Ok(());
    }
    Err(WebhookError::Refused {
        url: url.to_owned(),
        status,
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// A server that takes one message and answers with `status`; returns what came.
    fn served(status: &'static str) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let serve = move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut text = Vec::new();
            let mut piece = [0; 1024];
            while !text.ends_with(b"}") {
                let count = stream.read(&mut piece).expect("a message");
                assert!(count > 0, "it ends too early");
                text.extend(&piece[..count]);
            }
            let answer =
                format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).expect("an answer");
            String::from_utf8(text).expect("text")
        };
        let thread = std::thread::Builder::new().name("server".into());
        (url, thread.spawn(serve).expect("a thread"))
    }

    fn ended() -> RunEnded {
        RunEnded::before_its_start("the disk \"is\" full", 2)
    }

    #[test]
    fn the_body_is_what_the_documents_say() {
        let (url, server) = served("204 No Content");
        post(&url, &ended()).expect("taken");
        let text = server.join().expect("no panic");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("POST /hook HTTP/1.1\r\n"), "{head}");
        assert!(
            head.to_lowercase()
                .contains("content-type: application/json")
        );
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["event"], "run_ended");
        assert_eq!(body["state"], "failed");
        assert_eq!(body["message"], "the disk \"is\" full");
        assert_eq!(
            (&body["mean_iu"], &body["waiting"]),
            (&serde_json::Value::Null, &2.into())
        );
    }

    #[test]
    fn what_does_not_take_it_is_named() {
        let (url, server) = served("404 Not Found");
        let text = post(&url, &ended()).expect_err("refused").to_string();
        server.join().expect("no panic");
        assert!(text.starts_with(&url) && text.contains("404"), "{text}");
        let text = post("ftp://a", &ended())
            .expect_err("no address")
            .to_string();
        assert!(text.starts_with("ftp://a: "), "{text}");
        // Nobody listens on the port of a server that is gone.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        drop(listener);
        let text = post(&url, &ended()).expect_err("nobody").to_string();
        assert!(text.contains("could not be posted"), "{text}");
    }
}
