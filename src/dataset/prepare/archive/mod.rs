//! Zip and tar archives of datasets, unpacked within bounds.

mod links;

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek as _, Write as _};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;
use tar::EntryType;
use zip::result::ZipError;

use super::{Cache, Progress, stem};
use crate::dataset::DatasetError;
use crate::files::{FileError, OWN_RECORD, has_extension, open_regular};
use links::Links;

/// An archive holds no more files than this.
const MOST_FILES: usize = 2_000_000;
/// Nothing unpacks to more than this many times its size and [`FREE_BYTES`]; masks are packed
/// about fifty times smaller.
const MOST_TIMES: u64 = 200;
const FREE_BYTES: u64 = 1 << 30;
/// Bytes of a path, at most.
const LONGEST_PATH: u64 = 4096;

/// The folder of an archive's dataset.
pub(super) fn unpacked(
    path: &Path,
    cache: &Cache<'_>,
    progress: &mut Progress<'_>,
) -> Result<PathBuf, DatasetError> {
    kind(path)?;
    // Another number where it is unpacked in another way than by an earlier version.
    let folder = cache.prepared(&stem(path), (&[path.to_owned()], "2"), |folder| {
        unpack(path, folder, progress)
    })?;
    Ok(inner(folder))
}

/// Whether the name of a file says that it is an archive.
pub(in crate::dataset) fn has_archive_extension(path: &Path) -> bool {
    has_extension(path, &["zip", "tar", "tgz"])
        || path.file_stem().is_some_and(|stem| {
            has_extension(path, &["gz"]) && has_extension(Path::new(stem), &["tar"])
        })
}

/// The names of the files in a zip; `None` for other files. Reads its directory alone.
pub(in crate::dataset) fn zipped_names(path: &Path) -> Option<Vec<PathBuf>> {
    if !matches!(kind(path), Ok(Kind::Zip)) {
        return None;
    }
    let archive = zip::ZipArchive::new(BufReader::new(open_regular(path).ok()?)).ok()?;
    let names = archive.file_names().filter_map(Result::ok);
    let names = names.map(|name| name.replace('\\', "/"));
    let files = names.filter(|name| !name.ends_with('/'));
    Some(files.take(MOST_FILES).map(PathBuf::from).collect())
}

/// Writes the files of a zip or tar archive into `folder`, within bounds: none outside of it, not too many,
/// not too large. Where the archive has a link, what it leads to is written. `progress` is told how many KiB
/// of the archive are done.
///
/// # Errors
/// [`DatasetError::Archive`] for an archive that is damaged, oversteps the bounds, or has a link out of it,
/// [`DatasetError::Interrupted`] when `progress` said to stop.
pub fn unpack(path: &Path, folder: &Path, progress: &mut Progress<'_>) -> Result<(), DatasetError> {
    let target = Target::new(path, folder)?;
    match kind(path)? {
        Kind::Zip => unzip(path, target, progress),
        Kind::Tar => untar(path, target, progress, |file| Box::new(file)),
        Kind::TarGz => untar(path, target, progress, |file| {
            Box::new(MultiGzDecoder::new(file))
        }),
    }
}

/// About how many bytes the files of an archive have, at least: what its headings say.
///
/// # Errors
/// [`DatasetError::Archive`] for what is no archive.
pub fn unpacked_size(path: &Path) -> Result<u64, DatasetError> {
    let mut file = open_regular(path).map_err(FileError::read(path))?;
    let size = file.metadata().map_err(FileError::read(path))?.len();
    match kind(path)? {
        Kind::Tar => Ok(size),
        // The last four bytes are the size modulo 2^32, of the last member (RFC 1952).
        Kind::TarGz => {
            let mut end = [0; 4];
            file.seek(io::SeekFrom::End(-4))
                .and_then(|_| file.read_exact(&mut end))
                .map_err(damaged(path))?;
            Ok(size.max(u64::from(u32::from_le_bytes(end))))
        }
        Kind::Zip => {
            let broken = zip_problem(path);
            let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(&broken)?;
            let mut sum = 0_u64;
            for index in 0..archive.len() {
                sum = sum.saturating_add(archive.by_index_raw(index).map_err(&broken)?.size());
            }
            Ok(sum)
        }
    }
}

/// How files of other archives begin.
const OTHERS: [(&[u8], &str); 5] = [
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!", "RAR"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
];

enum Kind {
    Zip,
    Tar,
    TarGz,
}

/// What a file is by its content.
fn kind(path: &Path) -> Result<Kind, DatasetError> {
    let mut start = Vec::new();
    open_regular(path)
        .and_then(|file| file.take(512).read_to_end(&mut start))
        .map_err(FileError::read(path))?;
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        Ok(Kind::Zip)
    } else if start.starts_with(&[0x1f, 0x8b]) {
        Ok(Kind::TarGz)
    } else if start.get(257..262) == Some(b"ustar".as_slice()) {
        Ok(Kind::Tar)
    } else if let Some((_, kind)) = OTHERS.iter().find(|(mark, _)| start.starts_with(mark)) {
        let reason = format!(
            "it is packed with {kind}, which is not read. Unpack it yourself and choose the folder, or pack it as .zip or \
             .tar.gz"
        );
        Err(problem(path, reason))
    } else {
        let reason = "this is a file and no zip or tar archive. Choose the folder of the dataset or such an archive of it; unpack \
                      others, such as RAR and 7z, yourself";
        Err(problem(path, reason))
    }
}

fn problem(path: &Path, reason: impl ToString) -> DatasetError {
    DatasetError::Archive {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

fn damaged(path: &Path) -> impl Fn(io::Error) -> DatasetError {
    let path = path.to_owned();
    move |err| {
        problem(
            &path,
            format!("it is damaged or cut off ({err}). Download it again"),
        )
    }
}

fn zip_problem(path: &Path) -> impl Fn(ZipError) -> DatasetError {
    let path = path.to_owned();
    move |err| match err {
        ZipError::UnsupportedArchive(what) => problem(
            &path,
            format!(
                "it is locked or packed in a way that is not read ({what}). Unpack it yourself and open the folder"
            ),
        ),
        err => damaged(&path)(io::Error::other(err)),
    }
}

/// Where files are written, and how much more may come.
struct Target<'a> {
    archive: &'a Path,
    folder: &'a Path,
    bytes_left: u64,
    files_left: usize,
}

impl<'a> Target<'a> {
    fn new(archive: &'a Path, folder: &'a Path) -> Result<Self, DatasetError> {
        let size = fs::metadata(archive)
            .map_err(FileError::read(archive))?
            .len();
        Ok(Self {
            archive,
            folder,
            bytes_left: size.saturating_mul(MOST_TIMES).saturating_add(FREE_BYTES),
            files_left: MOST_FILES,
        })
    }

    /// Writes one file. Hidden files and those of other systems are left out.
    fn write(&mut self, name: &Path, mut content: impl Read) -> Result<(), DatasetError> {
        let parts: Vec<Component<'_>> = name
            .components()
            .filter(|part| *part != Component::CurDir)
            .collect();
        if parts
            .iter()
            .any(|part| !matches!(part, Component::Normal(_)))
        {
            let reason = format!(
                "the name {} in it leads out of the folder. Do not use this archive",
                name.display()
            );
            return Err(problem(self.archive, reason));
        }
        if parts.is_empty() || is_hidden(name) {
            return Ok(());
        }
        self.count_file()?;
        let path = self.folder.join(parts.iter().collect::<PathBuf>());
        let parent = path.parent().unwrap_or(self.folder);
        fs::create_dir_all(parent).map_err(FileError::write(parent))?;
        let mut file = BufWriter::new(File::create(&path).map_err(FileError::write(&path))?);
        let mut bytes = vec![0; 1 << 16];
        loop {
            let count = content.read(&mut bytes).map_err(damaged(self.archive))?;
            if count == 0 {
                break;
            }
            self.bytes_left = self.bytes_left.checked_sub(count as u64).ok_or_else(|| {
                let reason = format!(
                    "it unpacks to more than {MOST_TIMES} times its size and 1 GiB. Unpack it yourself if you trust it, and open the folder"
                );
                problem(self.archive, reason)
            })?;
            file.write_all(&bytes[..count])
                .map_err(FileError::write(&path))?;
        }
        Ok(file.flush().map_err(FileError::write(&path))?)
    }

    /// One more, of a limited number.
    fn count_file(&mut self) -> Result<(), DatasetError> {
        let reason = "there are more than 2 million files in it";
        let left = self.files_left.checked_sub(1);
        self.files_left = left.ok_or_else(|| problem(self.archive, reason))?;
        Ok(())
    }
}

/// Whether a file or one of its folders is of a system. The record of what this program wrote is kept: predicted masks
/// are none of people's own.
fn is_hidden(name: &Path) -> bool {
    name.components().any(|part| {
        let Component::Normal(part) = part else {
            return false;
        };
        let part = part.to_string_lossy();
        part != OWN_RECORD && is_of_system(&part)
    })
}

/// Whether a name is of what systems and programs put beside people's files.
fn is_of_system(name: &str) -> bool {
    let known = ["__MACOSX", "Thumbs.db", "desktop.ini"];
    name.starts_with('.') || known.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn unzip(
    path: &Path,
    mut target: Target<'_>,
    progress: &mut Progress<'_>,
) -> Result<(), DatasetError> {
    let file = BufReader::new(open_regular(path).map_err(FileError::read(path))?);
    let broken = zip_problem(path);
    let mut archive = zip::ZipArchive::new(file).map_err(&broken)?;
    let total = fs::metadata(path).map_err(FileError::read(path))?.len();
    let mut done = 0;
    let mut links = Links::default();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(&broken)?;
        done += entry.compressed_size();
        let name = entry.name().map_err(&broken)?.replace('\\', "/");
        if entry.is_symlink() {
            let mut to = String::new();
            let content = entry.by_ref().take(LONGEST_PATH);
            { content }.read_to_string(&mut to).map_err(damaged(path))?;
            target.count_file()?;
            links.add_symbolic(Path::new(&name), Path::new(&to));
        } else if entry.is_file() {
            target.write(Path::new(&name), entry)?;
        }
        go_on(path, progress, done, total)?;
    }
    links.write(&mut target, &mut || go_on(path, progress, done, total))
}

fn untar(
    path: &Path,
    mut target: Target<'_>,
    progress: &mut Progress<'_>,
    decoder: impl FnOnce(Counting) -> Box<dyn Read>,
) -> Result<(), DatasetError> {
    let mut file = open_regular(path).map_err(FileError::read(path))?;
    let size = file
        .seek(io::SeekFrom::End(0))
        .map_err(FileError::read(path))?;
    file.rewind().map_err(FileError::read(path))?;
    let done = Rc::new(Cell::new(0));
    let counting = Counting {
        file: BufReader::new(file),
        done: Rc::clone(&done),
    };
    let mut archive = tar::Archive::new(decoder(counting));
    let mut files = 0;
    let mut links = Links::default();
    for entry in archive.entries().map_err(damaged(path))? {
        let entry = entry.map_err(damaged(path))?;
        let name = entry.path().map_err(damaged(path))?.into_owned();
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                target.write(&name, entry)?;
                files += 1;
            }
            kind @ (EntryType::Link | EntryType::Symlink) => {
                let to = entry.link_name().map_err(damaged(path))?;
                let to = to.unwrap_or_default().into_owned();
                target.count_file()?;
                if kind == EntryType::Link {
                    links.add_hard(&name, &to);
                } else {
                    links.add_symbolic(&name, &to);
                }
            }
            // Folders are made for the files in them; devices and pipes are no data.
            _ => {}
        }
        go_on(path, progress, done.get(), size)?;
    }
    if files == 0 {
        return Err(problem(path, "there are no files in it. Download it again"));
    }
    let done = done.get();
    links.write(&mut target, &mut || go_on(path, progress, done, size))
}

fn go_on(
    path: &Path,
    progress: &mut Progress<'_>,
    done: u64,
    total: u64,
) -> Result<(), DatasetError> {
    let kibibytes = |bytes: u64| usize::try_from(bytes >> 10).unwrap_or(usize::MAX);
    if progress(kibibytes(done), kibibytes(total).max(1)) {
        return Ok(());
    }
    Err(DatasetError::Interrupted {
        path: path.to_owned(),
    })
}

/// Counts the bytes of the archive that were read.
struct Counting {
    file: BufReader<File>,
    done: Rc<Cell<u64>>,
}

impl Read for Counting {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(bytes)?;
        self.done.set(self.done.get() + count as u64);
        Ok(count)
    }
}

/// The folder in a folder that holds nothing else of people's, as archives are mostly packed.
fn inner(mut folder: PathBuf) -> PathBuf {
    loop {
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut own = entries.filter(|entry| !is_of_system(&entry.file_name().to_string_lossy()));
        match (own.next(), own.next()) {
            (Some(only), None) if only.path().is_dir() => folder = only.path(),
            _ => return folder,
        }
    }
}
