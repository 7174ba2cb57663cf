//! Where the dataset of a run may be that is not where it was.

use crate::engine::{DatasetState, Engine};
use crate::training::DatasetRef;

/// A dataset on which a run may be resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherPlace {
    /// What people call it.
    pub name: String,
    /// Where it is; what its labels mean is said by the run.
    pub which: DatasetRef,
}

impl Engine {
    /// The open dataset, where it has the classes of a run whose dataset was at `own`, and is at another
    /// place. Whether its files are those of the run is checked when that is resumed there.
    pub fn other_place(&self, run: &str, own: &DatasetRef) -> Option<OtherPlace> {
        let DatasetState::Ready(open) = self.dataset() else {
            return None;
        };
        let classes = &self.run(run)?.classes;
        let names = classes.iter().map(|class| &class.name);
        let has_its_classes = names.eq(open.dataset.classes.iter().map(|class| &class.name));
        let which = open.which.place();
        let may_be = has_its_classes && which != own.place();
        may_be.then(|| OtherPlace {
            name: open.dataset.name.clone(),
            which,
        })
    }
}
