//! From a block's lowest coefficients to its pixels (ITU T.81, A.3.3, for fewer than eight of them).

/// `C(u) cos((2x + 1) u π / 2n)`, times 2^13, in rows of `x`, for n = 1, 2 and 4.
const ONE: [i32; 1] = [5793];
const TWO: [i32; 4] = [5793, 5793, 5793, -5793];
const FOUR: [i32; 16] =
    [5793, 7568, 5793, 3135, 5793, 3135, -5793, -7568, 5793, -3135, -5793, 7568, 5793, -7568, 5793, -3135];

/// Makes `side` × `side` pixels of a block's kept coefficients, and puts them in their place of a
/// plane that is so many blocks wide. `table` is in the order of the block.
pub(super) fn transform(
    side: usize,
    kept: &[i16],
    table: &[i32; 64],
    (plane, across, (x, y)): (&mut [u8], usize, (usize, usize)),
) {
    let stride = across * side;
    let from = y * side * stride + x * side;
    let mut rows = plane.get_mut(from..).unwrap_or_default().chunks_mut(stride).take(side);
    let flat = kept.iter().skip(1).all(|coefficient| *coefficient == 0);
    if flat {
        let grey = pixel((i32::from(kept[0]) * table[0]) >> 3);
        return rows.for_each(|row| row.iter_mut().take(side).for_each(|pixel| *pixel = grey));
    }
    let waves: &[i32] = match side {
        1 => &ONE,
        2 => &TWO,
        _ => &FOUR,
    };
    // Along the rows first: `half[v][x]`; the sums stay below 2^31 for every coefficient a file may have.
    let mut half = [0_i64; 16];
    for v in 0..side {
        for at in 0..side {
            let sum: i64 = (0..side)
                .map(|u| i64::from(kept[v * side + u]) * i64::from(table[v * 8 + u]) * i64::from(waves[at * side + u]))
                .sum();
            half[v * side + at] = sum;
        }
    }
    for down in 0..side {
        let Some(row) = rows.next() else { return };
        for (at, out) in row.iter_mut().take(side).enumerate() {
            let sum: i64 = (0..side).map(|v| half[v * side + at] * i64::from(waves[down * side + v])).sum();
            // A quarter, and twice 2^13.
            *out = pixel(i32::try_from((sum + (1 << 27)) >> 28).unwrap_or_default());
        }
    }
}

fn pixel(value: i32) -> u8 {
    u8::try_from(value.saturating_add(128).clamp(0, 255)).unwrap_or(u8::MAX)
}
