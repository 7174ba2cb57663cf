//! Optimizer, loss and schedule.

use super::Explained;

pub const TEXTS: &[Explained] = &[
    (
        "Optimizer",
        "SGD with momentum, or AdamW, which adapts the step of each weight and is less sensitive to the learning rate",
        "Keep SGD to repeat the papers and recipes. AdamW wants rates of about 1e-4 to 1e-3 and has no momentum to set",
        "Loshchilov and Hutter 2019; betas 0.9 and 0.999 as in PyTorch",
    ),
    (
        "Momentum",
        "Share of the last update that the next one keeps, 0 to below 1, as in PyTorch",
        "0.9 suits most runs, 0.99 those with single images a step. Each step counts 1 / (1 - momentum) times: lower the learning rate when you raise it",
        "Long et al. 2015, section 4.3 (0.9); Shelhamer et al. 2017 (0.99)",
    ),
    (
        "Weight decay",
        "L2 penalty on the weights as in PyTorch, 0 or more. AdamW takes it off the weights themselves, times the learning rate",
        "Raise it where the loss of the training is far below that of the validation; 0.01 is usual for AdamW",
        "Long et al. 2015, section 4.3 (5e-4); Loshchilov and Hutter 2019",
    ),
    (
        "Bias LR factor",
        "Factor on the learning rate of biases, 0 to 10; 1 in PyTorch",
        "Set 2 to repeat the papers; it matters little otherwise",
        "Long et al. 2015, section 4.3",
    ),
    (
        "Bias decay",
        "Applies weight decay to biases too, as PyTorch does",
        "Turn it off to repeat the papers",
        "decay_mult: 0 in the released Caffe networks",
    ),
    (
        "Reduction",
        "Loss over the labeled pixels: their mean, or their sum, which needs a much smaller learning rate. Curves shows the mean in both cases",
        "Keep the mean, unless the released networks of 2016 are to be repeated",
        "Shelhamer et al. 2017 (sum, rate 1e-10)",
    ),
    (
        "Class weights",
        "Weights of the classes in the cross entropy. Equal as in the papers. Inverse: one over the share of the class in the training pixels. Median: the median frequency of the classes over that of the class, which is milder. Given: a number for each class",
        "Change it where rare classes are missed; common ones then lose a little",
        "Eigen and Fergus 2015, section 6.3.2 (median)",
    ),
    (
        "Focal gamma",
        "Focal loss: the loss of a pixel is multiplied by (1 - p) to this power, where p is the share of its true class, so that pixels that are right already count less. 0 is the cross entropy itself",
        "Try 2 where one class covers most of each image and the others are missed",
        "Lin et al. 2017, section 3.2",
    ),
    (
        "Dice share",
        "Share of the Dice loss, 0 to 1; the rest is the cross entropy. Dice measures the overlap of each class in the batch whatever its size, so small classes count as much as large ones",
        "Try 0.5 where small objects are lost; alone it is less stable. Needs the reduction Mean",
        "Milletari et al. 2016, section 3",
    ),
    (
        "Accumulation",
        "Batches whose gradients are averaged for one step, 1 to 1000: like a larger batch, but without its memory",
        "Raise it where a larger batch does not fit; batch normalization still sees single batches",
        "iter_size of Caffe",
    ),
    (
        "Clip norm",
        "Maximum norm of all gradients of a step together, above 0; larger gradients are scaled down",
        "Set 1 to 10 where the loss jumps now and then, or numbers overflow",
        "Pascanu et al. 2013",
    ),
    (
        "Schedule",
        "Fixed keeps the learning rate, Step lowers it every few steps, Poly and Cosine lower it until the last step",
        "Take Poly or Cosine for runs of a known length, Fixed to repeat the papers",
        "Chen et al. 2018 (poly); Loshchilov and Hutter 2017 (cosine)",
    ),
    (
        "Decay every",
        "Steps between two decays of the learning rate, 1 or more",
        "Set it so that the loss has flattened out before each decay",
        "The policy step of Caffe",
    ),
    (
        "Decay factor",
        "Factor on the learning rate at each decay, above 0",
        "0.1 is usual; values nearer to 1 with more decays are gentler",
        "gamma of the policy step of Caffe",
    ),
    (
        "Power",
        "How the rate falls to 0: with 1 in a straight line, with more than 1 sooner, with less later",
        "Keep 0.9, unless schedules are to be compared",
        "Chen et al. 2018; 0.9 in torchvision too",
    ),
    (
        "Final rate",
        "Learning rate at the last step, from 0 to the initial learning rate",
        "Raise it above 0 where the last epochs are still to change something",
        "Loshchilov and Hutter 2017, equation 5",
    ),
    (
        "Warm-up",
        "Steps in which the learning rate rises from near 0 to that of the schedule; 0 turns it off",
        "Set some hundred steps where a large rate makes the first losses jump",
        "Goyal et al. 2017, section 2.2",
    ),
    (
        "Dropout",
        "Probability of dropping a value after fc6 and fc7, 0 to below 1",
        "Raise it where the loss of the training is far below that of the validation; 0 makes losses that PyTorch can repeat",
        "Srivastava et al. 2014; 0.5 in the papers",
    ),
    (
        "Final upsampling",
        "Which transposed convolutions are fixed to bilinear interpolation: none, the last one, or all",
        "Fix them to repeat the papers: the last as in CVPR 2015, all as in the released Caffe networks",
        "Long et al. 2015, section 4.3",
    ),
];
