//! Masks of several pictures.

use super::raw::read_raw;
use crate::dataset::image_io::animation::tests::animations;

#[test]
fn animations_are_no_masks() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for pictures in [1, 2] {
        for path in animations(dir.path(), pictures) {
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
