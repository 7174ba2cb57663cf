//! The training loop, validation, prediction, checkpoints and devices.
//!
//! Runs on whatever thread calls it and talks through [`TrainSink`]: numbers and
//! small byte buffers go out, never tensors. Must not know about the window.

mod adamw;
mod alarm;
mod auto;
mod autotune_cache;
mod average;
mod batch_files;
mod batches;
mod broken_rule;
pub mod checkpoint;
mod checkpoint_policy;
mod class_balance;
mod clock;
mod command_line;
mod config;
mod control;
mod culprit;
mod device;
mod device_confusion;
mod device_fault;
mod device_memory;
mod edited_settings;
mod error;
mod estimate;
mod evaluate;
mod event;
mod external_weights;
pub mod film;
mod finite;
mod gradients;
mod grid;
mod history_table;
mod initial_weights;
mod learner;
mod learning;
mod logged_sink;
mod loss;
mod loss_readback;
mod machine;
mod network_choice;
mod objective;
mod optimizer;
mod origin;
mod param_update;
mod power;
mod precision;
mod predict_options;
mod predictor;
mod preset;
mod preset_fields;
mod preview;
mod probe;
mod rate_search;
mod recipe;
mod reproduction;
mod run;
mod schedule;
mod seen_step;
mod segmenter;
mod sgd;
mod shaped_loss;
mod stage_rates;
mod starting_point;
mod step_batches;
mod step_meter;
mod step_progress;
mod stored_batches;
mod tiles;
mod trial;
mod usual_rate;
mod watch;

pub use alarm::{Alarm, AlarmKind, Remedy};
pub use auto::{Choice, Circumstances, Configured, configure};
pub use autotune_cache::{autotune_folder, keep_autotune_choices};
pub use batch_files::{BatchTarget, StepRange, WrittenBatches, write_batches};
pub use batches::batch_plan;
pub use broken_rule::{BrokenRule, BrokenRules};
pub use checkpoint::SavedWeights;
pub use checkpoint_policy::{BestBy, CheckpointPolicy};
pub use clock::{Now, longest_step, steps_per_sec};
pub use command_line::NoCommandLine;
pub use config::{DatasetRef, DecodedCache, ExtraLogs, InitialWeights, RunConfig, SampleOrder};
pub use control::Control;
pub use device::{
    DeviceEntry, DeviceId, DeviceKind, MatrixUnitsState, is_lost, open as open_device,
};
pub use device_fault::prediction_fault;
pub use device_memory::DeviceMemory;
pub use error::TrainError;
pub use estimate::{
    DataFacts, DeviceSpeed, EarlierRun, FittingChange, MemoryEstimate, MemoryFit, MemoryRoom,
    RunTime, TimeSource, advice_text, fitting_changes, warm_up_problem,
};
pub use evaluate::{EvaluationScores, ScoredImage};
pub use event::{
    EpochRecord, Outcome, Preparation, Preview, PreviewItem, Repeats, RunInfo, StepRecord,
    TrainEvent, TrainSink,
};
pub use external_weights::{
    WeightsChoice, WeightsSummary, export_run, import_run, names_weights_file,
};
pub use grid::{Grid, GridError};
pub use history_table::{HistoryTable, TableRun};
pub use initial_weights::{InitialTensors, initial_network};
pub use learner::Learner;
pub use learning::{Learning, OptimizerKind, Reduction};
pub use machine::{MachineMemory, MemoryWatch, memory_text};
pub use network_choice::network_preset;
pub use objective::{ClassWeights, Objective};
pub use origin::{DataFingerprint, ItemFingerprint, RunOrigin};
pub use power::PowerWatch;
pub use precision::Precision;
pub use predict_options::{Averaging, PredictOptions};
pub use predictor::{Contributions, InputGradient, LayerMaps, Predictor};
pub use preset::preset;
pub use probe::{candidates, cpu_entry, probe, probe_matrix_units, self_test, tested_devices_file};
pub use rate_search::{RatePoint, RateRange, RateSearch};
pub use recipe::Recipe;
pub use reproduction::{Reproduction, write_reproduction};
pub use run::{STOP_GRACE, TrainOptions, train, train_with};
pub use schedule::Schedule;
pub use seen_step::{SeenImage, SeenStep};
pub use segmenter::Segmenter;
pub use stage_rates::StageRates;
pub use starting_point::StartingPoint;
pub use step_progress::{StepPhase, StepProgress};
pub use stored_batches::check_stored_batches;
pub use tiles::{Tile, TilePlan, Tiling};
pub use trial::{Trial, Verdict, try_run};
pub use watch::ClassShares;
