//! The software driver as a driver of GPUs: with the extension that `CubeCL`'s SPIR-V needs.

#[cfg(feature = "vulkan")]
pub mod reading;

use std::path::Path;
use std::process::{Command, ExitStatus};

/// Set in the process that a test runs in.
const ENTERED: &str = "FCN_WORKBENCH_GPU_TEST";
const NAME: &str = "VK_LAYER_FCN_WORKBENCH_explicit_layout";

/// What the memory of a test's device is like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// As it is shipped: tensors lie behind each other.
    Pooled,
    /// Each tensor lies between pages whose use ends the process.
    Fenced,
}

/// Whether this is the process that a test runs in.
pub fn is_entered() -> bool {
    std::env::var_os(ENTERED).is_some()
}

/// Runs the test of this name again, in a process in which Vulkan's loader finds the layer.
pub fn run(test: &str, memory: Memory) -> ExitStatus {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut program = Command::new(std::env::current_exe().expect("this program"));
    program.args(["--exact", test, "--nocapture"]);
    program.env(ENTERED, "1").current_dir(&folder);
    // What is tuned is seen, and nothing of it is kept.
    program.env("CUBECL_AUTOTUNE_CACHE", "0");
    // The compiler of WGSL needs nothing that software drivers lack.
    if cfg!(feature = "vulkan") {
        build(&folder);
        program.env("VK_LAYER_PATH", &folder);
        program.env("VK_INSTANCE_LAYERS", NAME);
    }
    if memory == Memory::Fenced {
        program.env("FCN_WORKBENCH_FENCE", "1");
        // Each tensor has an allocation of its own.
        let settings = "[memory]\npersistent_memory = \"enforced\"\n";
        std::fs::write(folder.join("cubecl.toml"), settings).expect("settings");
    }
    program.status().expect("this program again")
}

/// Compiles the layer and writes its manifest.
fn build(folder: &Path) {
    let library = folder.join("liblayer.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vulkan_layer/layer.c");
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let output = Command::new(compiler)
        .args(["-O1", "-shared", "-fPIC", "-Wall", "-Wextra", "-o"])
        .args([&library, &source])
        .output()
        .expect("a C compiler, with which Rust links, too");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "layer.c: {said}");
    let manifest = serde_json::json!({
        "file_format_version": "1.1.2",
        "layer": {
            "name": NAME,
            "type": "GLOBAL",
            "library_path": library,
            "api_version": "1.3.0",
            "implementation_version": "1",
            "description": "VK_KHR_workgroup_memory_explicit_layout for software drivers",
        },
    });
    std::fs::write(folder.join("layer.json"), manifest.to_string()).expect("a manifest");
}
