//! The window where none can be opened: each way is tried, and one message says so.

use super::workshop::Workshop;

#[test]
fn where_no_window_opens_one_message_names_the_ways_that_were_tried() {
    let shop = Workshop::new();
    // Names of a compositor and of a screen that nobody has.
    let output = shop.run_on_desktop(Some("wayland-of-nobody"), Some(":4242"));
    let ways = "None of Vulkan on Wayland, OpenGL on Wayland, Vulkan on X11, OpenGL on X11 opens a window. The last one says: ";
    output.failed_with(1, &[ways, "or use the command line: fcn-workbench --help"]);
    assert_eq!(output.stderr.trim().lines().count(), 1, "{}", output.stderr);
}

#[test]
fn without_a_desktop_the_window_says_what_is_missing() {
    let output = Workshop::new().run_on_desktop(None, None);
    output.failed_with(
        1,
        &["DISPLAY", "or use the command line: fcn-workbench --help"],
    );
    assert_eq!(output.stderr.trim().lines().count(), 1, "{}", output.stderr);
}
