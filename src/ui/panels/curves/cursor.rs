//! The cursor that Curves and the film share.

use super::CurvesPanel;
use crate::engine::Engine;

impl CurvesPanel {
    /// The run and step under the pointer, of the run whose film is shown, that in training or the first
    /// one that is drawn.
    pub fn pointed_step(&self, engine: &Engine, film: Option<&str>) -> Option<(String, usize)> {
        let active = engine.active().map(|active| active.run.as_str());
        let is_drawn = |run: &&str| self.curves.contains_key(*run);
        let name = film.filter(is_drawn).or(active.filter(is_drawn));
        let name = name.or(self.curves.keys().next().map(String::as_str))?;
        let run = engine.run(name)?;
        let read = self
            .curves
            .get(name)?
            .readout(&run.steps, &run.epochs, self.hovered?)?;
        Some((name.to_owned(), read.step))
    }

    /// Marks the step that the film shows, while the pointer is elsewhere.
    pub fn set_mark(&mut self, mark: Option<(&str, usize)>) {
        self.mark = mark.map(|(run, step)| (run.to_owned(), step));
    }
}
