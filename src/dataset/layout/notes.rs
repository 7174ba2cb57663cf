//! What was found, and what was assumed, while a dataset was opened.

use serde::Serialize;

/// What a [`Note`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
pub enum NoteTopic {
    /// Where the names of the classes come from.
    #[strum(to_string = "class names")]
    ClassNames,
    /// Where the colors of the classes come from.
    #[strum(to_string = "class colors")]
    ClassColors,
    /// Which labels of the masks are void.
    #[strum(to_string = "void labels")]
    Void,
    /// Which images are trained on and which are validated on.
    #[strum(to_string = "split")]
    Split,
    /// How images and masks were put together.
    #[strum(to_string = "pairs")]
    Pairing,
    /// How images become 8-bit RGB.
    #[strum(to_string = "images")]
    Images,
    /// Anything else about the files.
    #[strum(to_string = "files")]
    Files,
}

/// One thing about a dataset that its files say, or that was assumed since they do not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What it is about.
    pub topic: NoteTopic,
    /// One sentence for people, without the topic and without a period at its end.
    pub text: String,
    /// Whether nothing in the dataset says so; people should confirm it.
    pub assumed: bool,
}

impl Note {
    /// Something that a file or a folder of the dataset says.
    pub fn found(topic: NoteTopic, text: impl Into<String>) -> Self {
        Self {
            topic,
            text: text.into(),
            assumed: false,
        }
    }

    /// Something that was taken for granted.
    pub fn assumed(topic: NoteTopic, text: impl Into<String>) -> Self {
        Self {
            topic,
            text: text.into(),
            assumed: true,
        }
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.topic, self.text)
    }
}
