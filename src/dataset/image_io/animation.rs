//! Which files hold several pictures one after the other: animations as GIF, PNG and WebP. Nothing in them says
//! which picture is meant.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

/// Why an animation is refused, and what to do.
pub(super) const ANIMATED: &str = "it is an animation of several pictures, and an image or a mask is one picture. Save the picture \
                                   that is meant as a file of its own";

/// Whether a file, which is at its start before and after, is an animation of more than one picture. A
/// damaged one is not, as far as it can be followed: its decoder says what is wrong.
pub(super) fn is_animation(file: &mut (impl BufRead + Seek)) -> io::Result<bool> {
    let start = file.fill_buf()?;
    let several = if start.starts_with(b"\x89PNG\r\n\x1a\n") {
        png(file)
    } else if start.starts_with(b"GIF8") {
        gif(file)
    } else if start.starts_with(b"RIFF") && start.get(8..12) == Some(b"WEBP") {
        webp(file)
    } else {
        return Ok(false);
    };
    file.rewind()?;
    Ok(several.unwrap_or(false))
}

/// Whether `acTL`, which comes before the pixels, counts several (PNG, third edition, section 11.3.6.1).
fn png(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    file.seek(SeekFrom::Start(8))?;
    loop {
        let length = u32::from_be_bytes(bytes(file)?);
        match &bytes(file)? {
            b"acTL" => return Ok(u32::from_be_bytes(bytes(file)?) > 1),
            b"IDAT" | b"IEND" => return Ok(false),
            // Four bytes of a checksum follow.
            _ => skip(file, u64::from(length) + 4)?,
        }
    }
}

/// Whether there are two descriptors of pictures (GIF 89a, sections 18 to 27).
fn gif(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    file.seek(SeekFrom::Start(10))?;
    let [flags, _, _] = bytes(file)?;
    skip(file, colors(flags))?;
    let mut pictures = 0;
    loop {
        match bytes(file)? {
            [0x21] => skip(file, 1)?,
            [0x2c] => {
                pictures += 1;
                if pictures > 1 {
                    return Ok(true);
                }
                skip(file, 8)?;
                let [flags] = bytes(file)?;
                // The size of the first codes is one byte.
                skip(file, colors(flags) + 1)?;
            }
            _ => return Ok(false),
        }
        // Blocks of up to 255 bytes, the last of which is empty.
        loop {
            let [length] = bytes(file)?;
            if length == 0 {
                break;
            }
            skip(file, u64::from(length))?;
        }
    }
}

/// Bytes of the table of colors that these flags announce.
fn colors(flags: u8) -> u64 {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 7) + 1)
    }
}

/// Whether there are two chunks with a frame (RFC 9649, section 2.7.1.2).
fn webp(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    file.seek(SeekFrom::Start(12))?;
    let mut frames = 0;
    loop {
        let kind: [u8; 4] = bytes(file)?;
        let length = u64::from(u32::from_le_bytes(bytes(file)?));
        frames += usize::from(&kind == b"ANMF");
        if frames > 1 {
            return Ok(true);
        }
        // Chunks begin at even places.
        skip(file, length + length % 2)?;
    }
}

fn bytes<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Goes on without leaving the buffer where that is possible.
fn skip(file: &mut impl Seek, count: u64) -> io::Result<()> {
    file.seek_relative(i64::try_from(count).map_err(|_| io::ErrorKind::InvalidData)?)
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs::{self, File};
    use std::path::{Path, PathBuf};

    use image::codecs::gif::GifEncoder;
    use image::{Frame, ImageFormat, Rgba, RgbaImage};

    use super::super::{ImageReading, read_image_header, read_rgb};

    /// A GIF and a PNG of so many pictures of 2x1 pixels, below `dir`.
    pub(in crate::dataset::image_io) fn animations(dir: &Path, pictures: u8) -> [PathBuf; 2] {
        let gif = dir.join(format!("{pictures}.gif"));
        let mut encoder = GifEncoder::new(File::create(&gif).expect("a file"));
        for color in 0..pictures {
            let picture = RgbaImage::from_pixel(2, 1, Rgba([color, 0, 0, 255]));
            encoder
                .encode_frame(Frame::new(picture))
                .expect("a picture");
        }
        drop(encoder);
        let png = dir.join(format!("{pictures}.png"));
        let mut encoder = png::Encoder::new(File::create(&png).expect("a file"), 2, 1);
        encoder.set_color(png::ColorType::Grayscale);
        encoder
            .set_animated(u32::from(pictures), 0)
            .expect("an animation");
        let mut writer = encoder.write_header().expect("a header");
        for label in 0..pictures {
            writer.write_image_data(&[label, 1]).expect("a picture");
        }
        writer.finish().expect("written");
        [gif, png]
    }

    /// A WebP of so many pictures of 2x1 pixels.
    fn webp(dir: &Path, pictures: u8) -> PathBuf {
        let mut still = std::io::Cursor::new(Vec::new());
        RgbaImage::from_pixel(2, 1, Rgba([9, 9, 9, 255]))
            .write_to(&mut still, ImageFormat::WebP)
            .expect("a WebP");
        let chunk = |kind: &[u8; 4], content: &[u8]| {
            let length = u32::try_from(content.len()).expect("a short one");
            let padding = &[0][..content.len() % 2];
            [&kind[..], &length.to_le_bytes(), content, padding].concat()
        };
        // Behind `RIFF`, its length and `WEBP`.
        let picture = &still.get_ref()[12..];
        // Flag of an animation; width and height less one, 3 bytes each.
        let mut content = chunk(b"VP8X", &[2, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
        content.extend(chunk(b"ANIM", &[0; 6]));
        for _ in 0..pictures {
            // Place, size less one, 100 ms, flags.
            let place = [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 100, 0, 0, 0];
            content.extend(chunk(b"ANMF", &[&place[..], picture].concat()));
        }
        let path = dir.join(format!("{pictures}.webp"));
        let whole = chunk(b"RIFF", &[b"WEBP", &content[..]].concat());
        fs::write(&path, whole).expect("written");
        path
    }

    #[test]
    fn animations_are_no_images() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for pictures in [1, 2, 3] {
            let [gif, png] = animations(dir.path(), pictures);
            for path in [gif, png, webp(dir.path(), pictures)] {
                let read = [
                    read_rgb(&path).map(|image| image.width),
                    read_image_header(&path).map(|header| header.size.width),
                    ImageReading::default().read(&path).map(|image| image.width),
                ];
                for result in read {
                    match result {
                        Ok(width) => {
                            assert_eq!((pictures, width), (1, 2), "{}", path.display());
                        }
                        Err(err) => {
                            let message = err.to_string();
                            let name = path.file_name().expect("a name").to_string_lossy();
                            assert!(
                                pictures > 1
                                    && message.contains(&*name)
                                    && message.contains("an animation of several pictures"),
                                "{message}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn one_picture_with_all_that_may_be_around_it_is_no_animation() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let still = RgbaImage::from_fn(40, 30, |x, y| Rgba([x as u8, y as u8, 7, 255]));
        for name in ["still.png", "still.gif", "still.webp"] {
            let path = dir.path().join(name);
            still.save(&path).expect("written");
            assert_eq!(read_rgb(&path).expect("an image").width, 40, "{name}");
        }
        // A comment before the picture, as GIF programs write.
        let path = dir.path().join("still.gif");
        let bytes = fs::read(&path).expect("a GIF");
        let head = 13 + super::colors(bytes[10]) as usize;
        let comment = b"\x21\xfe\x02\x2c\x2c\x01\x2c\x00";
        let text = [&bytes[..head], comment, &bytes[head..]].concat();
        fs::write(&path, text).expect("written");
        assert_eq!(read_rgb(&path).expect("an image").width, 40);
    }
}
