//! How an image that is too large for the memory is cut into tiles that a network sees one after the
//! other.
//!
//! A tile is seen with a margin as wide as the network's receptive field, and begins where the cells of
//! the whole image's maps begin: each pixel gets the scores that it has in the whole image.

use crate::dataset::{Area, ImageFacts, Rgb, Size};
use crate::model::{ComputedBy, ImagePart, NetworkConfig};

/// Sides of tiles are multiples of this, and so are the places where they begin.
const GRID: u32 = ImagePart::GRID as u32;
/// Bytes of a pixel.
const RGB: u64 = 3;
/// A tile in which all values of a channel lie this close together has nothing in it.
const EMPTY: u8 = 12;

/// How large images are predicted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tiling {
    /// The longest side of what the network sees at a time, in pixels; `None` = as large as the memory
    /// allows.
    pub side: Option<u32>,
    /// Whether tiles of one color are left out: their mask is void.
    pub skip_empty: bool,
}

/// A part of an image that is predicted at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// The pixels that it predicts.
    pub core: Area,
    /// Those that the network sees for them.
    pub seen: Area,
}

/// The tiles of an image, and what they take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TilePlan {
    /// The image.
    pub image: Size,
    /// Row by row; one alone where the image is seen as a whole.
    pub tiles: Vec<Tile>,
    /// Bytes of the machine's or the GPU's memory at most, the image and its mask included, the network's
    /// weights not.
    pub memory: u64,
    /// Whether parts of the image are decoded as the tiles need them, and it is never in memory as a whole.
    pub is_in_file: bool,
}

impl TilePlan {
    /// The plan for a network that sees images of `most` pixels as a whole, with `room` bytes of memory; a
    /// `room` that is too small for the smallest tiles is exceeded. On a GPU, which cannot put memory aside
    /// as the system does for the processor, images that take more than the room are not seen as a whole.
    pub fn new(
        network: &NetworkConfig,
        image: Size,
        tiling: &Tiling,
        (most, room): (u64, Option<u64>),
        by: ComputedBy,
    ) -> Self {
        let memory = |seen: Size| network.prediction_memory(seen.dims(), by) + seen_bytes(seen);
        let whole = Tile::whole(image);
        let has_room = || room.is_none_or(|room| memory(image) <= room);
        let fits = |side: Option<u32>| match side {
            Some(side) => image.width <= side && image.height <= side,
            None => image.pixels() <= most && (!by.is_gpu() || has_room()),
        };
        let tiles = if fits(tiling.side) {
            vec![whole]
        } else {
            let margin = margin(network, image);
            // Where the core is smaller than its margins, most of the work is for these.
            let smallest = 3 * margin;
            let side = if let Some(side) = tiling.side {
                side.max(2 * margin + GRID)
            } else {
                let mut side = square(most).max(smallest);
                let room = room.unwrap_or(u64::MAX);
                while side > smallest && memory(Size::new(side, side)) > room {
                    side = (side / 5 * 4).max(smallest);
                }
                side
            };
            tiles_of(image, on_grid(side), margin)
        };
        Self {
            image,
            memory: kept_bytes(image) + memory(largest(&tiles)),
            tiles,
            is_in_file: false,
        }
    }

    /// The plan that sees an image as a whole, whatever that takes.
    pub fn whole(image: Size) -> Self {
        Self {
            image,
            tiles: vec![Tile::whole(image)],
            memory: kept_bytes(image),
            is_in_file: false,
        }
    }

    /// The plan for an image that the network sees at another size, which takes `seen` bytes: strips of at
    /// most `most` pixels, each of which takes `per_pixel` bytes.
    pub fn of_strips(image: Size, most: u64, seen: u64, per_pixel: u64) -> Self {
        let rows = (most / u64::from(image.width.max(1))).clamp(1, u64::from(image.height.max(1)));
        let rows = rows as u32;
        let strip = |top: u32| {
            let area = Area {
                left: 0,
                top,
                size: Size::new(image.width, rows.min(image.height - top)),
            };
            Tile {
                core: area,
                seen: area,
            }
        };
        let tiles: Vec<Tile> = (0..image.height)
            .step_by(rows as usize)
            .map(strip)
            .collect();
        let strip = u64::from(rows) * u64::from(image.width);
        Self {
            image,
            tiles,
            memory: kept_bytes(image) + seen + 2 * per_pixel * strip,
            is_in_file: false,
        }
    }

    /// The plan for an image of which parts are decoded as they are asked for, where its tiles ask for parts.
    pub(super) fn of_file(mut self, image: ImageFacts) -> Self {
        if let Some(held) = image.held
            && !self.is_whole()
        {
            self.memory = self.memory - RGB * self.image.pixels() + held;
            self.is_in_file = true;
        }
        self
    }

    /// Whether the network sees the image as a whole.
    pub fn is_whole(&self) -> bool {
        self.tiles.len() == 1
    }

    /// The largest size that the network sees at a time.
    pub fn largest(&self) -> Size {
        largest(&self.tiles)
    }
}

impl Tile {
    /// The whole image.
    pub fn whole(image: Size) -> Self {
        let area = Area::whole(image);
        Self {
            core: area,
            seen: area,
        }
    }

    /// What a network sees of an image for a pixel, given as column and row.
    pub fn around(network: &NetworkConfig, image: Size, [x, y]: [u32; 2]) -> Self {
        let margin = margin(network, image);
        let along = |at: u32, length: u32| {
            let start = at / GRID * GRID;
            let end = (start + GRID).min(length);
            let (first, last) = (start.saturating_sub(margin), (end + margin).min(length));
            ((start, end - start), (first, last - first))
        };
        let (columns, seen_columns) = along(x, image.width);
        let (rows, seen_rows) = along(y, image.height);
        let area = |(left, width): (u32, u32), (top, height): (u32, u32)| Area {
            left,
            top,
            size: Size::new(width, height),
        };
        Self {
            core: area(columns, rows),
            seen: area(seen_columns, seen_rows),
        }
    }

    /// Where the core begins in what is seen, as `[row, column]`.
    pub fn offset(&self) -> [usize; 2] {
        [
            (self.core.top - self.seen.top) as usize,
            (self.core.left - self.seen.left) as usize,
        ]
    }

    /// What the network is told of what it sees.
    pub fn part(&self, image: Size) -> ImagePart {
        ImagePart {
            whole: image.dims(),
            first: [self.seen.top as usize, self.seen.left as usize],
        }
    }
}

/// Whether an image is of one color, but for a little noise.
pub fn is_empty(image: &Rgb) -> bool {
    let mut least = [u8::MAX; 3];
    let mut most = [0; 3];
    for pixel in image.pixels.chunks_exact(3) {
        for channel in 0..3 {
            least[channel] = least[channel].min(pixel[channel]);
            most[channel] = most[channel].max(pixel[channel]);
        }
        if (0..3).any(|channel| most[channel] > least[channel].saturating_add(EMPTY)) {
            return false;
        }
    }
    true
}

fn largest(tiles: &[Tile]) -> Size {
    let most = |side: fn(Size) -> u32| {
        let sizes = tiles.iter().map(|tile| side(tile.seen.size));
        sizes.max().unwrap_or_default()
    };
    Size::new(most(|size| size.width), most(|size| size.height))
}

/// How far around a pixel the network looks, up to the next multiple of the grid.
fn margin(network: &NetworkConfig, image: Size) -> u32 {
    let fields = network.receptive_fields(image.dims());
    let reach = fields
        .iter()
        .map(|field| field.radius + field.offset.abs())
        .fold(0.0, f64::max);
    (reach.ceil() as u32).next_multiple_of(GRID)
}

/// The side of a square of so many pixels.
fn square(pixels: u64) -> u32 {
    (pixels as f64).sqrt() as u32
}

fn on_grid(side: u32) -> u32 {
    (side / GRID * GRID).max(GRID)
}

/// Bytes that stay while an image is predicted: its pixels and its mask.
fn kept_bytes(image: Size) -> u64 {
    (RGB + 1) * image.pixels()
}

/// Bytes of what the network sees: its pixels, and the values made of them.
fn seen_bytes(seen: Size) -> u64 {
    (3 + 3 * size_of::<f32>() as u64) * seen.pixels()
}

/// Tiles that are at most `side` pixels wide and high with their margins, about equally large.
fn tiles_of(image: Size, side: u32, margin: u32) -> Vec<Tile> {
    let columns = pieces(image.width, side, margin);
    let rows = pieces(image.height, side, margin);
    let of = |top: &Piece, left: &Piece| Tile {
        core: Area {
            left: left.core[0],
            top: top.core[0],
            size: Size::new(left.core[1] - left.core[0], top.core[1] - top.core[0]),
        },
        seen: Area {
            left: left.seen[0],
            top: top.seen[0],
            size: Size::new(left.seen[1] - left.seen[0], top.seen[1] - top.seen[0]),
        },
    };
    let row = |top: &Piece| columns.iter().map(|left| of(top, left)).collect::<Vec<_>>();
    rows.iter().flat_map(row).collect()
}

/// A tile along one axis: first pixel and end of its core and of what is seen.
struct Piece {
    core: [u32; 2],
    seen: [u32; 2],
}

fn pieces(length: u32, side: u32, margin: u32) -> Vec<Piece> {
    if length <= side {
        let all = [0, length];
        return vec![Piece {
            core: all,
            seen: all,
        }];
    }
    let widest = side.saturating_sub(2 * margin).max(GRID);
    let count = length.div_ceil(widest);
    let core = length.div_ceil(count).next_multiple_of(GRID);
    let piece = |start: u32| {
        let end = (start + core).min(length);
        Piece {
            core: [start, end],
            seen: [start.saturating_sub(margin), (end + margin).min(length)],
        }
    };
    (0..length).step_by(core as usize).map(piece).collect()
}

#[cfg(test)]
mod tests;
