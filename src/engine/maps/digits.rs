//! Numbers as pixels, for pictures that are written without a window and its letters.

use crate::dataset::Rgb;

/// Rows of a letter, from the left in the highest of five bits.
type Letter = [u8; HEIGHT];

const WIDTH: usize = 5;
const HEIGHT: usize = 7;
/// Between two letters.
const GAP: usize = 1;

#[rustfmt::skip]
const LETTERS: [(char, Letter); 13] = [
    ('0', [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110]),
    ('1', [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110]),
    ('2', [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111]),
    ('3', [0b01110, 0b10001, 0b00001, 0b00110, 0b00001, 0b10001, 0b01110]),
    ('4', [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010]),
    ('5', [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110]),
    ('6', [0b01110, 0b10000, 0b11110, 0b10001, 0b10001, 0b10001, 0b01110]),
    ('7', [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000]),
    ('8', [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110]),
    ('9', [0b01110, 0b10001, 0b10001, 0b10001, 0b01111, 0b00001, 0b01110]),
    ('-', [0b00000, 0b00000, 0b00000, 0b01110, 0b00000, 0b00000, 0b00000]),
    ('.', [0b00000, 0b00000, 0b00000, 0b00000, 0b00000, 0b01100, 0b01100]),
    ('e', [0b00000, 0b00000, 0b01110, 0b10001, 0b11111, 0b10000, 0b01110]),
];

/// Columns and rows that a text takes, each pixel of its letters `scale` pixels wide.
pub fn text_size(text: &str, scale: usize) -> [usize; 2] {
    let count = text.chars().count();
    let width = (count * (WIDTH + GAP)).saturating_sub(GAP);
    [scale * width, scale * HEIGHT]
}

/// Draws a text in black, its top left corner at column `left` and row `top`; what lies outside of the
/// picture is left out, and so are other characters than those of numbers.
pub fn draw_text(picture: &mut Rgb, text: &str, [left, top]: [usize; 2], scale: usize) {
    for (place, character) in text.chars().enumerate() {
        let known = LETTERS.iter().find(|(known, _)| *known == character);
        let Some((_, rows)) = known else { continue };
        for (row, bits) in rows.iter().enumerate() {
            for column in (0..WIDTH).filter(|column| bits >> (WIDTH - 1 - column) & 1 == 1) {
                let x = left + scale * (place * (WIDTH + GAP) + column);
                let y = top + scale * row;
                ink(picture, [x, y], scale);
            }
        }
    }
}

/// A black square.
fn ink(picture: &mut Rgb, [left, top]: [usize; 2], side: usize) {
    let (width, height) = (picture.width as usize, picture.height as usize);
    for y in top..(top + side).min(height) {
        for x in left..(left + side).min(width) {
            let at = 3 * (y * width + x);
            picture.pixels[at..at + 3].fill(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str, width: u32) -> Vec<String> {
        let mut picture = Rgb {
            width,
            height: 7,
            pixels: vec![255; 3 * 7 * width as usize],
        };
        draw_text(&mut picture, text, [0, 0], 1);
        let row = |row: &[u8]| {
            let pixels = row.chunks_exact(3);
            pixels
                .map(|pixel| if pixel[0] == 0 { '#' } else { '.' })
                .collect()
        };
        picture
            .pixels
            .chunks_exact(3 * width as usize)
            .map(row)
            .collect()
    }

    #[test]
    fn letters_look_like_themselves_and_stand_side_by_side() {
        assert_eq!(
            drawn("1.", 11),
            [
                "..#........",
                ".##........",
                "..#........",
                "..#........",
                "..#........",
                "..#....##..",
                ".###...##..",
            ]
        );
        assert_eq!(text_size("1.", 1), [11, 7]);
        assert_eq!(text_size("", 3), [0, 21]);
        // Cut off at the border, without a panic.
        assert_eq!(drawn("88", 3)[0], ".##");
    }

    #[test]
    fn every_text_of_a_number_can_be_drawn() {
        for value in [0.0, -1.5, 12.25, 3.2e-9, -4.5e12, 678.9] {
            let text = crate::engine::maps::tick_text(value);
            for character in text.chars() {
                assert!(
                    LETTERS.iter().any(|(known, _)| *known == character),
                    "{character} of {text}"
                );
            }
        }
    }
}
