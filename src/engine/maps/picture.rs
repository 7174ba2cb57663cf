//! A map of numbers as a picture with a color bar beside it.

use super::digits::{draw_text, text_size};
use super::{ColorScale, NumberMap, tick_text};
use crate::dataset::Rgb;

/// Smaller maps are enlarged by a whole factor to about this side.
const SMALLEST: usize = 256;
/// White around the map and between it and its bar.
const MARGIN: usize = 12;
/// Of the color bar.
const BAR_WIDTH: usize = 16;
const TICK: usize = 4;
/// Letters are so many times as large as they are drawn.
const LETTERS: usize = 2;

/// The map in the colors of a scale, each cell a square, and to its right a color bar with the numbers at
/// its ends and in its middle.
pub fn picture_of(map: &NumberMap, scale: &ColorScale) -> Rgb {
    let (columns, rows) = (map.size.width as usize, map.size.height as usize);
    let cell = (SMALLEST / columns.max(rows).max(1)).max(1);
    let (map_width, map_height) = (cell * columns, cell * rows);
    let texts = scale.ticks().map(tick_text);
    let sizes = texts.each_ref().map(|text| text_size(text, LETTERS));
    let [_, letter_height] = sizes[0];
    // Room for three numbers one above the other.
    let bar_height = map_height.max(5 * letter_height);
    let text_width = sizes.iter().map(|[width, _]| *width).max().unwrap_or(0);
    let bar_left = MARGIN + map_width + MARGIN;
    let text_left = bar_left + BAR_WIDTH + TICK + MARGIN / 2;
    let width = text_left + text_width + MARGIN;
    let height = bar_height + 2 * MARGIN;
    let mut picture = Rgb {
        width: width as u32,
        height: height as u32,
        pixels: vec![255; 3 * width * height],
    };
    let mut put = |x: usize, y: usize, color: [u8; 3]| {
        let at = 3 * (y * width + x);
        picture.pixels[at..at + 3].copy_from_slice(&color);
    };
    for y in 0..map_height {
        for x in 0..map_width {
            let value = map.values[y / cell * columns + x / cell];
            put(MARGIN + x, MARGIN + y, scale.color(value));
        }
    }
    for y in 0..bar_height {
        // The highest number is at the top.
        let share = 1.0 - y as f32 / (bar_height - 1) as f32;
        let color = scale.color(scale.low + share * (scale.high - scale.low));
        for x in 0..BAR_WIDTH {
            put(bar_left + x, MARGIN + y, color);
        }
    }
    for (text, share) in texts.iter().zip([0.0, 0.5, 1.0]) {
        let y = MARGIN + ((1.0 - share) * (bar_height - 1) as f64).round() as usize;
        for x in 0..TICK {
            let at = 3 * (y * width + bar_left + BAR_WIDTH + x);
            picture.pixels[at..at + 3].fill(0);
        }
        let lowest = MARGIN + bar_height - letter_height;
        let top = (y.saturating_sub(letter_height / 2)).clamp(MARGIN, lowest);
        draw_text(&mut picture, text, [text_left, top], LETTERS);
    }
    picture
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Size;

    #[test]
    fn cells_are_squares_and_the_bar_has_its_ends() {
        let map = NumberMap {
            size: Size::new(2, 1),
            values: vec![0.0, 1.0],
        };
        let picture = picture_of(&map, &ColorScale::SHARES);
        let pixel = |x: usize, y: usize| {
            let at = 3 * (y * picture.width as usize + x);
            [0, 1, 2].map(|channel| picture.pixels[at + channel])
        };
        let (first, last) = (ColorScale::SHARES.color(0.0), ColorScale::SHARES.color(1.0));
        // Cells of 128 pixels behind a margin of 12.
        assert_eq!((pixel(12, 12), pixel(139, 139)), (first, first));
        assert_eq!((pixel(140, 12), pixel(267, 139)), (last, last));
        assert_eq!(pixel(11, 12), [255; 3]);
        // The bar begins 12 pixels behind the map: 1 above, 0 below.
        assert_eq!((pixel(280, 12), pixel(280, 139)), (last, first));
        let ink = (300..picture.width as usize)
            .flat_map(|x| (0..picture.height as usize).map(move |y| (x, y)))
            .filter(|(x, y)| pixel(*x, *y) == [0; 3]);
        assert!(ink.count() > 50, "numbers beside the bar");
    }

    #[test]
    fn a_map_of_one_cell_has_room_for_its_numbers() {
        let map = NumberMap {
            size: Size::new(1, 1),
            values: vec![3.5],
        };
        let picture = picture_of(&map, &ColorScale::of(&map));
        assert_eq!(
            picture.pixels.len(),
            3 * (picture.width * picture.height) as usize
        );
        assert!(picture.height >= 256);
    }
}
