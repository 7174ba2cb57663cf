//! The class lists of public datasets.

use super::{Class, ClassList, voc_color};

/// A class as it was published.
type Published = (&'static str, [u8; 3]);

impl ClassList {
    /// The 21 classes of PASCAL VOC, background included, in their published colors.
    pub fn voc() -> Self {
        let named = |(label, name): (u8, &str)| Class {
            name: name.to_owned(),
            color: voc_color(label),
        };
        Self {
            classes: (0..).zip(VOC_NAMES).map(named).collect(),
        }
    }

    /// The 11 classes of `CamVid` as `SegNet` grouped them, in its colors.
    pub fn camvid() -> Self {
        published(&CAMVID_CLASSES)
    }

    /// The 31 classes of the original `CamVid`, "Void" left out, in the order of its color file.
    pub fn camvid_original() -> Self {
        published(&CAMVID_ORIGINAL)
    }

    /// The 19 classes of Cityscapes that are trained on, in the order of their train ids.
    pub fn cityscapes() -> Self {
        published(&CITYSCAPES)
    }

    /// The three areas of the trimaps of the Oxford-IIIT Pet set.
    pub fn oxford_pets() -> Self {
        published(&OXFORD_PETS)
    }
}

fn published(classes: &[Published]) -> ClassList {
    let named = |(name, color): &Published| Class {
        name: (*name).to_owned(),
        color: *color,
    };
    ClassList {
        classes: classes.iter().map(named).collect(),
    }
}

/// Whether a palette has VOC's colors for VOC's classes.
pub(in crate::dataset) fn is_voc_palette(palette: &[[u8; 3]]) -> bool {
    palette.len() >= VOC_NAMES.len()
        && (0..)
            .zip(VOC_NAMES)
            .all(|(label, _)| palette[usize::from(label)] == voc_color(label))
}

/// The `labelIds` of Cityscapes that are trained on, at the position of their train id; all
/// others are void.
pub(in crate::dataset) const CITYSCAPES_TRAIN_IDS: [u8; 19] = [
    7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33,
];

const VOC_NAMES: [&str; 21] = [
    "background",
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
];

const CAMVID_CLASSES: [Published; 11] = [
    ("Sky", [128, 128, 128]),
    ("Building", [128, 0, 0]),
    ("Pole", [192, 192, 128]),
    ("Road", [128, 64, 128]),
    ("Pavement", [60, 40, 222]),
    ("Tree", [128, 128, 0]),
    ("SignSymbol", [192, 128, 128]),
    ("Fence", [64, 64, 128]),
    ("Car", [64, 0, 128]),
    ("Pedestrian", [64, 64, 0]),
    ("Bicyclist", [0, 128, 192]),
];

const CAMVID_ORIGINAL: [Published; 31] = [
    ("Animal", [64, 128, 64]),
    ("Archway", [192, 0, 128]),
    ("Bicyclist", [0, 128, 192]),
    ("Bridge", [0, 128, 64]),
    ("Building", [128, 0, 0]),
    ("Car", [64, 0, 128]),
    ("CartLuggagePram", [64, 0, 192]),
    ("Child", [192, 128, 64]),
    ("Column_Pole", [192, 192, 128]),
    ("Fence", [64, 64, 128]),
    ("LaneMkgsDriv", [128, 0, 192]),
    ("LaneMkgsNonDriv", [192, 0, 64]),
    ("Misc_Text", [128, 128, 64]),
    ("MotorcycleScooter", [192, 0, 192]),
    ("OtherMoving", [128, 64, 64]),
    ("ParkingBlock", [64, 192, 128]),
    ("Pedestrian", [64, 64, 0]),
    ("Road", [128, 64, 128]),
    ("RoadShoulder", [128, 128, 192]),
    ("Sidewalk", [0, 0, 192]),
    ("SignSymbol", [192, 128, 128]),
    ("Sky", [128, 128, 128]),
    ("SUVPickupTruck", [64, 128, 192]),
    ("TrafficCone", [0, 0, 64]),
    ("TrafficLight", [0, 64, 64]),
    ("Train", [192, 64, 128]),
    ("Tree", [128, 128, 0]),
    ("Truck_Bus", [192, 128, 192]),
    ("Tunnel", [64, 0, 64]),
    ("VegetationMisc", [192, 192, 0]),
    ("Wall", [64, 192, 0]),
];

const CITYSCAPES: [Published; 19] = [
    ("road", [128, 64, 128]),
    ("sidewalk", [244, 35, 232]),
    ("building", [70, 70, 70]),
    ("wall", [102, 102, 156]),
    ("fence", [190, 153, 153]),
    ("pole", [153, 153, 153]),
    ("traffic light", [250, 170, 30]),
    ("traffic sign", [220, 220, 0]),
    ("vegetation", [107, 142, 35]),
    ("terrain", [152, 251, 152]),
    ("sky", [70, 130, 180]),
    ("person", [220, 20, 60]),
    ("rider", [255, 0, 0]),
    ("car", [0, 0, 142]),
    ("truck", [0, 0, 70]),
    ("bus", [0, 60, 100]),
    ("train", [0, 80, 100]),
    ("motorcycle", [0, 0, 230]),
    ("bicycle", [119, 11, 32]),
];

const OXFORD_PETS: [Published; 3] = [
    ("pet", [128, 0, 0]),
    ("background", [0, 0, 0]),
    ("border", [224, 224, 128]),
];
