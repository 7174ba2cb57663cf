use super::*;
use crate::model::Trunk;
use crate::training::preset;

fn slim(classes: usize) -> NetworkConfig {
    preset(Trunk::Vgg16Slim).network(classes)
}

fn plan(image: Size, tiling: Tiling, most: u64, room: Option<u64>) -> TilePlan {
    TilePlan::new(
        &slim(3),
        image,
        &tiling,
        (most, room),
        ComputedBy::Processor,
    )
}

#[test]
fn cores_cover_the_image_once_and_lie_on_the_grid_with_their_margins() {
    for (image, side) in [
        (Size::new(3000, 1700), 900),
        (Size::new(1000, 200), 640),
        (Size::new(33, 5000), 700),
        (Size::new(1025, 1025), 1024),
    ] {
        let plan = plan(image, sides(side), 0, None);
        assert!(!plan.is_whole());
        let mut covered = vec![0_u8; image.pixels() as usize];
        for tile in &plan.tiles {
            let (core, seen) = (tile.core, tile.seen);
            assert_eq!((seen.left % GRID, seen.top % GRID), (0, 0));
            assert!(
                seen.size.width <= side && seen.size.height <= side,
                "{seen:?}"
            );
            for y in core.top..core.top + core.size.height {
                let start = (y * image.width + core.left) as usize;
                for covered in &mut covered[start..start + core.size.width as usize] {
                    *covered += 1;
                }
            }
            // The field of FCN-8s slim is 404 pixels, and bilinear upsampling adds to it.
            let is_wide = |core: u32, seen: u32| seen == 0 || core - seen >= 224;
            assert!(is_wide(core.left, seen.left) && is_wide(core.top, seen.top));
        }
        assert!(covered.iter().all(|count| *count == 1), "{image}");
    }
}

fn sides(side: u32) -> Tiling {
    Tiling {
        side: Some(side),
        skip_empty: false,
    }
}

#[test]
fn what_fits_is_seen_as_a_whole() {
    let image = Size::new(1000, 500);
    let whole = plan(image, Tiling::default(), 500_000, Some(1));
    assert_eq!(whole.tiles, [Tile::whole(image)]);
    assert!(plan(image, sides(1000), 1, None).is_whole());
    assert!(!plan(image, sides(999), 1_000_000, None).is_whole());
}

#[test]
fn tiles_are_made_smaller_until_they_fit_into_the_memory() {
    let image = Size::new(12_000, 9000);
    let large = plan(image, Tiling::default(), 24_000_000, None);
    let small = plan(image, Tiling::default(), 24_000_000, Some(512 << 20));
    assert!(small.tiles.len() > large.tiles.len());
    let kept = 4 * image.pixels();
    assert!(large.memory > kept + (512 << 20), "{}", large.memory);
    assert!(small.memory <= kept + (512 << 20), "{}", small.memory);
    // Without room for anything the tiles are the smallest.
    let tiny = plan(image, Tiling::default(), 24_000_000, Some(0));
    assert!(tiny.memory > kept && tiny.tiles.len() > small.tiles.len());
}

#[test]
fn a_gpu_sees_as_a_whole_what_its_memory_has_room_for() {
    let image = Size::new(3000, 2000);
    let plan = |room| {
        let (network, tiling) = (slim(3), Tiling::default());
        TilePlan::new(&network, image, &tiling, (6_000_000, room), ComputedBy::Gpu)
    };
    assert!(plan(None).is_whole(), "nobody tells its memory");
    let taken = plan(None).memory - kept_bytes(image);
    assert!(plan(Some(taken)).is_whole());
    let tiled = plan(Some(taken - 1));
    assert!(!tiled.is_whole());
    assert!(tiled.memory - kept_bytes(image) < taken);
}

#[test]
fn a_tile_is_cut_out_row_by_row_and_is_empty_when_it_has_one_color() {
    let image = Rgb {
        width: 3,
        height: 2,
        pixels: (0..18).collect(),
    };
    let area = Area {
        left: 1,
        top: 1,
        size: Size::new(2, 1),
    };
    assert_eq!(area.cut(&image).pixels, [12, 13, 14, 15, 16, 17]);
    assert!(is_empty(&area.cut(&image)), "its channels differ by 3");
    assert!(!is_empty(&image), "and here by 15");
}

#[test]
fn what_is_around_a_pixel_lies_on_the_grid_with_its_margin() {
    let network = slim(3);
    let image = Size::new(2000, 40);
    let tile = Tile::around(&network, image, [1000, 39]);
    let margin = margin(&network, image);
    // Column 1000 is in the cell from 992 to 1024, row 39 in the last one, which is cut off.
    assert_eq!((tile.core.left, tile.core.size.width), (992, 32));
    assert_eq!((tile.core.top, tile.core.size.height), (32, 8));
    assert_eq!(tile.seen.left, 992 - margin);
    assert_eq!(tile.seen.size, Size::new(32 + 2 * margin, 40));
    assert_eq!(tile.seen.left % GRID, 0);
}

#[test]
fn what_is_decoded_as_it_is_needed_takes_what_the_decoder_holds() {
    let image = Size::new(12_000, 9_000);
    let facts = |held| ImageFacts { size: image, held };
    let tiled = plan(image, Tiling::default(), 24_000_000, None);
    let in_file = tiled.clone().of_file(facts(Some(1000)));
    assert!(in_file.is_in_file && !tiled.is_in_file);
    assert_eq!(in_file.memory, tiled.memory - 3 * 108_000_000 + 1000);
    assert_eq!(tiled.clone().of_file(facts(None)), tiled);
    // What the network sees at once is in memory.
    let whole = plan(image, Tiling::default(), u64::MAX, None);
    assert_eq!(whole.clone().of_file(facts(Some(1000))), whole);
}
