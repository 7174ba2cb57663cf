use super::*;

fn list(text: &str) -> Vec<(String, [u8; 3])> {
    let parsed = ClassList::parse(text, false).expect("a valid list");
    Vec::<Class>::from(parsed.classes)
        .into_iter()
        .map(|class| (class.name, class.color))
        .collect()
}

fn road_scene() -> Vec<(String, [u8; 3])> {
    vec![
        ("Sky".to_owned(), [128, 128, 128]),
        ("Building".to_owned(), [128, 0, 0]),
        ("Side walk".to_owned(), [0, 0, 192]),
    ]
}

#[test]
fn names_with_and_without_colors_are_read() {
    let text = "\u{feff}# comment\nsky 1 2 3\r\n\n traffic light \nlane 2\n";
    let parsed = ClassList::parse(text, false).expect("a valid list");
    assert!(!parsed.has_colors);
    assert_eq!(
        list(text),
        [
            ("sky".to_owned(), [1, 2, 3]),
            ("traffic light".to_owned(), [128, 0, 0]),
            ("lane 2".to_owned(), [0, 128, 0]),
        ]
    );
    let problem = |text| ClassList::parse(text, false).unwrap_err();
    assert!(problem("road 1 2 300").contains("line 1: the color value 300"));
    assert!(problem("# nothing\n").contains("no class"));
}

#[test]
fn every_way_of_writing_a_color_is_the_same() {
    for text in [
        "Sky 128 128 128\nBuilding 128 0 0\nSide walk 0 0 192\n",
        "128 128 128\tSky\r\n128 0 0\t\tBuilding\r\n0 0 192\tSide walk\r\n",
        "128 128 128 Sky\n128 0 0 Building\n0 0 192 Side walk\n",
        "name,r,g,b\nSky,128,128,128\nBuilding,128,0,0\nSide walk,0,0,192\n",
        "Name; Red; Green; Blue\nSky;128;128;128\nBuilding;128;0;0\nSide walk;0;0;192\n",
        "Sky,128,128,128\nBuilding,128,0,0\nSide walk,0,0,192\n",
        "r,g,b,class\n128,128,128,Sky\n128,0,0,Building\n0,0,192,Side walk\n",
        "name,color\n\"Sky\",\"128,128,128\"\nBuilding,\"[128, 0, 0]\"\nSide walk,(0 0 192)\n",
        "id,name,r,g,b\n2,Side walk,0,0,192\n0,Sky,128,128,128\n1,Building,128,0,0\n",
        "0 Sky 128 128 128\n1 Building 128 0 0\n2 Side walk 0 0 192\n",
        "# label:color_rgb:parts:actions\nSky:128,128,128::\nBuilding:128,0,0::\nSide walk:0,0,192::\n",
    ] {
        assert_eq!(list(text), road_scene(), "{text}");
        let parsed = ClassList::parse(text, false).expect("a valid list");
        assert!(parsed.has_colors, "{text}");
        assert_eq!(parsed.by_color, text.contains("parts"), "{text}");
    }
}

#[test]
fn a_table_of_values_gives_labels() {
    let found = list("Pixel Value, Class\n0, background\n1, crack\n");
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["background", "crack"]);
    let found = list("1 road\n2 car\n");
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["class 0", "road", "car"]);
    let twice = ClassList::parse("id,name\n1,a\n1,b\n", false).unwrap_err();
    assert!(twice.contains("line 3: the label 1"), "{twice}");
}

#[test]
fn what_is_not_labeled_is_no_class() {
    let labelme = ClassList::parse("__ignore__\n_background_\nsquare\nbar", false).expect("read");
    let names: Vec<&str> = labelme
        .classes
        .iter()
        .map(|class| class.name.as_str())
        .collect();
    assert_eq!(names, ["background", "square", "bar"]);
    let text = "64 128 64\tAnimal\n0 0 0\t\tVoid\n64 192 0\tWall\n";
    let colors = ClassList::parse(text, true).expect("read");
    assert_eq!(colors.classes.len(), 2);
    assert_eq!(colors.void_colors, [[0, 0, 0]]);
    // In a plain list "Void" has a label, and what it means is not for us to say.
    assert_eq!(
        ClassList::parse(text, false).expect("read").classes.len(),
        3
    );
}

#[test]
fn a_class_may_be_called_like_a_heading() {
    let found = list("name\nclass\n");
    assert_eq!(found.len(), 2);
}
