//! Whether the desktop can show file dialogs.
//!
//! On Linux they are shown by the portal of the desktop, or by the program zenity. Without
//! either, the library that asks for a dialog returns the same as for a dialog that
//! was cancelled; so the portal is asked here before, with a call of D-Bus that changes nothing
//! (the version of its file chooser).

/// Whether file dialogs of the desktop can be expected to open. May take seconds.
#[cfg(not(all(unix, not(target_os = "macos"))))]
pub fn has_file_dialogs() -> bool {
    true
}

/// Whether file dialogs of the desktop can be expected to open. May take seconds.
#[cfg(all(unix, not(target_os = "macos")))]
pub fn has_file_dialogs() -> bool {
    let found = bus::file_chooser_answers();
    if let Err(err) = &found {
        log::info!("The portal of the desktop does not answer: {err}");
    }
    found.unwrap_or(false) || has_zenity()
}

#[cfg(all(unix, not(target_os = "macos")))]
fn has_zenity() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join("zenity").is_file())
}

#[cfg(all(unix, not(target_os = "macos")))]
mod bus {
    use std::io::{self, BufReader, Read, Write};
    use std::os::unix::net::UnixStream;
    use std::path::PathBuf;
    use std::time::Duration;

    /// A portal that takes longer to answer is no help.
    const PATIENCE: Duration = Duration::from_secs(3);
    /// Answers are a few hundred bytes; more is not an answer.
    const MOST_BYTES: u32 = 1 << 16;
    const MOST_MESSAGES: usize = 32;
    const METHOD_RETURN: u8 = 2;
    const ERROR: u8 = 3;
    /// Header fields of a message.
    const REPLY_SERIAL: u8 = 5;

    /// Asks the portal for the version of its file chooser; false = it has none.
    pub fn file_chooser_answers() -> io::Result<bool> {
        let stream = connect()?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        ask(&stream, &stream)
    }

    fn connect() -> io::Result<UnixStream> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "there is no session bus");
        for path in socket_paths() {
            match UnixStream::connect(&path) {
                Ok(stream) => return Ok(stream),
                Err(err) => last = err,
            }
        }
        Err(last)
    }

    /// Where the session bus may listen. Abstract sockets, which only old systems have, are not tried.
    fn socket_paths() -> Vec<PathBuf> {
        let addresses = std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap_or_default();
        let mut paths = paths_of(&addresses);
        if paths.is_empty()
            && let Some(folder) = std::env::var_os("XDG_RUNTIME_DIR")
        {
            paths.push(PathBuf::from(folder).join("bus"));
        }
        paths
    }

    /// `/run/user/1000/bus` of `unix:path=/run/user/1000/bus,guid=..;tcp:..`
    pub(super) fn paths_of(addresses: &str) -> Vec<PathBuf> {
        addresses
            .split(';')
            .filter_map(|address| address.strip_prefix("unix:"))
            .filter_map(|keys| keys.split(',').find_map(|key| key.strip_prefix("path=")))
            .map(PathBuf::from)
            .collect()
    }

    /// The handshake, then two calls: the greeting that the bus wants first, and the question.
    pub(super) fn ask(read: impl Read, mut write: impl Write) -> io::Result<bool> {
        let mut read = BufReader::new(read);
        // The bus asks the system who is at the other end of the socket.
        write.write_all(b"\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n")?;
        let mut accepted = false;
        while !accepted {
            let line = line(&mut read)?;
            match line.split(' ').next() {
                Some("OK") => accepted = true,
                Some("DATA") => {}
                _ => return Err(io::Error::other(format!("the bus says {line}"))),
            }
        }
        let greeting = Call {
            serial: 1,
            destination: "org.freedesktop.DBus",
            path: "/org/freedesktop/DBus",
            interface: "org.freedesktop.DBus",
            member: "Hello",
            arguments: &[],
        };
        write.write_all(&greeting.message())?;
        if !reply(&mut read, 1)? {
            return Err(io::Error::other("the bus refuses"));
        }
        let question = Call {
            serial: 2,
            destination: "org.freedesktop.portal.Desktop",
            path: "/org/freedesktop/portal/desktop",
            interface: "org.freedesktop.DBus.Properties",
            member: "Get",
            arguments: &["org.freedesktop.portal.FileChooser", "version"],
        };
        write.write_all(&question.message())?;
        reply(&mut read, 2)
    }

    fn line(read: &mut impl Read) -> io::Result<String> {
        let mut text = Vec::new();
        let mut byte = [0];
        while !text.ends_with(b"\r\n") {
            if text.len() > 512 {
                return Err(io::Error::other("the bus does not speak D-Bus"));
            }
            read.read_exact(&mut byte)?;
            text.push(byte[0]);
        }
        text.truncate(text.len() - 2);
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    struct Call<'a> {
        serial: u32,
        destination: &'a str,
        path: &'a str,
        interface: &'a str,
        member: &'a str,
        arguments: &'a [&'a str],
    }

    impl Call<'_> {
        /// In the wire format of D-Bus, little endian.
        fn message(&self) -> Vec<u8> {
            let mut body = Vec::new();
            for argument in self.arguments {
                put_text(&mut body, argument);
            }
            let mut fields = Vec::new();
            for (code, kind, text) in [
                (1, b'o', self.path),
                (6, b's', self.destination),
                (2, b's', self.interface),
                (3, b's', self.member),
            ] {
                pad(&mut fields, 8);
                fields.extend([code, 1, kind, 0]);
                put_text(&mut fields, text);
            }
            if !self.arguments.is_empty() {
                pad(&mut fields, 8);
                fields.extend([8, 1, b'g', 0, self.arguments.len() as u8]);
                fields.extend(self.arguments.iter().map(|_| b's'));
                fields.push(0);
            }
            // A method call without flags, protocol version 1.
            let mut message = vec![b'l', 1, 0, 1];
            message.extend((body.len() as u32).to_le_bytes());
            message.extend(self.serial.to_le_bytes());
            message.extend((fields.len() as u32).to_le_bytes());
            message.extend(fields);
            pad(&mut message, 8);
            message.extend(body);
            message
        }
    }

    fn pad(bytes: &mut Vec<u8>, to: usize) {
        bytes.resize(bytes.len().next_multiple_of(to), 0);
    }

    fn put_text(bytes: &mut Vec<u8>, text: &str) {
        pad(bytes, 4);
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.push(0);
    }

    /// Waits for the answer to the call `serial`; true = a value, false = an error.
    fn reply(read: &mut impl Read, serial: u32) -> io::Result<bool> {
        for _ in 0..MOST_MESSAGES {
            let mut head = [0; 16];
            read.read_exact(&mut head)?;
            let number = |at: usize| {
                let bytes = [head[at], head[at + 1], head[at + 2], head[at + 3]];
                if head[0] == b'B' {
                    u32::from_be_bytes(bytes)
                } else {
                    u32::from_le_bytes(bytes)
                }
            };
            let (body, fields) = (number(4), number(12));
            if body > MOST_BYTES || fields > MOST_BYTES {
                return Err(io::Error::other("the bus does not speak D-Bus"));
            }
            let mut rest = vec![0; fields.next_multiple_of(8) as usize + body as usize];
            read.read_exact(&mut rest)?;
            let answers = reply_serial(&rest[..fields as usize], head[0] == b'B');
            if answers == Some(serial) && matches!(head[1], METHOD_RETURN | ERROR) {
                return Ok(head[1] == METHOD_RETURN);
            }
        }
        Err(io::Error::other("the bus does not answer"))
    }

    /// Which call a message answers, from its header fields: each is a code, the signature of one
    /// type, and its value, aligned to 8 bytes.
    fn reply_serial(fields: &[u8], is_big_endian: bool) -> Option<u32> {
        let mut at = 0;
        let number = |at: usize| {
            let bytes = fields.get(at..at + 4)?.try_into().ok()?;
            Some(if is_big_endian {
                u32::from_be_bytes(bytes)
            } else {
                u32::from_le_bytes(bytes)
            })
        };
        while at < fields.len() {
            let [code, _, kind, _] = *fields.get(at..at + 4)? else {
                return None;
            };
            let value = at + 4;
            let length = match kind {
                b'u' if code == REPLY_SERIAL => return number(value),
                b'u' => 4,
                b'g' => usize::from(*fields.get(value)?) + 2,
                _ => number(value)? as usize + 5,
            };
            at = (value + length).next_multiple_of(8);
        }
        None
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        /// An answer to `serial`, with a sender before and a signature behind the serial.
        fn answer(kind: u8, serial: u32) -> Vec<u8> {
            let mut fields = Vec::new();
            fields.extend([7, 1, b's', 0]);
            put_text(&mut fields, "org.freedesktop.DBus");
            pad(&mut fields, 8);
            fields.extend([REPLY_SERIAL, 1, b'u', 0]);
            fields.extend(serial.to_le_bytes());
            pad(&mut fields, 8);
            fields.extend([8, 1, b'g', 0, 1, b's', 0]);
            let mut body = Vec::new();
            put_text(&mut body, ":1.7");
            let mut message = vec![b'l', kind, 1, 1];
            message.extend((body.len() as u32).to_le_bytes());
            message.extend(9u32.to_le_bytes());
            message.extend((fields.len() as u32).to_le_bytes());
            message.extend(fields);
            pad(&mut message, 8);
            message.extend(body);
            message
        }

        fn asked(answers: &[Vec<u8>]) -> io::Result<bool> {
            let mut from_bus = b"DATA\r\nOK 0123456789abcdef\r\n".to_vec();
            from_bus.extend(answers.concat());
            let mut to_bus = Vec::new();
            let found = ask(&from_bus[..], &mut to_bus);
            assert!(to_bus.starts_with(b"\0AUTH EXTERNAL\r\n"));
            found
        }

        #[test]
        fn a_portal_that_knows_its_version_can_show_dialogs() {
            // Signals and answers to others come in between.
            let signal = answer(4, 2);
            let found = asked(&[answer(2, 1), signal, answer(2, 77), answer(2, 2)]);
            assert!(found.expect("an answer"));
            assert!(!asked(&[answer(2, 1), answer(3, 2)]).expect("an answer"));
        }

        #[test]
        fn a_bus_that_refuses_or_falls_silent_is_an_error() {
            assert!(asked(&[answer(3, 1)]).is_err());
            assert!(asked(&[answer(2, 1)]).is_err());
            assert!(ask(&b"REJECTED EXTERNAL\r\n"[..], Vec::new()).is_err());
            assert!(ask(&[b'x'; 4096][..], Vec::new()).is_err());
            assert!(asked(&[vec![0xff; 64]]).is_err());
        }

        #[test]
        fn the_socket_of_the_bus_is_in_its_address() {
            assert_eq!(
                paths_of("unix:path=/run/user/1000/bus,guid=3f;tcp:host=x"),
                [PathBuf::from("/run/user/1000/bus")]
            );
            assert!(paths_of("unix:abstract=/tmp/x").is_empty() && paths_of("").is_empty());
        }

        #[test]
        fn a_call_is_aligned_and_says_how_long_it_is() {
            let call = Call {
                serial: 2,
                destination: "a.b",
                path: "/a",
                interface: "a.b",
                member: "Get",
                arguments: &["x", "yz"],
            };
            let message = call.message();
            let number = |at: usize| {
                u32::from_le_bytes([
                    message[at],
                    message[at + 1],
                    message[at + 2],
                    message[at + 3],
                ])
            };
            // "x" is 4 + 2 bytes, 2 to align, "yz" 4 + 3.
            assert_eq!((number(4), number(8)), (15, 2));
            let fields = number(12) as usize;
            assert_eq!(message.len(), 16 + fields.next_multiple_of(8) + 15);
            assert_eq!(&message[16..20], [1, 1, b'o', 0]);
        }
    }
}
