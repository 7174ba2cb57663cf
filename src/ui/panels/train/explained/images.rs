//! Crops, augmentation, order and validation images.

use super::Explained;

pub const TEXTS: &[Explained] = &[
    (
        "Crop size",
        "Width and height of the training crops, 1 to 8192; smaller images are padded. Whole images need batch size 1, and large images much memory",
        "Make them as large as the memory allows: small crops lose what is around an object, and batch normalization learns other statistics than whole images have",
        "480 in references/segmentation of torchvision; whole images in the papers",
    ),
    (
        "Random crop",
        "Crops at a random place instead of the center",
        "Leave it on where crops are smaller than the images, whose borders are never seen otherwise",
        "references/segmentation of torchvision",
    ),
    (
        "Random flip",
        "Mirrors half of the training images left to right, with their masks",
        "Turn it off where left and right mean something, as in text or organs",
        "references/segmentation of torchvision; Long et al. 2015, section 4.3, found no gain on VOC",
    ),
    (
        "Random scale",
        "Range of the random scale, 0.25 to 4; 1 to 1 turns it off",
        "Take 0.5 to 2 where objects are seen from near and far",
        "references/segmentation of torchvision",
    ),
    (
        "Brightness",
        "Amount of random brightness and contrast, 0 to 1; 0 turns it off",
        "Try 0.2 where new images have another light than the training images",
        "As ColorJitter of torchvision",
    ),
    (
        "Saturation",
        "Amount of random saturation, 0 to 1; with 0.3 the distance of each color from gray is multiplied by 0.7 to 1.3. 0 turns it off",
        "Try 0.3 where cameras or film differ",
        "As ColorJitter of torchvision, about the luma of BT.601",
    ),
    (
        "Hue",
        "Largest random turn of the hue each way, 0 to 180 degrees of the color circle; 0 turns it off",
        "Leave it off where the color tells classes apart; a few degrees where the white balance differs",
        "As ColorJitter of torchvision, whose 0.5 is 180 degrees, in the chroma plane of BT.601",
    ),
    (
        "Rotation",
        "Largest random rotation each way, 0 to 180 degrees; 0 turns it off. The crop is turned about its middle; what lies outside of the image becomes padding and void. Masks take the nearest label",
        "Take 180 where up and down mean nothing, as in images from above or of cells",
        "10 degrees in Zhao et al. 2017 (PSPNet), section 5.1",
    ),
    (
        "Elastic",
        "Random bends, 0 to 100 pixels: the points of a 3 x 3 grid over the crop are moved by normal random vectors of this deviation, and the rest with them by cubic curves; 0 turns it off",
        "Use it for tissue, cells and terrain rather than buildings",
        "Ronneberger et al. 2015 (U-Net), section 3.1, with 10",
    ),
    (
        "Blur",
        "Largest deviation of a random Gaussian blur, 0 to 20 pixels; 0 turns it off. The mask stays sharp",
        "Use it where new images may be out of focus",
        "Zhao et al. 2017 (PSPNet), section 5.1",
    ),
    (
        "Noise",
        "Largest deviation of random noise in every value, 0 to 1, where 1 is white; 0 turns it off. 0.05 is plain to see",
        "Use it where new images are darker or of a cheaper camera",
        "Bishop 1995 on training with noise",
    ),
    (
        "Order",
        "Order of the training images: shuffled each epoch, or that of the list file",
        "Shuffle, unless programs are to be compared step by step",
        "Bottou 2012 (tricks for stochastic gradient descent)",
    ),
    (
        "Rare classes",
        "Draws a class, then an image that has it, then a crop that shows it, instead of each image once an epoch. The number is the temperature: 0.01 draws the rarest classes nearly alone, 1 all classes about alike",
        "Use it where few images have a class; class weights alone help where the images have it, but small",
        "Hoyer et al. 2022 (DAFormer), section 3.2",
    ),
    (
        "Normalization",
        "Normalization of the input: mean and standard deviation of ImageNet as in torchvision, Caffe (BGR, 0 to 255, mean subtracted), or -1 to 1",
        "Take the one that the weights were trained with; random weights learn with any",
        "torchvision; the mean of Caffe's VGG16",
    ),
    (
        "Test size",
        "Width and height to which validation images are resized, 1 to 8192; scores are always computed at the size of the mask",
        "Keep the original size, unless a validation takes too long or too much memory",
        "\"Recipes, settings and scores\" under Help, Documents",
    ),
];
