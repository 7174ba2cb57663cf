//! JPEGs with colors at half the resolution, as cameras write them, for tests: the encoder of the
//! `image` crate writes none.

/// A baseline JPEG (4:2:0) of blocks of 16x16 pixels. Each has four squares of its own brightness
/// and one color: `level` gives the six values from -128 to 127 of a block.
pub fn halved_colors(columns: u16, rows: u16, level: impl Fn(usize, usize) -> i32) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    let mut segment = |marker: u8, content: &[u8]| {
        let length = u16::try_from(content.len() + 2).expect("short");
        bytes.extend([0xff, marker]);
        bytes.extend(length.to_be_bytes());
        bytes.extend(content);
    };
    // With a step of 8 the first value of a block is its mean.
    segment(0xdb, &[&[0][..], &[8; 64]].concat());
    let [height, width] = [rows, columns].map(|blocks| (blocks * 16).to_be_bytes());
    let channels = [3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0];
    segment(0xc0, &[&[8][..], &height, &width, &channels].concat());
    // Twelve codes of 4 bits for the lengths of the first values, and one code of 1 bit for the end
    // of a block.
    let lengths: Vec<u8> = (0..12).collect();
    let counts = |length: usize, count: u8| {
        let mut counts = [0; 16];
        counts[length - 1] = count;
        counts
    };
    segment(0xc4, &[&[0x00][..], &counts(4, 12), &lengths].concat());
    segment(0xc4, &[&[0x10][..], &counts(1, 1), &[0]].concat());
    segment(0xda, &[3, 1, 0, 2, 0, 3, 0, 0, 63, 0]);
    bytes.extend(stuffed(&data(usize::from(columns * rows), level)));
    bytes.extend([0xff, 0xd9]);
    bytes
}

/// The bits of all blocks.
fn data(blocks: usize, level: impl Fn(usize, usize) -> i32) -> Vec<bool> {
    let mut bits = Vec::new();
    let mut push = |value: i32, count: u32| {
        bits.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
    };
    let mut last = [0; 3];
    for block in 0..blocks {
        for part in 0..6 {
            let channel = [0, 0, 0, 0, 1, 2][part];
            let value = level(block, part);
            let difference = value - last[channel];
            last[channel] = value;
            let length = 32 - difference.unsigned_abs().leading_zeros();
            push(i32::try_from(length).expect("short"), 4);
            // Negative values are stored less one.
            push(difference - i32::from(difference < 0), length);
            push(0, 1);
        }
    }
    bits
}

/// Bits as bytes, filled up with ones; a byte of ones is followed by zero.
fn stuffed(bits: &[bool]) -> Vec<u8> {
    bits.chunks(8)
        .map(|bits| {
            (0..8).fold(0_u8, |byte, at| {
                byte << 1 | u8::from(*bits.get(at).unwrap_or(&true))
            })
        })
        .flat_map(|byte| [Some(byte), (byte == 0xff).then_some(0)])
        .flatten()
        .collect()
}
