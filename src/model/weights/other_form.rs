//! Weights in forms that cannot be read, by what a file begins with or what its reader says; each with what
//! to do.

const SCRIPT: &str = "this is a TorchScript archive (`torch.jit.save`), a program with its weights, which is not run \
                      here. Write its weights alone: `torch.save(torch.jit.load(FILE).state_dict(), NEW)`";

/// What a file is that begins so, and what to do; `None` = it may be weights.
pub(super) fn by_start(start: &[u8]) -> Option<&'static str> {
    let has = |part: &[u8]| start.windows(part.len()).any(|window| window == part);
    if !start.starts_with(b"PK") {
        return None;
    }
    // The pickle of such an archive begins with the class of the network.
    if has(b"__torch__") {
        return Some(SCRIPT);
    }
    let exported = [
        &b"/data/weights/weight_"[..],
        b"/archive_format",
        b"/models/model.json",
    ];
    exported.iter().any(|part| has(part)).then_some(
        "this is a program of `torch.export` with its weights, which is not run here. Write its weights alone: \
         `torch.save(dict(torch.export.load(FILE).state_dict), NEW)`",
    )
}

/// What is wrong with a file of which its reader says so, and what to do; `None` = it is damaged or no
/// weights.
pub(super) fn by_reader(said: &str) -> Option<String> {
    // The class of its network, where the archive does not begin with it.
    if said.contains("'__torch__.") {
        return Some(SCRIPT.to_owned());
    }
    let mut words = said.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_small = |word: &str| {
        let starts = ["float8_", "float4_", "F8_", "F6_"];
        word == "F4" || starts.iter().any(|start| word.starts_with(start))
    };
    if let Some(dtype) = words.find(|word| is_small(word)) {
        return Some(format!(
            "weights are stored in 8 bits or less ({dtype}), of which the scale is another tensor or none. Save them as \
             32-bit or 16-bit floats, multiplied by their scales where they have some"
        ));
    }
    let quantized = [
        "QInt8Storage",
        "QUInt8Storage",
        "QInt32Storage",
        "_rebuild_qtensor",
    ];
    quantized.iter().any(|form| said.contains(form)).then(|| {
        "weights are quantized to whole numbers. Save the network as it was before, with weights in 32-bit or 16-bit \
         floats"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pytorch_writes_beside_state_dicts_is_named() {
        // Beginnings of files of torch.jit.save and torch.export.save.
        let script = b"PK\x03\x04\0\0\x08\x08jit/data.pklFB\0ZZ\x80\x02c__torch__.torch.nn.modules.conv\nConv2d\n";
        assert!(by_start(script).is_some_and(|text| text.contains("torch.jit.load")));
        let exported = b"PK\x03\x04\0\0\x08\x08exported/data/weights/weight_0FB\0";
        assert!(by_start(exported).is_some_and(|text| text.contains("torch.export.load")));
        let class =
            "pickle: unsupported Python type '__torch__.torch.nn.modules.conv.Conv2d'. The file";
        assert!(by_reader(class).is_some_and(|text| text.contains("torch.jit.load")));
        let plain = b"PK\x03\x04\0\0\x08\x08net/data.pklFB\0ZZ\x80\x02}q\0(X\x04";
        assert_eq!(by_start(plain), None);
        assert_eq!(by_start(b"__torch__ in a text"), None);
    }

    #[test]
    fn small_floats_and_whole_numbers_are_named() {
        let said = |text: &str| by_reader(text).unwrap_or_default();
        let pickle = "pickle: unsupported Python type 'torch.float8_e4m3fn'. The file holds";
        assert!(said(pickle).contains("(float8_e4m3fn)"), "{}", said(pickle));
        assert!(said("Unsupported dtype: F8_E4M3").contains("(F8_E4M3)"));
        let quantized = "pickle: unsupported Python type 'torch.QInt8Storage'.";
        assert!(said(quantized).contains("quantized"));
        for other in [
            "zip archive error: invalid Zip archive",
            "unexpected bytes 0xF4A0",
        ] {
            assert_eq!(by_reader(other), None, "{other}");
        }
    }
}
