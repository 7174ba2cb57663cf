use super::*;

#[test]
fn a_requested_stop_is_not_a_failure() {
    let path = || PathBuf::from("sample");
    for err in [
        EngineError::from(DatasetError::Stopped { path: path() }),
        EngineError::from(TrainError::Dataset(DatasetError::Stopped { path: path() })),
        EngineError::from(CatalogueError::Cancelled),
    ] {
        assert!(matches!(err, EngineError::Cancelled), "{err:?}");
    }
    let failed = EngineError::from(DatasetError::UnknownLayout {
        path: path(),
        found: String::new(),
        nearest: String::new(),
    });
    assert!(matches!(failed, EngineError::Dataset(_)), "{failed:?}");
}
