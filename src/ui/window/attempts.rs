//! The ways in which the window can be opened on Linux, the likeliest first.

use std::ffi::OsString;
use std::fmt;

/// What draws the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Vulkan,
    OpenGl,
}

/// What the window is shown by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Desktop {
    Wayland,
    X11,
}

/// A way to open the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    pub desktop: Desktop,
    /// `None` = what people have chosen with `WGPU_BACKEND`.
    pub backend: Option<Backend>,
}

impl Attempt {
    /// Variables of the environment that ask for it; those without a value are removed.
    pub fn variables(self) -> Vec<(&'static str, Option<&'static str>)> {
        let mut variables = Vec::new();
        if self.desktop == Desktop::X11 {
            variables.push(("WAYLAND_DISPLAY", None));
        }
        match self.backend {
            Some(Backend::Vulkan) => variables.push(("WGPU_BACKEND", Some("vulkan"))),
            Some(Backend::OpenGl) => variables.push(("WGPU_BACKEND", Some("gl"))),
            None => {}
        }
        variables
    }
}

/// `Vulkan on X11`
impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let desktop = match self.desktop {
            Desktop::Wayland => "Wayland",
            Desktop::X11 => "X11",
        };
        match self.backend {
            Some(Backend::Vulkan) => write!(f, "Vulkan on {desktop}"),
            Some(Backend::OpenGl) => write!(f, "OpenGL on {desktop}"),
            None => write!(f, "{desktop}"),
        }
    }
}

/// What is to be tried with these variables of the environment: Vulkan, then OpenGL, and where
/// Wayland fails the same on X11. Nothing without a desktop.
pub fn attempts(variable: impl Fn(&str) -> Option<OsString>) -> Vec<Attempt> {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let mut desktops = Vec::new();
    if is_set("WAYLAND_DISPLAY") || is_set("WAYLAND_SOCKET") {
        desktops.push(Desktop::Wayland);
    }
    if is_set("DISPLAY") {
        desktops.push(Desktop::X11);
    }
    let backends = if is_set("WGPU_BACKEND") {
        vec![None]
    } else {
        vec![Some(Backend::Vulkan), Some(Backend::OpenGl)]
    };
    let of = |desktop: Desktop| {
        let with = move |backend: &Option<Backend>| Attempt {
            desktop,
            backend: *backend,
        };
        backends.iter().map(with).collect::<Vec<_>>()
    };
    desktops.into_iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(set: &[(&str, &str)]) -> Vec<String> {
        let value = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        attempts(value).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn vulkan_comes_before_opengl_and_wayland_before_x11() {
        assert_eq!(
            tried(&[("WAYLAND_DISPLAY", "wayland-0"), ("DISPLAY", ":0")]),
            [
                "Vulkan on Wayland",
                "OpenGL on Wayland",
                "Vulkan on X11",
                "OpenGL on X11"
            ]
        );
        assert_eq!(
            tried(&[("DISPLAY", ":1")]),
            ["Vulkan on X11", "OpenGL on X11"]
        );
        assert_eq!(tried(&[("DISPLAY", "")]), [] as [String; 0]);
    }

    #[test]
    fn who_has_chosen_a_backend_gets_that_one_alone() {
        let set = [("DISPLAY", ":0"), ("WGPU_BACKEND", "gl")];
        assert_eq!(tried(&set), ["X11"]);
        let attempt = attempts(|name| {
            set.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value.into())
        });
        assert_eq!(attempt[0].variables(), [("WAYLAND_DISPLAY", None)]);
    }
}
