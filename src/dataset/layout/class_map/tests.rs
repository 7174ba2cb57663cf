use super::super::tests::{write_pair, write_text};
use super::*;

/// A dataset of three classes with the labels of its first mask, under a map.
fn mapped(map: &str, pixels: [u8; 2]) -> Result<(Vec<String>, Vec<u8>), String> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    for name in ["a", "b"] {
        let mask = root.join(format!("masks/{name}.png"));
        write_pair(&root.join(format!("images/{name}.png")), &mask, pixels);
    }
    let listed = "ground 1 2 3\ncar 4 5 6\ntruck 7 8 9\n";
    write_text(&root.join("classes.txt"), listed);
    write_text(&root.join(CLASS_MAP_FILE), map);
    let dataset = Dataset::open(root).map_err(|err| err.to_string())?;
    let names = dataset
        .classes
        .iter()
        .map(|class| class.name.clone())
        .collect();
    let read = dataset.mask_reader().read_pair(&dataset.train[0]);
    Ok((names, read.map_err(|err| err.to_string())?.1.labels))
}

fn expect(map: &str, pixels: [u8; 2], names: &[&str], labels: [u8; 2]) {
    let (found_names, found) = mapped(map, pixels).unwrap_or_else(|err| panic!("{map}: {err}"));
    assert_eq!(found_names, names, "{map}");
    assert_eq!(found, labels, "{map}");
}

#[test]
fn labels_get_the_meaning_of_the_map() {
    let own = ["ground", "car", "truck"];
    expect("", [1, 2], &own, [1, 2]);
    expect("first_label = 1", [1, 3], &own, [0, 2]);
    expect("void = [2]", [1, 2], &own, [1, VOID]);
    let merged = "[[class]]\nname = \"ground\"\n[[class]]\nname = \"vehicle\"\nfrom = [\"Car\", \"truck\"]\n";
    expect(merged, [1, 2], &["ground", "vehicle"], [1, 1]);
    let by_labels = "[[class]]\nname = \"none\"\nlabels = [0, 1]\n[[class]]\nname = \"lesion\"\nlabels = [255]\n";
    expect(by_labels, [0, 255], &["none", "lesion"], [0, 1]);
    let ignored = "[[class]]\nname = \"ground\"\nignore = true\n[[class]]\nname = \"truck\"\n[[class]]\nname = \"car\"\n";
    expect(ignored, [0, 1], &["truck", "car"], [VOID, 1]);
    // Of classes that the map does not name, and of one that it leaves out, colors and labels may be void.
    expect("void_colors = [[4, 5, 6]]", [1, 2], &own, [1, 2]);
    let twice = format!("void = [0]\nvoid_colors = [[1, 2, 3]]\n{ignored}");
    expect(&twice, [0, 1], &["truck", "car"], [VOID, 1]);
}

#[test]
fn a_label_that_the_map_leaves_out_is_an_error() {
    let map = "[[class]]\nname = \"ground\"\n[[class]]\nname = \"car\"\n";
    let message = mapped(map, [0, 2]).expect_err("no class");
    assert!(message.contains("label 2 at column 1, row 0"), "{message}");
}

#[test]
fn what_is_wrong_with_a_map_is_named() {
    for (map, part) in [
        ("void = [300]", "300"),
        ("colour = 1", "unknown field `colour`"),
        ("[[class]]\nname = \"x\"\nfrom = [\"bus\"]\n", "\"bus\""),
        (
            "[[class]]\nname = \"x\"\nlabels = [1]\n[[class]]\nname = \"y\"\nlabels = [1]\n",
            "label 1 of class \"y\"",
        ),
        (
            "void = [1]\n[[class]]\nname = \"x\"\nlabels = [0, 1]\n",
            "label 1 is in \"void\" and is a label of class \"x\"",
        ),
        (
            "void = [1]\n[[class]]\nname = \"x\"\nfrom = [\"ground\", \"car\"]\n",
            "label 1 is in \"void\" and is of class \"x\" by its \"from\"",
        ),
        (
            "void_colors = [[1, 2, 3]]\n[[class]]\nname = \"x\"\ncolors = [[1, 2, 3]]\n",
            "the color 1 2 3 is in \"void_colors\"",
        ),
        (
            "void_colors = [[4, 5, 6]]\n[[class]]\nname = \"x\"\nfrom = [\"ground\", \"car\"]\n",
            "the color 4 5 6 is in \"void_colors\" and is of class \"x\" by its \"from\"",
        ),
        // By its name, and by its place.
        (
            "void = [1]\n[[class]]\nname = \"ground\"\n[[class]]\nname = \"car\"\n",
            "label 1 is in \"void\" and is of class \"car\" by its name or its place. Take it out there",
        ),
        (
            "void = [1]\n[[class]]\nname = \"x\"\n[[class]]\nname = \"y\"\n",
            "label 1 is in \"void\" and is of class \"y\" by its name or its place",
        ),
        (
            "void_colors = [[4, 5, 6]]\n[[class]]\nname = \"Car\"\n",
            "the color 4 5 6 is in \"void_colors\" and is of class \"Car\" by its name",
        ),
        ("void = [1]\nvoid = [2]\n", "duplicate key"),
        ("[[class]]\nname = \"x\"\nignore = true\n", "no class"),
        ("[[class]]\nlabels = [1]\n", "has no name"),
    ] {
        let message = mapped(map, [0, 1]).expect_err("refused");
        assert!(
            message.contains(CLASS_MAP_FILE) && message.contains(part),
            "{map}: {message}"
        );
    }
}

#[test]
fn colors_may_be_safe_for_color_blind_people() {
    let map: ClassMap = toml::from_str("palette = \"color-blind\"").expect("a map");
    let colors: Vec<[u8; 3]> = (0..40)
        .map(|label| map.palette.expect("a palette").color(label))
        .collect();
    assert_eq!(colors[1], [0, 0, 255]);
    for (index, color) in colors.iter().enumerate() {
        assert!(!colors[..index].contains(color), "{index}");
    }
}
