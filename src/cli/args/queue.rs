//! The arguments of `queue`.

use clap::Subcommand;

use super::{NotifyArgs, TrainArgs, values};

#[derive(Debug, clap::Args)]
pub struct QueueArgs {
    /// What to do with the queue [default: list]
    #[command(subcommand)]
    pub command: Option<QueueCommand>,
}

/// What is done with the queue. Runs are named by their places, 1 for the first.
#[derive(Debug, Subcommand)]
pub enum QueueCommand {
    /// List the runs that wait
    List,
    /// Add a run with these settings, or a grid of runs
    Add(Box<QueueAddArgs>),
    /// Add a run with the settings of another, and one or more of them changed
    Duplicate {
        /// Place of the run
        #[arg(value_name = "PLACE", value_parser = values::one_or_more)]
        place: usize,
        /// Settings with their new values, such as lr=0.01; with several values, a grid
        #[arg(required = true, value_name = "SETTING=VALUE")]
        changes: Vec<String>,
    },
    /// Move a run to another place
    Move {
        /// Its place
        #[arg(value_name = "FROM", value_parser = values::one_or_more)]
        from: usize,
        /// The place where it will be
        #[arg(value_name = "TO", value_parser = values::one_or_more)]
        to: usize,
    },
    /// Take runs out of the queue; run folders stay
    Remove {
        /// Places of the runs
        #[arg(required = true, value_name = "PLACE", value_parser = values::one_or_more)]
        places: Vec<usize>,
    },
    /// Take all runs out of the queue; run folders stay
    Clear,
    /// Train the runs one after another; what is added meanwhile is trained too
    Run(QueueRunArgs),
}

#[derive(Debug, clap::Args)]
pub struct QueueRunArgs {
    /// Whether the next run starts although one failed; the queue remembers it [default: as it was
    /// given last, at first false]
    #[arg(long, value_name = "BOOL")]
    pub keep_going: Option<bool>,
    /// Start runs even if they are estimated to need more memory than there is
    #[arg(long)]
    pub ignore_memory: bool,
    #[command(flatten)]
    pub notify: NotifyArgs,
}

#[derive(Debug, clap::Args)]
pub struct QueueAddArgs {
    /// A setting and its values, such as lr=0.05,0.01; given again, each combination is added
    #[arg(long, value_name = "SETTING=VALUES")]
    pub grid: Vec<String>,
    /// Add before the other runs instead of behind them
    #[arg(long)]
    pub first: bool,
    #[command(flatten)]
    pub train: TrainArgs,
}
