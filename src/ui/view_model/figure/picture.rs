//! The figure as pixels.

use super::{Area, Figure, Shown};
use crate::engine::{ClassList, LabelMap, Pixels, Rgb, Size, VOID};

const WHITE: u8 = 255;
/// Around pictures, since void is white.
const FRAME: [u8; 3] = [160; 3];

/// The figure on white.
pub fn picture(figure: &Figure) -> Rgb {
    let layout = figure.layout();
    let pixels = vec![WHITE; 3 * layout.width as usize * layout.height as usize];
    let mut page = Rgb {
        width: layout.width,
        height: layout.height,
        pixels,
    };
    for (area, shown) in &layout.columns {
        let frame = Area {
            left: area.left - 1,
            top: area.top - 1,
            width: area.width + 2,
            height: area.height + 2,
        };
        fill(&mut page, frame, FRAME);
        put(&mut page, *area, &pixels_of(shown, *area));
    }
    for (area, color) in &layout.swatches {
        fill(&mut page, *area, FRAME);
        let inner = Area {
            left: area.left + 1,
            top: area.top + 1,
            width: area.width - 2,
            height: area.height - 2,
        };
        fill(&mut page, inner, *color);
    }
    for (left, top, _, text) in &layout.texts {
        for y in 0..text.height {
            for x in 0..text.width {
                let ink = text.ink[(y * text.width + x) as usize];
                if let Some(pixel) = pixel_at(&mut page, left + x, top + y) {
                    pixel.fill(WHITE - ink);
                }
            }
        }
    }
    page
}

/// What a column shows, at the size of its area.
pub(super) fn pixels_of(shown: &Shown, area: Area) -> Rgb {
    match shown {
        Shown::Image(Pixels::InMemory(image)) if image.width < area.width => {
            let pixel = |x: u32, y: u32| {
                let at = 3 * (y as usize * image.width as usize + x as usize);
                [image.pixels[at], image.pixels[at + 1], image.pixels[at + 2]]
            };
            nearest([image.width, image.height], area, pixel)
        }
        Shown::Image(image) => {
            let size = Size::new(area.width, area.height);
            image.or_blank(image.resized(size), size)
        }
        Shown::Mask(mask, classes) => colored(mask, classes, area),
    }
}

/// A mask in the colors of its classes; void is white.
fn colored(mask: &LabelMap, classes: &ClassList, area: Area) -> Rgb {
    let color = |x: u32, y: u32| {
        let label = mask.labels[y as usize * mask.width as usize + x as usize];
        if label == VOID {
            [WHITE; 3]
        } else {
            classes.color(label)
        }
    };
    nearest([mask.width, mask.height], area, color)
}

fn nearest([width, height]: [u32; 2], area: Area, color: impl Fn(u32, u32) -> [u8; 3]) -> Rgb {
    let from = |at: u32, of: u32, size: u32| {
        // The source pixel in the middle of the target pixel.
        ((2 * u64::from(at) + 1) * u64::from(size) / (2 * u64::from(of.max(1)))) as u32
    };
    let mut pixels = Vec::with_capacity(3 * area.width as usize * area.height as usize);
    for y in 0..area.height {
        for x in 0..area.width {
            let (x, y) = (from(x, area.width, width), from(y, area.height, height));
            pixels.extend(color(x, y));
        }
    }
    Rgb {
        width: area.width,
        height: area.height,
        pixels,
    }
}

fn fill(page: &mut Rgb, area: Area, color: [u8; 3]) {
    for y in area.top..area.top + area.height {
        for x in area.left..area.left + area.width {
            if let Some(pixel) = pixel_at(page, x, y) {
                pixel.copy_from_slice(&color);
            }
        }
    }
}

fn put(page: &mut Rgb, area: Area, picture: &Rgb) {
    let row = 3 * picture.width as usize;
    for (y, pixels) in picture.pixels.chunks_exact(row.max(1)).enumerate() {
        let start = 3 * ((area.top as usize + y) * page.width as usize + area.left as usize);
        if let Some(target) = page.pixels.get_mut(start..start + row) {
            target.copy_from_slice(pixels);
        }
    }
}

/// A text may be wider than the figure.
fn pixel_at(page: &mut Rgb, x: u32, y: u32) -> Option<&mut [u8]> {
    let inside = x < page.width && y < page.height;
    let start = 3 * (y as usize * page.width as usize + x as usize);
    page.pixels.get_mut(start..start + 3).filter(|_| inside)
}

#[cfg(test)]
mod tests {
    use super::super::tests::figure;
    use super::*;

    fn at(page: &Rgb, x: u32, y: u32) -> [u8; 3] {
        let start = 3 * (y as usize * page.width as usize + x as usize);
        [
            page.pixels[start],
            page.pixels[start + 1],
            page.pixels[start + 2],
        ]
    }

    #[test]
    fn pixels_masks_and_texts_are_where_the_layout_says() {
        let page = picture(&figure());
        // The two pixels of the image, each 110 wide, with hard edges.
        assert_eq!(at(&page, 16, 16), [10, 20, 30]);
        assert_eq!(at(&page, 16 + 109, 16 + 109), [10, 20, 30]);
        assert_eq!(at(&page, 16 + 110, 16), [40, 50, 60]);
        // Label 2, then label 0.
        assert_eq!(at(&page, 246, 16), [2, 100, 200]);
        assert_eq!(at(&page, 246 + 219, 16), [0, 100, 200]);
        assert_eq!(at(&page, 15, 15), FRAME);
        assert_eq!(at(&page, 0, 0), [WHITE; 3]);
        // The ink of the first title.
        assert_eq!(at(&page, 16 + 95, 16 + 110 + 6), [0; 3]);
    }

    #[test]
    fn void_is_white() {
        let area = Area {
            left: 0,
            top: 0,
            width: 1,
            height: 1,
        };
        let mask = LabelMap {
            width: 1,
            height: 1,
            labels: vec![VOID],
        };
        let classes = ClassList::numbered(2);
        assert_eq!(colored(&mask, &classes, area).pixels, [WHITE; 3]);
    }
}
