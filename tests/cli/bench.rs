//! `bench`: the program measures itself.

use serde_json::Value;

use super::workshop::Workshop;

#[test]
fn a_row_is_measured_and_told() {
    let shop = Workshop::new();
    let output = shop.run(&[
        "--json",
        "bench",
        "--rounds",
        "1",
        "--threads",
        "1",
        "--rows",
        "confusion",
    ]);
    let lines = output.succeeded().json();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    let row = &lines[0];
    assert_eq!(row["row"], "confusion/500x375");
    assert_eq!(
        (&row["rounds"], &row["threads"], &row["device"]),
        (&1.into(), &1.into(), &"cpu".into())
    );
    let number = |key: &str| {
        row[key]
            .as_f64()
            .unwrap_or_else(|| panic!("no {key} in {row}"))
    };
    assert!(number("median_ms") > 0.0, "{row}");
    for key in ["lower_quartile_ms", "upper_quartile_ms", "min_ms", "max_ms"] {
        assert_eq!(number(key), number("median_ms"), "there was one round");
    }
    let pixels = number("items_per_sec") * number("median_ms") / 1000.0;
    assert!((pixels - 500.0 * 375.0).abs() < 1e-3, "{row}");
    assert_eq!(
        (&row["gflop"], &row["share_of_peak"]),
        (&().into(), &().into())
    );
    // The masks were made to agree in four columns of five.
    assert!((0.79..0.81).contains(&number("check")), "{row}");

    let listed = shop
        .run(&["--json", "bench", "--list", "--rows", "data,confusion"])
        .succeeded()
        .json();
    let names: Vec<&Value> = listed.iter().map(|line| &line["row"]).collect();
    assert_eq!(names, ["data", "confusion/500x375"]);

    let table = shop.run(&["bench", "--rounds", "1", "--rows", "confusion"]);
    assert!(
        table.succeeded().stdout.starts_with("row "),
        "{}",
        table.stdout
    );
    assert!(
        table.stdout.contains("confusion/500x375"),
        "{}",
        table.stdout
    );
}

#[test]
fn a_row_that_is_not_there_and_weights_that_are_not_there_are_told() {
    let shop = Workshop::new();
    shop.run(&["bench", "--rows", "speed"])
        .failed_with(1, &["speed: no such row", "gemm/2048"]);
    let words = [
        "bench",
        "--rows",
        "forward",
        "--trunk",
        "vgg16-slim",
        "--weights",
        "gone.pth",
    ];
    shop.run(&words)
        .failed_with(1, &["forward/vgg16-slim/500x375", "gone.pth"]);
}
