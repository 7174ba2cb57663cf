//! The network, what it starts from, and the settings that most runs change.

use super::Explained;

pub const TEXTS: &[Explained] = &[
    (
        "Network",
        "FCN-32s is coarse, FCN-16s adds detail from pool4, FCN-8s from pool3. The ResNets are those of torchvision",
        "Take FCN-8s, unless the strides are to be compared",
        "Long et al. 2015, section 4.2; Shelhamer et al. 2017",
    ),
    (
        "Trunk",
        "The classifier that the network is made of",
        "VGG16 slim is small enough to learn from random weights; the others want pretrained ones",
        "Simonyan and Zisserman 2015; Szegedy et al. 2015; He et al. 2016",
    ),
    (
        "Geometry",
        "Padded keeps the size of the feature maps; Reference pads the image by 100 pixels and crops",
        "Take Reference for weights of the Caffe networks",
        "The released networks of Long et al. 2015",
    ),
    (
        "Auxiliary head",
        "Also trains the auxiliary head of torchvision, with half the loss weight of the main head",
        "Turn it on to train as torchvision does; it takes memory, and is not used to predict",
        "references/segmentation of torchvision",
    ),
    (
        "Start from",
        "Random weights, the best weights of another run with this trunk, or a .pth or .safetensors file. Score layers and upsampling that are missing there keep their initial values",
        "Pretrained weights learn faster and score higher, above all with few images",
        "Long et al. 2015, section 4.3",
    ),
    (
        "Device",
        "The device that trains the network",
        "Take a GPU where there is one; the processor is always there, and many times slower",
        "\"Devices\" under Help, Documents",
    ),
    (
        "Recipe",
        "Optimizer, batch, image sizes, augmentation and dropout of a paper, all at once; each value can be changed afterwards",
        "Take one to repeat a paper, or as a start for your own",
        "\"Recipes, settings and scores\" under Help, Documents",
    ),
    (
        "Epochs",
        "Passes over the training images, 1 or more",
        "Raise it while the validation still improves at the end of a run; lower it, or stop early, where it gets worse",
        "Prechelt 1998 on when to stop",
    ),
    (
        "Batch size",
        "Images per batch, 1 or more; larger batches need more memory and make the loss smoother",
        "Raise it as the memory allows, and the learning rate with it; networks with batch normalization want 4 or more",
        "Goyal et al. 2017, section 2.1",
    ),
    (
        "Learning rate",
        "Length of the steps of SGD or AdamW, above 0",
        "Lower it where the loss jumps or grows, raise it where the loss hardly falls; Find learning rate tries some. AdamW wants about 0.001, and the sum over pixels far less than their mean",
        "Smith 2017 for the search",
    ),
];
