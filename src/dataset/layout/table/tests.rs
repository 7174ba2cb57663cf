//! Tables of pairs.

use super::super::tests::{write_pair, write_text};
use super::*;

fn write(root: &Path, table: &str) {
    for name in ["a", "b, c", "d"] {
        let mask = root.join(format!("m/{name}.png"));
        write_pair(&root.join(format!("i/{name}.png")), &mask, [0, 1]);
    }
    write_text(&root.join("pairs.csv"), table);
}

fn ids(items: &[DatasetItem]) -> Vec<&str> {
    items.iter().map(|item| item.id.as_str()).collect()
}

#[test]
fn quoted_fields_and_line_breaks_are_records() {
    let found = records("a,b\r\n\"x, \"\"y\"\"\nz\",1\n2\n");
    let expected = [
        (1, vec!["a".to_owned(), "b".to_owned()]),
        (2, vec!["x, \"y\"\nz".to_owned(), "1".to_owned()]),
        (4, vec!["2".to_owned()]),
    ];
    assert_eq!(found, expected);
    assert!(records("").is_empty());
    // Excel's line says what stands between fields.
    let expected = [(2, vec!["a,b".to_owned(), "c".to_owned()])];
    assert_eq!(records("sep=;\r\na,b;c\r\n"), expected);
    // Where it tells nothing, or what is not there, the first line that is filled decides.
    let row = |line: usize, fields: [&str; 2]| (line, fields.map(str::to_owned).to_vec());
    for (text, line) in [
        ("sep=\na;c\n", 2),
        ("sep=\na\tc\n", 2),
        ("\n\"sep=;\"\na;c\n", 3),
        ("sep=;\n\r\na,c\n", 3),
        ("\u{feff}\"sep=,\";\n;;\na;c\n,;\n", 3),
        ("a|c\n", 1),
    ] {
        let found = records(text);
        assert_eq!(found[0].0, line, "{text:?}");
        assert_eq!(found[0], row(line, ["a", "c"]), "{text:?}");
    }
    let found = records("\"a; \"\"a\"\"\",c\n");
    assert_eq!(found, [row(1, ["a; \"a\"", "c"])]);
    assert!(records("sep=;\n;;\n\n").is_empty());
}

#[test]
fn what_excel_is_told_takes_no_table_away() {
    let rows = |separator: &str| {
        let rows = ["image mask", "i/a.png m/a.png", "i/d.png m/d.png"];
        rows.join("\n").replace(' ', separator)
    };
    for table in [
        format!("sep=;\n{}", rows(";")),
        format!("sep=\n{}", rows(";")),
        format!("sep=\n{}", rows("\t")),
        format!("\"sep=;\"\n{}", rows(";")),
        format!("sep=;,\n{}", rows(",")),
        format!(";\n\n{}", rows(";")),
    ] {
        let dir = tempfile::tempdir().expect("a temporary folder");
        write(dir.path(), &table);
        let dataset = Dataset::open(dir.path()).unwrap_or_else(|err| panic!("{table}: {err}"));
        // Not "b, c", which the table leaves out.
        assert_eq!(
            (ids(&dataset.train), ids(&dataset.val)),
            (vec!["a"], vec!["d"]),
            "{table}"
        );
    }
}

#[test]
fn a_column_says_the_split() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    write(
        dir.path(),
        "id,Image,Mask,split\n1,i/a.png,m/a.png,train\n2,\"/x/i/b, c.png\",\"m/b, c.png\",val\n3,i/d.png,m/d.png,test\n",
    );
    let dataset = Dataset::open(dir.path()).expect("a table");
    assert_eq!(dataset.layout, Layout::Table);
    assert_eq!(
        (ids(&dataset.train), ids(&dataset.val)),
        (vec!["a"], vec!["b, c"])
    );
    let mut dataset = dataset;
    dataset.read_test_list().expect("the rows of the test");
    assert_eq!(ids(&dataset.test), ["d"]);
}

#[test]
fn a_table_without_headings_is_known_by_its_files() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    write(
        dir.path(),
        "1,i/a.png,m/a.png,train\n2,i/d.png,m/d.png,val\n",
    );
    let dataset = Dataset::open(dir.path()).expect("a table");
    assert_eq!(
        (ids(&dataset.train), ids(&dataset.val)),
        (vec!["a"], vec!["d"])
    );
    assert_eq!(dataset.val[0].mask, dir.path().join("m/d.png"));
    let mut notes = dataset.notes.iter();
    assert!(notes.any(|note| note.assumed && note.text.contains("first column with files")));
}

#[test]
fn without_a_column_the_split_is_made_and_absent_files_are_named() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    write(dir.path(), "image;mask\ni/a.png;m/a.png\ni/d.png;m/d.png\n");
    let dataset = Dataset::open(dir.path()).expect("a table");
    assert_eq!(
        (ids(&dataset.train), ids(&dataset.val)),
        (vec!["a"], vec!["d"])
    );
    write(dir.path(), "image;mask\ni/a.png;m/a.png\ni/z.png;m/d.png\n");
    let message = Dataset::open(dir.path()).unwrap_err().to_string();
    assert!(
        message.contains("pairs.csv: line 3: the image i/z.png"),
        "{message}"
    );
}

#[test]
fn words_that_name_no_list_are_said() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let said = |table: &str| {
        write(dir.path(), table);
        let dataset = Dataset::open(dir.path()).expect("a table");
        let notes = dataset.notes.iter().filter(|note| note.assumed);
        let texts: Vec<&str> = notes.map(|note| note.text.as_str()).collect();
        texts.join("; ")
    };
    let notes = said("image,mask,fold\ni/a.png,m/a.png,0\ni/d.png,m/d.png,1\n");
    for part in [
        "2 rows in ",
        "pairs.csv names no list: \"0\", \"1\". Known are training, train",
    ] {
        assert!(notes.contains(part), "{notes}");
    }
    let notes = said("image,mask,is_train\ni/a.png,m/a.png,1\ni/d.png,m/d.png,0\n");
    assert!(notes.contains("the column \"is_train\" of "), "{notes}");
    let notes = said("image,mask,split\ni/a.png,m/a.png,train\ni/d.png,m/d.png,val\n");
    assert!(!notes.contains("names no list"), "{notes}");
}

#[test]
fn what_is_held_out_is_for_a_test() {
    for word in ["holdout", "Hold-out", "held_out"] {
        let dir = tempfile::tempdir().expect("a temporary folder");
        write(
            dir.path(),
            &format!("image,mask,split\ni/a.png,m/a.png,train\ni/d.png,m/d.png,{word}\n"),
        );
        let mut dataset = Dataset::open(dir.path()).expect("a table");
        dataset.read_test_list().expect("the rows of the test");
        assert_eq!(
            (ids(&dataset.train), ids(&dataset.test)),
            (vec!["a"], vec!["d"]),
            "{word}"
        );
    }
}

#[test]
fn files_may_be_named_without_their_folders_and_rows_may_be_empty() {
    for table in [
        "image,mask\na.png,a.png\n,\nd.png,d.png\n",
        "image,mask\na,a\nd,d\n,\n",
    ] {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for name in ["a", "d"] {
            let mask = dir.path().join(format!("masks/{name}.png"));
            write_pair(
                &dir.path().join(format!("images/{name}.png")),
                &mask,
                [0, 1],
            );
        }
        write_text(&dir.path().join("pairs.csv"), table);
        let dataset = Dataset::open(dir.path()).unwrap_or_else(|err| panic!("{err}"));
        assert_eq!(dataset.layout, Layout::Table);
        let items = dataset.train.iter().chain(&dataset.val);
        for (item, name) in items.zip(["a.png", "d.png"]) {
            assert_eq!(item.image, dir.path().join("images").join(name));
            assert_eq!(item.mask, dir.path().join("masks").join(name));
        }
        // Names that do not go together are none of the folders' pairs.
        write_text(&dir.path().join("pairs.csv"), "image,mask\na.png,d.png\n");
        let message = Dataset::open(dir.path()).unwrap_err().to_string();
        assert!(
            message.contains(
                "line 2: there are files a.png and d.png in the folders, but they are no pair"
            ),
            "{message}"
        );
        // Nor is an image its own mask.
        write_text(
            &dir.path().join("pairs.csv"),
            "image,mask\nimages/a.png,images/a.png\n",
        );
        let message = Dataset::open(dir.path()).unwrap_err().to_string();
        assert!(
            message.contains("line 2: images/a.png is named as the image and as its mask"),
            "{message}"
        );
        write_text(&dir.path().join("pairs.csv"), "image,mask\nimages/a.png,\n");
        let message = Dataset::open(dir.path()).unwrap_err().to_string();
        assert!(message.contains("line 2: no mask is named"), "{message}");
    }
}

/// A folder of the pairs `a`, `b` and `d` with this table.
fn with_folders(table: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for name in ["a", "b", "d"] {
        let mask = dir.path().join(format!("masks/{name}_mask.png"));
        let image = dir.path().join(format!("images/{name}.png"));
        write_pair(&image, &mask, [0, 1]);
    }
    write_text(&dir.path().join("pairs.csv"), table);
    dir
}

#[test]
fn a_table_of_bare_names_without_headings_is_known_by_its_pairs() {
    for table in [
        "a,a_mask,train\nd,d_mask,val\n",
        "1;a.png;a_mask.png;train\n2;d.png;d_mask.png;val\n",
    ] {
        let dir = with_folders(table);
        let dataset = Dataset::open(dir.path()).unwrap_or_else(|err| panic!("{table}: {err}"));
        assert_eq!(dataset.layout, Layout::Table, "{table}");
        // Not `b`, which the table leaves out.
        assert_eq!(
            (ids(&dataset.train), ids(&dataset.val)),
            (vec!["a"], vec!["d"])
        );
        assert_eq!(dataset.val[0].mask, dir.path().join("masks/d_mask.png"));
        let mut notes = dataset.notes.iter();
        assert!(notes.any(|note| note.assumed && note.text.contains("first column with files")));
    }
}

#[test]
fn a_table_whose_headings_are_not_known_is_said() {
    for (table, is_told) in [
        ("Bild,Wahrheit\na,a_mask\nd,d_mask\n", true),
        ("Bild,Wahrheit\nimages/a.png,masks/a_mask.png\n", true),
        // About other things.
        ("photo,weather\na,sun\nd,rain\n", false),
        ("name,r,g,b\nroad,1,2,3\ncar,4,5,6\n", false),
    ] {
        let dir = with_folders(table);
        let dataset = Dataset::open(dir.path()).unwrap_or_else(|err| panic!("{table}: {err}"));
        assert_eq!(dataset.layout, Layout::Folders, "{table}");
        assert_eq!(dataset.train.len() + dataset.val.len(), 3, "{table}");
        let mut notes = dataset.notes.iter();
        let told = notes.any(|note| {
            note.assumed
                && note.text.starts_with("pairs.csv is not read")
                && note
                    .text
                    .contains("\"Bild\" and \"Wahrheit\" are not known")
        });
        assert_eq!(told, is_told, "{table}");
    }
}

#[test]
fn a_title_or_comments_above_the_headings_take_no_table_away() {
    for above in [
        "# x;y\n",
        "# made by hand\n# twice\n",
        "// c\n",
        "; c\n",
        "\"made by hand\"\n",
        "My table,,\n",
        "My table\n\n",
    ] {
        for separator in [";", ","] {
            let rows = "image,mask,split\na,a_mask,train\nd,d_mask,val\n".replace(',', separator);
            // Spreadsheets fill the line of a title with what stands between the other fields.
            let table = format!("{}{rows}", above.replace(",,", &separator.repeat(2)));
            let dir = with_folders(&table);
            let dataset = Dataset::open(dir.path()).unwrap_or_else(|err| panic!("{table}: {err}"));
            assert_eq!(dataset.layout, Layout::Table, "{table}");
            assert_eq!(
                (ids(&dataset.train), ids(&dataset.val)),
                (vec!["a"], vec!["d"])
            );
        }
    }
}

#[test]
fn headings_may_begin_with_a_number_sign_or_nothing() {
    for table in [
        "#,image,mask,split\n1,a,a_mask,train\n2,d,d_mask,val\n",
        ";image;mask;split\n1;a;a_mask;train\n2;d;d_mask;val\n",
    ] {
        let dir = with_folders(table);
        let dataset = Dataset::open(dir.path()).unwrap_or_else(|err| panic!("{table}: {err}"));
        assert_eq!(
            (ids(&dataset.train), ids(&dataset.val)),
            (vec!["a"], vec!["d"])
        );
    }
}

#[test]
fn a_table_that_names_files_and_no_pairs_is_said() {
    for table in [
        // Images and lists.
        "image,split\na,train\nd,test\n",
        "a,train\nd,test\n",
        // Crossed.
        "a,d_mask\nd,a_mask\n",
    ] {
        let dir = with_folders(table);
        let dataset = Dataset::open(dir.path()).unwrap_or_else(|err| panic!("{table}: {err}"));
        assert_eq!(dataset.layout, Layout::Folders, "{table}");
        let mut notes = dataset.notes.iter();
        let is_told = |note: &Note| note.assumed && note.text.contains("names files that are here");
        assert!(notes.any(is_told), "{table}");
    }
}

#[test]
fn one_of_the_two_files_may_be_named_without_its_folder() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (root, table) = (dir.path(), dir.path().join("pairs.csv"));
    for name in ["a", "d"] {
        let mask = root.join(format!("masks/{name}.png"));
        write_pair(&root.join(format!("images/{name}.png")), &mask, [0, 1]);
    }
    for rows in [
        "a.png,masks/a.png\nd.png,masks/d.png",
        "a,masks/a.png\nd,masks/d.png",
        "images/a.png,a.png\nimages/d.png,d.png",
        "/x/images/a.png,a\nIMAGES/d.png,d",
    ] {
        write_text(&table, &format!("image,mask\n{rows}\n"));
        let dataset = Dataset::open(root).unwrap_or_else(|err| panic!("{rows}: {err}"));
        let items = dataset.train.iter().chain(&dataset.val);
        for (item, name) in items.zip(["a.png", "d.png"]) {
            assert_eq!(item.image, root.join("images").join(name), "{rows}");
            assert_eq!(item.mask, root.join("masks").join(name), "{rows}");
        }
    }
    // The mask of another image, a file that is in no pair, and one that is not there.
    let mask = root.join("others/e_2.png");
    write_pair(&root.join("images/f.png"), &mask, [0, 1]);
    for (row, part) in [
        (
            "a.png,masks/d.png",
            "there are files a.png and masks/d.png in the folders, but they are no pair",
        ),
        (
            "images/a.png,e_2.png",
            "there are files images/a.png and e_2.png in the folders, but they are no pair",
        ),
        ("images/a.png,z.png", "the mask z.png is not in this folder"),
        ("z.png,masks/a.png", "the image z.png is not in this folder"),
    ] {
        write_text(&table, &format!("image,mask\n{row}\n"));
        let message = Dataset::open(root).expect_err(row).to_string();
        assert!(message.contains(&format!("line 2: {part}")), "{message}");
    }
}
