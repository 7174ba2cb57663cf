//! Masks of several pictures.

use std::fs::File;

use image::codecs::gif::GifEncoder;
use image::{Frame, Rgba, RgbaImage};

use super::raw::read_raw;

#[test]
fn animations_are_no_masks() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for pictures in [1, 2] {
        let gif = dir.path().join(format!("{pictures}.gif"));
        let mut encoder = GifEncoder::new(File::create(&gif).expect("a file"));
        for color in 0..pictures {
            let picture = RgbaImage::from_pixel(2, 1, Rgba([color, 0, 0, 255]));
            encoder
                .encode_frame(Frame::new(picture))
                .expect("a picture");
        }
        drop(encoder);
        let png = dir.path().join(format!("{pictures}.png"));
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
        for path in [gif, png] {
            match read_raw(&path) {
                Ok(mask) => assert_eq!((pictures, mask.width), (1, 2), "{}", path.display()),
                Err(err) => {
                    let message = err.to_string();
                    assert!(
                        pictures == 2 && message.contains("an animation of several pictures"),
                        "{message}"
                    );
                }
            }
        }
    }
}
