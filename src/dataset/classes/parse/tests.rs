use super::*;

fn list(text: &str) -> Vec<(String, [u8; 3])> {
    let parsed = ClassList::parse(text, ListKind::Names).expect("a valid list");
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
    let parsed = ClassList::parse(text, ListKind::Names).expect("a valid list");
    assert!(!parsed.has_colors);
    assert_eq!(
        list(text),
        [
            ("sky".to_owned(), [1, 2, 3]),
            ("traffic light".to_owned(), [128, 0, 0]),
            ("lane 2".to_owned(), [0, 128, 0]),
        ]
    );
    let problem = |text| ClassList::parse(text, ListKind::Names).unwrap_err();
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
        let parsed = ClassList::parse(text, ListKind::Names).expect("a valid list");
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
    let twice = ClassList::parse("id,name\n1,a\n1,b\n", ListKind::Names).unwrap_err();
    assert!(twice.contains("line 3: the label 1"), "{twice}");
}

#[test]
fn what_is_not_labeled_is_no_class() {
    let labelme =
        ClassList::parse("__ignore__\n_background_\nsquare\nbar", ListKind::Names).expect("read");
    let names: Vec<&str> = labelme
        .classes
        .iter()
        .map(|class| class.name.as_str())
        .collect();
    assert_eq!(names, ["background", "square", "bar"]);
    let text = "64 128 64\tAnimal\n0 0 0\t\tVoid\n64 192 0\tWall\n";
    let colors = ClassList::parse(text, ListKind::Colors).expect("read");
    assert_eq!(colors.classes.len(), 2);
    assert_eq!(colors.void_colors, [[0, 0, 0]]);
    // In a plain list "Void" has a label, and what it means is not for us to say.
    assert_eq!(
        ClassList::parse(text, ListKind::Names)
            .expect("read")
            .classes
            .len(),
        3
    );
}

#[test]
fn a_class_may_be_called_like_a_heading() {
    let found = list("name\nclass\n");
    assert_eq!(found.len(), 2);
}

#[test]
fn numbers_are_what_they_can_be_in_all_lines() {
    let names = |text: &str, kind| -> Vec<String> {
        let parsed = ClassList::parse(text, kind).unwrap_or_else(|err| panic!("{text}: {err}"));
        let classes = Vec::<Class>::from(parsed.classes);
        classes.into_iter().map(|class| class.name).collect()
    };
    let expected = ["ground", "square", "bar"];
    for text in [
        "2 bar\n1 square\n0 ground\n",
        "0: ground\n1: square\n2: bar\n",
        "0 = ground\n1 = square\n2 = bar\n",
        "ground 0\nsquare 1\nbar 2\n",
        "- ground\n- square\n- bar\n",
        "name\nground\nsquare\nbar\n",
    ] {
        assert_eq!(names(text, ListKind::Names), expected, "{text}");
    }
    for heading in ["name", "Label", "class"] {
        let text = format!("{heading}\nground\nsquare\nbar\n");
        assert_eq!(names(&text, ListKind::Table), expected, "{heading}");
    }
    let colored = [
        ("ground".to_owned(), [0, 0, 0]),
        ("square".to_owned(), [128, 0, 0]),
        ("bar".to_owned(), [0, 128, 0]),
    ];
    for text in [
        "ground 0 0 0 255\nsquare 128 0 0 255\nbar 0 128 0 255\n",
        "0 0 0 255 ground\n128 0 0 255 square\n0 128 0 255 bar\n",
        "0 0 0 0 ground\n1 128 0 0 square\n2 0 128 0 bar\n",
        "ground 0 0 0 0\nsquare 1 128 0 0\nbar 2 0 128 0\n",
        "ground\u{ff0c}0\u{ff0c}0\u{ff0c}0\nsquare\u{ff0c}128\u{ff0c}0\u{ff0c}0\nbar\u{ff0c}0\u{ff0c}128\u{ff0c}0\n",
        "ground (0,0,0)\nsquare (128,0,0)\nbar (0,128,0)\n",
        "[0, 0, 0] ground\n[128, 0, 0] square\n[0, 128, 0] bar\n",
        "# comment\n#000000 ground\n#800000 square\n#008000 bar\n",
        "ground #000000\nsquare #800000\nbar #008000\n",
        "name,color\nground,#000000\nsquare,#800000\nbar,#008000\n",
    ] {
        assert_eq!(list(text), colored, "{text}");
    }
    assert_eq!(
        list("lane 1 9 9 9\nlane 2 8 8 8\n"),
        [("lane 1".to_owned(), [9; 3]), ("lane 2".to_owned(), [8; 3])]
    );
    for text in [
        "0 road 1 2 3\n1 lane 2 4 5 6\n",
        "road 1 2 3\nlane 2 4 5 6\n",
        "1 2 3 road\n4 5 6 lane 2\n",
    ] {
        let expected = [
            ("road".to_owned(), [1, 2, 3]),
            ("lane 2".to_owned(), [4, 5, 6]),
        ];
        assert_eq!(list(text), expected, "{text}");
    }
    assert_eq!(
        names("0 ground\n1 lane 2\n", ListKind::Names),
        ["ground", "lane 2"]
    );
    // A label of CVAT may hold a colon.
    assert_eq!(list("sq:uare:1,2,3::\nbar:4,5,6::\n")[0].0, "sq:uare");
}

#[test]
fn what_is_no_class_list_is_refused_with_the_line() {
    for (text, part) in [
        ("[\"ground\", \"square\"]\n", "JSON"),
        ("{\"a\": 1}", "JSON"),
        ("names: [ground, square]\n", "line 1: it is YAML"),
        ("nc: 2\nnames:\n  - ground\n", "line 1: it is YAML"),
        (
            "item {\n  id: 1\n}\n",
            "line 1: it is a label map with braces",
        ),
        (
            "0 ground\n1 square\nbar\n",
            "line 3: there is no label before the name bar",
        ),
        ("ground 0 0 0\nsquare 1 2 3 4 5 6\n", "line 2: 6 numbers"),
        ("ground 0.0 0.5 0.0\n", "line 1: the color value 0.0"),
        (
            "a:1,2,3::\nb:1,2::\n",
            "line 2: it is not as the other lines are",
        ),
        ("name,color\nground,red\n", "line 2: the color red"),
        ("128 0 0\n", "line 1: there are numbers and no name"),
    ] {
        let message = ClassList::parse(text, ListKind::Names).expect_err(text);
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn first_lines_that_are_no_class_are_taken_off() {
    let road_scene = [
        ("background".to_owned(), [0, 0, 0]),
        ("road".to_owned(), [128, 64, 128]),
        ("car".to_owned(), [0, 0, 142]),
    ];
    let colored = "background;0;0;0\nroad;128;64;128\ncar;0;0;142\n";
    for (text, said) in [
        (format!("Name;Rot;Grün;Blau\n{colored}"), true),
        (
            format!("Classe,Rouge,Vert,Bleu\n{}", colored.replace(';', ",")),
            true,
        ),
        (
            format!(
                "имя\tкрасный\tзелёный\tсиний\n{}",
                colored.replace(';', "\t")
            ),
            true,
        ),
        (
            format!("Name Rot Gruen Blau\n{}", colored.replace(';', " ")),
            true,
        ),
        (
            "Name,Farbe\nbackground,#000000\nroad,#804080\ncar,#00008E\n".to_owned(),
            true,
        ),
        (
            "id,nombre,rojo,verde,azul\n0,background,0,0,0\n2,car,0,0,142\n1,road,128,64,128\n"
                .to_owned(),
            true,
        ),
        (format!("3\n{colored}"), true),
        (format!("sep=;\nname;r;g;b\n{colored}"), false),
        (format!("sep=;\n{colored}"), false),
        (format!("\"sep=;\"\n{colored}"), false),
        // Rows that nobody filled, as spreadsheets write them.
        (format!(";;;\nname;r;g;b\n;;;\n{colored};;;\n"), false),
        (format!("\n\"sep=;\";;;\nname;r;g;b\n{colored}"), false),
        (format!("// classes\n# of 2024\n{colored}"), false),
    ] {
        assert_eq!(list(&text), road_scene, "{text}");
        let parsed = ClassList::parse(&text, ListKind::Names).expect("a valid list");
        assert_eq!(parsed.heading.is_some(), said, "{text}");
    }
    let expected = ["background", "road", "car"];
    for text in [
        "class\nbackground\nroad\ncar\n",
        "Klasse\nbackground\nroad\ncar\n",
        "label\nbackground\nroad\ncar\n",
        "3\nbackground\nroad\ncar\n",
        "Nummer;Klasse\n1;road\n0;background\n2;car\n",
        "Klasse Nummer\nroad 1\nbackground 0\ncar 2\n",
        "// classes\nbackground\nroad\ncar\n",
    ] {
        assert_eq!(names(text), expected, "{text}");
    }
}

/// The names of a list.
fn names(text: &str) -> Vec<String> {
    list(text).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn first_lines_that_may_be_a_class_stay() {
    for (text, count) in [
        // Only the first class has no color.
        ("background\nroad 128 64 128\ncar 0 0 142\n", 3),
        ("traffic light\nroad 128 64 128\ncar 0 0 142\n", 3),
        ("background,,,\nroad,128,64,128\ncar,0,0,142\n", 3),
        // The number belongs to a name.
        ("traffic light\nlane 1\nlane 2\n", 3),
        ("traffic light,day\nlane,1\n", 2),
        // Digits as classes, and a number that is no count.
        ("3\n0\n1\n2\n", 4),
        ("7\nroad\ncar\n", 3),
        ("object\nroad\ncar\n", 3),
    ] {
        let parsed = ClassList::parse(text, ListKind::Names).expect(text);
        assert_eq!(
            (parsed.classes.len(), parsed.heading),
            (count, None),
            "{text}"
        );
    }
}

#[test]
fn labels_and_colors_are_read_however_all_lines_write_them() {
    let expected = ["background", "road", "car"];
    for text in [
        "car=2\nroad=1\nbackground=0\n",
        "car: 2\nroad: 1\nbackground: 0\n",
        "2|car\n1|road\n0|background\n",
        "car,2\nbackground,0\nroad,1\n",
        "0 -> background\n1 -> road\n2 -> car\n",
        "(0, 'background')\n(1, 'road')\n(2, 'car')\n",
        "\"background\"\n\"road\"\n\"car\"\n",
        "\"background\",\n\"road\",\n\"car\"\n",
        "background # nothing\nroad # asphalt\ncar // vehicle\n",
        "background, road, car\n",
    ] {
        assert_eq!(names(text), expected, "{text}");
    }
    // Labels that do not count are labels too: class 1 has no line.
    assert_eq!(
        names("car=2\nbackground=0\n"),
        ["background", "class 1", "car"]
    );
    let colored = [
        ("background".to_owned(), [0, 0, 0]),
        ("road".to_owned(), [128, 64, 128]),
        ("car".to_owned(), [0, 0, 142]),
    ];
    for text in [
        "background;0,0,0\nroad;128,64,128\ncar;0,0,142\n",
        "background,000000\nroad,804080\ncar,00008E\n",
        "name,hex\nbackground,000000\nroad,804080\ncar,00008E\n",
        "background 0x000000\nroad 0x804080\ncar 0x00008E\n",
        "background: rgb(0,0,0)\nroad: rgb(128,64,128)\ncar: rgb(0,0,142)\n",
        "background: 0, 0, 0\nroad: 128, 64, 128\ncar: 0, 0, 142\n",
        "0 0 0 # background\n128 64 128 # road\n0 0 142 # car\n",
        "('background', (0, 0, 0)),\n('road', (128, 64, 128)),\n('car', (0, 0, 142))\n",
    ] {
        assert_eq!(list(text), colored, "{text}");
    }
    assert_eq!(
        list("sky #00f\nroad #804080\n")[0],
        ("sky".to_owned(), [0, 0, 255])
    );
}

#[test]
fn names_that_look_like_other_forms_stay() {
    for expected in [
        &["front facade", "back facade"][..],
        &["traffic light"],
        &["lane #1", "lane #2"],
        &["it's", "rock 'n' roll"],
        &["sky, blue", "sky"],
        &["road=wet", "road=dry"],
        &["c#", "f#"],
    ] {
        let text = expected.join("\n");
        assert_eq!(names(&text), expected, "{text}");
    }
}

#[test]
fn colors_that_are_not_understood_are_refused_with_the_line() {
    for (text, part) in [
        (
            "sky 0.0 0.5 1.0\n",
            "line 1: the color value 1.0 is no whole number; the colors seem to be from 0 to 1",
        ),
        (
            "name,r,g,b\nsky,0.5,0,0\n",
            "line 2: the color value 0.5 is no whole number; the colors seem",
        ),
        (
            "sky (0.5, 0.2, 1)\n",
            "line 1: \"sky (0.5 0.2 1)\" seems to end in a color from 0 to 1",
        ),
        (
            "road\nsky 0x8040FF\ncar\n",
            "line 2: \"sky 0x8040FF\" seems to hold a color",
        ),
        (
            "road #80408080\nsky\n",
            "line 1: \"road #80408080\" seems to hold a color",
        ),
        ("a=1\nb=1\n", "line 2: the label 1 is there already"),
    ] {
        let message = ClassList::parse(text, ListKind::Names).expect_err(text);
        assert!(message.contains(part), "{text}: {message}");
    }
}
