//! One file over HTTP, into a `.part` beside its place, from where an earlier try ended.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use ureq::http::{HeaderMap, Response};
use ureq::{Agent, Body};

use super::error::CatalogueError;
use super::hash::{CHUNK, read_piece};
use super::part::Part;
use super::{EntryState, KnownHash, PublicFile, Watch, store};

/// How long finding the server and reaching it may take, each.
const CONNECT_PATIENCE: Duration = Duration::from_secs(20);
/// How long nothing may come. The whole download may take as long as it likes.
const READ_PATIENCE: Duration = Duration::from_secs(30);

const OK: u16 = 200;
const PARTIAL_CONTENT: u16 = 206;
const RANGE_NOT_SATISFIABLE: u16 = 416;

/// A client for one download; shutting it down breaks the download off at once.
pub(super) fn new_agent() -> Agent {
    agent_with(READ_PATIENCE)
}

fn agent_with(read_patience: Duration) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_resolve(Some(CONNECT_PATIENCE))
        .timeout_connect(Some(CONNECT_PATIENCE))
        .timeout_per_read(Some(read_patience))
        .timeout_per_write(Some(read_patience))
        .user_agent(concat!("fcn-workbench/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// Downloads what is missing of the file, checks all of it and gives it its name.
pub(super) fn download(
    wanted: &PublicFile,
    folder: &Path,
    agent: &Agent,
    watch: &mut Watch<'_>,
) -> Result<EntryState, CatalogueError> {
    match store::look(wanted, folder) {
        Some(EntryState::Missing | EntryState::Partial { .. }) => {}
        Some(there) => return Ok(there),
        None => return store::check(wanted, folder, watch),
    }
    if wanted.urls.is_empty() {
        let page = wanted.page.unwrap_or("its source").to_owned();
        return Err(CatalogueError::NoAddress {
            file: wanted.name.to_owned(),
            page,
        });
    }
    fs::create_dir_all(folder).map_err(|err| CatalogueError::write(folder, err))?;
    let mut part = Part::open(store::part_path(wanted, folder))?;
    if wanted.hash == KnownHash::Unknown {
        // Nothing would notice that the rest belongs to another file than the start.
        part.restart()?;
    }
    let resumed = part.len > 0;
    if wanted.size.is_none_or(|size| size != part.len)
        && let Err(err) = fetch_from_any(wanted, agent, &mut part, watch)
    {
        if part.len == 0 {
            fs::remove_file(&part.path).ok();
        }
        return Err(err);
    }
    part.finish()?;
    // The lock is held until the file has its name.
    let Part {
        path,
        mut file,
        len: total,
        lock: _lock,
    } = part;
    let digests = store::digest(&path, &mut file, &mut |bytes| {
        watch.tell(EntryState::Verifying { bytes, total });
        watch.check()
    })?;
    let advice = if resumed {
        "It began with an earlier download and was deleted: download it again from its start"
    } else {
        "It was deleted. The server may hold another file now: get the right one elsewhere and add it as a file \
         you already have"
    };
    store::same_hash(wanted, &path, &digests, advice).inspect_err(|_| {
        // Nothing can be made of it; what is left behind would only fail again.
        fs::remove_file(&path).ok();
    })?;
    store::settle(wanted, folder, &path)
}

/// Asks one address after another, where one cannot be reached or has another file.
fn fetch_from_any(
    wanted: &PublicFile,
    agent: &Agent,
    part: &mut Part,
    watch: &mut Watch<'_>,
) -> Result<(), CatalogueError> {
    let mut others = wanted.urls.iter();
    let mut result = Ok(());
    while let Some(url) = others.next() {
        result = fetch(wanted, url, agent, part, watch);
        match (&result, others.as_slice().first()) {
            (
                Err(
                    err @ (CatalogueError::Unreachable { .. }
                    | CatalogueError::Refused { .. }
                    | CatalogueError::WrongSize { .. }),
                ),
                Some(next),
            ) => log::info!("{err}. {next} is asked instead"),
            _ => break,
        }
    }
    result
}

/// Asks for the rest of the file; where the server has no rest to give, for all of it.
fn fetch(
    wanted: &PublicFile,
    url: &str,
    agent: &Agent,
    part: &mut Part,
    watch: &mut Watch<'_>,
) -> Result<(), CatalogueError> {
    let refused = |answer: String| CatalogueError::Refused {
        url: url.to_owned(),
        file: wanted.name.to_owned(),
        answer,
    };
    for _ in 0..2 {
        watch.check()?;
        watch.tell(EntryState::Downloading {
            bytes: part.len,
            total: wanted.size,
        });
        // A compressed answer has other offsets.
        let mut request = agent.get(url).header("Accept-Encoding", "identity");
        if part.len > 0 {
            request = request.header("Range", format!("bytes={}-", part.len));
        }
        let response = match request.call() {
            Ok(response) => response,
            Err(err) => {
                watch.check()?;
                return Err(CatalogueError::Unreachable {
                    url: url.to_owned(),
                    file: wanted.name.to_owned(),
                    cause: cause_of(err),
                });
            }
        };
        let range = content_range(response.headers());
        match response.status().as_u16() {
            OK => {
                let total = response.body().content_length();
                same_size(wanted, url, total)?;
                part.restart()?;
                part.has_room_for(total)?;
                return receive(wanted, url, response, total, part, watch);
            }
            PARTIAL_CONTENT => {
                let (start, total) = range.unwrap_or_default();
                same_size(wanted, url, total)?;
                if start == Some(part.len) {
                    part.has_room_for(total)?;
                    return receive(wanted, url, response, total, part, watch);
                }
            }
            // There is no rest: the part is the whole file already, or too long.
            RANGE_NOT_SATISFIABLE if part.len > 0 => {
                if range.is_some_and(|(_, total)| total == Some(part.len)) {
                    return Ok(());
                }
            }
            status => {
                let reason = response
                    .status()
                    .canonical_reason()
                    .unwrap_or("an unknown status");
                return Err(refused(format!("{status} ({reason})")));
            }
        }
        part.restart()?;
    }
    Err(refused(
        "with another part of the file than it was asked for".to_owned(),
    ))
}

/// A server that offers another size offers another file; better said before it comes.
fn same_size(wanted: &PublicFile, url: &str, offered: Option<u64>) -> Result<(), CatalogueError> {
    match (offered, wanted.size) {
        (Some(offered), Some(expected)) if offered != expected => Err(CatalogueError::WrongSize {
            url: url.to_owned(),
            file: wanted.name.to_owned(),
            offered,
            expected,
        }),
        _ => Ok(()),
    }
}

/// Appends the body to the part. `total` is the size of the whole file.
fn receive(
    wanted: &PublicFile,
    url: &str,
    response: Response<Body>,
    total: Option<u64>,
    part: &mut Part,
    watch: &mut Watch<'_>,
) -> Result<(), CatalogueError> {
    let broken = |bytes: u64, cause: String| CatalogueError::Broken {
        url: url.to_owned(),
        file: wanted.name.to_owned(),
        bytes,
        cause,
    };
    let total = total.or(wanted.size);
    // A server that names no size could send without end.
    let rest = total.unwrap_or(u64::MAX).saturating_sub(part.len);
    let mut body = response.into_body().into_reader().take(rest);
    let mut buffer = vec![0; CHUNK];
    loop {
        watch.check()?;
        let count = match read_piece(&mut body, &mut buffer) {
            Ok(count) => count,
            Err(err) => {
                watch.check()?;
                return Err(broken(part.len, cause_of(err.into())));
            }
        };
        if count == 0 {
            break;
        }
        part.append(&buffer[..count])?;
        watch.tell(EntryState::Downloading {
            bytes: part.len,
            total,
        });
    }
    // A cancelled connection may look like the end of a body without a length.
    watch.check()?;
    match total {
        Some(total) if part.len < total => Err(broken(part.len, format!("of {total}"))),
        _ => Ok(()),
    }
}

/// Start and total size in `Content-Range`: `bytes 5-9/10` or `bytes */10` (RFC 9110, 14.4).
fn content_range(headers: &HeaderMap) -> Option<(Option<u64>, Option<u64>)> {
    let text = headers.get("Content-Range")?.to_str().ok()?;
    let (range, total) = text
        .trim()
        .strip_prefix("bytes")?
        .trim_start()
        .split_once('/')?;
    let start = range
        .split_once('-')
        .and_then(|(start, _)| start.trim().parse().ok());
    Some((start, total.trim().parse().ok()))
}

/// What went wrong on the way, in a few words.
fn cause_of(err: ureq::Error) -> String {
    const UNKNOWN: &str = "the name of the server is not known";
    match err {
        ureq::Error::HostNotFound => UNKNOWN.to_owned(),
        ureq::Error::Timeout(_) => "it does not answer in time".to_owned(),
        // The standard library has no kind for it, and adds the words of the resolver.
        ureq::Error::Io(err) if err.to_string().starts_with("failed to lookup address") => {
            UNKNOWN.to_owned()
        }
        ureq::Error::Io(err) => err.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::engine::tasks::Cancel;

    // The words are those of Unix.
    #[cfg(unix)]
    #[test]
    fn a_server_whose_name_is_not_known_is_told_in_plain_words() {
        use std::net::ToSocketAddrs as _;
        // A name that never resolves (RFC 2606).
        let found = "nowhere.invalid:443".to_socket_addrs();
        let err = found.map(|_| ()).expect_err("no address");
        let told = cause_of(ureq::Error::Io(err));
        assert_eq!(told, "the name of the server is not known");
        let other = std::io::Error::other("connection reset");
        assert_eq!(cause_of(ureq::Error::Io(other)), "connection reset");
    }

    #[test]
    fn a_server_that_falls_silent_is_left() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!(
            "http://{}/a.pth",
            listener.local_addr().expect("an address")
        );
        let silent = thread::Builder::new().spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1234")
                .expect("half an answer");
            // Holds the connection until the other side has gone.
            std::io::copy(&mut stream, &mut std::io::sink()).ok();
        });
        let silent = silent.expect("a thread");
        let folder = tempfile::tempdir().expect("a folder");
        let hash = KnownHash::Sha256("0".repeat(64));
        let wanted = PublicFile {
            name: "a.pth",
            urls: vec![url.clone()],
            page: None,
            size: None,
            hash,
        };
        let cancel = Cancel::default();
        let tell = |_: EntryState| {};
        let mut watch = Watch::new(&cancel, &tell);
        let agent = agent_with(Duration::from_millis(200));
        let err = download(&wanted, folder.path(), &agent, &mut watch).expect_err("half a file");
        let text = err.to_string();
        assert!(
            text.contains(&url) && text.contains("4 bytes") && text.contains("in time"),
            "{text}"
        );
        assert_eq!(
            fs::read(folder.path().join("a.pth.part")).expect("the part"),
            b"1234"
        );
        drop(agent);
        silent.join().expect("an end");
    }

    #[test]
    fn ranges_are_read_as_servers_write_them() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("Content-Range", text.parse().expect("a value"));
            content_range(&headers)
        };
        assert_eq!(read("bytes 5-9/10"), Some((Some(5), Some(10))));
        assert_eq!(read("bytes 5-9/*"), Some((Some(5), None)));
        assert_eq!(read("bytes */10"), Some((None, Some(10))));
        assert_eq!(read("lines 5-9/10"), None);
        assert_eq!(read("bytes"), None);
        assert_eq!(content_range(&HeaderMap::new()), None);
    }
}
