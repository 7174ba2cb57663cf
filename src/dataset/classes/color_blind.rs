//! Colors of classes that color-blind people can tell apart, for class maps and for the window.

/// The colors by label, as hexadecimal digits of red, green and blue in steps of 17.
///
/// Of all such colors each is the one that is farthest from those before it, for people with
/// normal sight, deuteranopes and protanopes alike (Machado, Oliveira and Fernandes 2009; CIE
/// L*a*b*). All are far from white, from the color of void and from the marks of errors and
/// disagreement. The first is black, as in VOC; no other is nearly as dark.
const COLOR_BLIND: &str = "\
     00000fb5ba7846faf86df9135a60577af75070bff6f8ce6063968fac73658b9b3cbb434fb080f3a743aacfa686\
     0ee569bb8f6d5b5fc6842facb0d9573be50df5a906ebb890d95772cd93536e665b945df79fd39a47f09c79fe78\
     abd81d73b96545f998c866b186305677d468baaae89da65dafbff9a0a7667cfa49cf56ed9794ef7ff03f693897\
     b0009464949d064f2d67b9070e49779349a3a7bab7eb99756e09c6ce79abee675680a89b3587fcb66acde9e34c\
     e99c7edf4c97a50736eab96996826ac1a47ac759898a48ea27c36237735473767406c79533cac5ff8d98d6cdc8\
     a5e853f9cb6ec899fe4c03cc50ebba8ad3ce54e83155e43b5debd73516d9af97bf8734e579e4b86456c45877ec\
     7578b68eb1d5a726750c543e3a1d4a914a3be3c7625f7aca82899a05db4b894f8b9d3dda7884e75b788c17d9d8\
     b87c50e8d2b3092fe8a393bc999be9b1cce5d8cc74563e1df98e7e678f5fa0253ab8b7551ddfe9966055910a4a\
     a62ad49f67bacd534986f85e2ad6703d768a04d987";

/// The color of a label of a class; black for the others.
pub fn color_blind(label: u8) -> [u8; 3] {
    [0, 1, 2].map(|channel| {
        let digit = COLOR_BLIND.as_bytes().get(3 * usize::from(label) + channel);
        let value = digit.and_then(|digit| char::from(*digit).to_digit(16));
        value
            .and_then(|value| u8::try_from(17 * value).ok())
            .unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte but the two for void.
    const MOST: usize = 254;

    #[test]
    fn every_label_has_a_color_of_its_own() {
        let mut colors: Vec<_> = (0..=u8::MAX).take(MOST).map(color_blind).collect();
        assert_eq!(COLOR_BLIND.len(), 3 * MOST);
        assert_eq!((colors[0], colors[1]), ([0, 0, 0], [0, 0, 255]));
        colors.sort_unstable();
        colors.dedup();
        assert_eq!(colors.len(), MOST);
    }
}
