//! Length, checkpoints, reproducibility, machine and live masks.

use super::Explained;

pub const TEXTS: &[Explained] = &[
    (
        "Step limit",
        "Stops after this many steps, even within an epoch",
        "Set it to try something, or to repeat a paper that counts steps",
        "max_iter of Caffe",
    ),
    (
        "Average weights",
        "Scores and predicts with a moving average of the weights instead of the weights of the last step; the number is how much of the average each step keeps",
        "Turn it on to smooth out noise, often for a point or two of mIoU; it needs memory for one more copy of the weights. 0.999 forgets within some thousand steps, 0.99 suits short runs",
        "Polyak and Juditsky 1992",
    ),
    (
        "Early stop",
        "Ends the run after this many epochs in which the validation was not better than before, by the score that finds the best epoch",
        "Set it where a run may have learned all it can; leave it off with schedules that lower the rate only at the end",
        "Prechelt 1998",
    ),
    (
        "Seed",
        "Start of all random numbers: weights, order, augmentation, dropout",
        "Keep it to repeat a run; train with several to see how far a score scatters",
        "Bouthillier et al. 2021 on that scatter",
    ),
    (
        "Loader threads",
        "Threads that load images ahead of training, 1 to 32",
        "Raise it while the active run waits for data",
        "num_workers of PyTorch's DataLoader",
    ),
    (
        "Cache on disk",
        "Keeps decoded images on disk, up to so many GiB, so that later epochs and runs need not decode them. Images that were not needed for the longest time make room",
        "Use it for large files that do not fit into memory",
        "\"Data\" under Help, Documents",
    ),
    (
        "Save every",
        "Minutes of training between two checkpoints; 0 saves none by time",
        "It is what a power cut costs at most; raise it where the disk is slow",
        "\"Command line\" under Help, Documents",
    ),
    (
        "Save by steps",
        "Steps between two checkpoints, beside those by time",
        "Set it where runs are to be resumed at a given step",
        "\"Command line\" under Help, Documents",
    ),
    (
        "Save by epochs",
        "Epochs between two checkpoints; the best epoch and the last are always saved",
        "Raise it where epochs are short",
        "\"Command line\" under Help, Documents",
    ),
    (
        "Keep last",
        "Newest checkpoints that are kept to resume from",
        "With 2 or more, a damaged one costs no more than what came after the one before",
        "\"Command line\" under Help, Documents",
    ),
    (
        "Keep best",
        "Best epochs whose weights are kept to predict with",
        "Raise it to compare epochs; each takes room on the disk",
        "\"Command line\" under Help, Documents",
    ),
    (
        "Keep every",
        "Keeps the checkpoint of every so many epochs for good",
        "Set it to look at the course of a training later; each takes room on the disk",
        "\"Command line\" under Help, Documents",
    ),
    (
        "Best by",
        "Score of the validation by which the best epoch is found, also for the early stop",
        "Keep mIoU, as in the papers; take the loss where scores jump",
        "\"Command line\" under Help, Documents",
    ),
    (
        "Precision",
        "What convolutions multiply in training: 32 bits, 32 bits as the sum of two bf16 (GPUs with matrix units: faster, about 16 bits of precision), or 16 bits, which save memory on GPUs. Weights and loss keep 32 bits",
        "Take 16 bits where a GPU has too little memory or is to be faster; f32 repeats runs",
        "Micikevicius et al. 2018; \"Devices\" under Help, Documents",
    ),
    (
        "Recompute",
        "Keeps only the activations between the stages of the trunk and recomputes the others in the backward pass: less memory, more time, the same gradients",
        "Turn it on where a batch does not fit",
        "Chen et al. 2016 (sublinear memory)",
    ),
    (
        "Also write",
        "Copies of the log for other programs, written into the folder of the run while it trains: event files of TensorBoard with scalars and masks, and the table history.csv",
        "Tick one to look at runs with TensorBoard or a spreadsheet",
        "\"Command line\" under Help, Documents",
    ),
    (
        "Live images",
        "Validation images whose masks are shown during training, 0 to 64",
        "Show more to see more classes; each takes time at every update",
        "\"Recipes, settings and scores\" under Help, Documents",
    ),
    (
        "Live interval",
        "Seconds between two updates of the live masks, 0 to 3600; 0 turns them off",
        "Raise it on slow devices: each update takes time from training",
        "\"Recipes, settings and scores\" under Help, Documents",
    ),
    (
        "Probe images",
        "Images of your own whose masks are filmed beside those of validation images",
        "Add some in Live to see how a training changes on them",
        "\"Command line\" under Help, Documents",
    ),
    (
        "Batches",
        "Trains on the batches in this folder instead of the training images",
        "Use it to train on exactly what another program trains on",
        "\"Command line\" under Help, Documents",
    ),
];
