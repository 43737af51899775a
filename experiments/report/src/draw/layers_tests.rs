//! Whatever the cell, nothing stands on anything else.

use proptest::prelude::*;

use super::*;

fn overlap(one: [[f64; 2]; 2], other: [[f64; 2]; 2]) -> bool {
    (0..2).all(|axis| (one[0][axis] - other[0][axis]).abs() < (one[1][axis] + other[1][axis]) / 2.0 - 1e-6)
}

/// An edge, and what stands on it.
type Edge = ([usize; 2], Option<[f64; 2]>);

/// Cells of up to seven nodes, each of which some earlier nodes lead to, and what stands on their edges.
fn cells() -> impl Strategy<Value = (usize, Vec<Edge>)> {
    (2usize..8).prop_flat_map(|nodes| {
        let pairs: Vec<[usize; 2]> = (1..nodes).flat_map(|to| (0..to).map(move |from| [from, to])).collect();
        let link = (any::<bool>(), prop::option::of((20.0..120.0, 10.0..24.0).prop_map(|(width, height)| [width, height])));
        prop::collection::vec(link, pairs.len()).prop_map(move |links| {
            let kept = pairs.iter().zip(links).filter(|(_, (is_kept, _))| *is_kept);
            (nodes, kept.map(|(ends, (_, label))| (*ends, label)).collect())
        })
    })
}

proptest! {
    #[test]
    fn nodes_labels_and_lines_keep_apart((nodes, links) in cells()) {
        let sizes = vec![[30.0, 30.0]; nodes];
        let links: Vec<Link> = links.into_iter().map(|(ends, label)| Link { ends, label }).collect();
        let placed = place(&sizes, &links);
        let mut boxes: Vec<[[f64; 2]; 2]> = placed.nodes.iter().zip(&sizes).map(|(at, size)| [*at, *size]).collect();
        for (link, course) in links.iter().zip(&placed.links) {
            prop_assert_eq!(link.label.is_some(), course.label.is_some());
            boxes.extend(course.label.zip(link.label).map(|(at, size)| [at, size]));
        }
        for (position, one) in boxes.iter().enumerate() {
            prop_assert!(boxes[..position].iter().all(|other| !overlap(*one, *other)));
            let [at, size] = one;
            for ((middle, length), whole) in at.iter().zip(size).zip(&placed.size) {
                prop_assert!(middle - length / 2.0 >= -1e-6 && middle + length / 2.0 <= whole + 1e-6);
            }
        }
        // A line passes a column beside what stands there.
        for (position, course) in placed.links.iter().enumerate() {
            for [from, to] in course.lines.iter().flatten() {
                prop_assert!(from[0] <= to[0] + 1e-9 && from[1] == to[1]);
                let middle = [(from[0] + to[0]) / 2.0, from[1]];
                let piece = [middle, [to[0] - from[0], 0.0]];
                for other in &boxes {
                    prop_assert!(!overlap(piece, *other), "link {position} runs through {other:?}");
                }
            }
        }
        for (link, course) in links.iter().zip(&placed.links) {
            let [from, to] = link.ends.map(|node| placed.nodes[node]);
            prop_assert!(from[0] < to[0], "edges lead to the right");
            prop_assert_eq!(course.lines.len(), 1 + usize::from(link.label.is_some()));
            let ends = [course.lines[0][0][0], course.lines[course.lines.len() - 1].last().unwrap()[1]];
            let expected = [[from[0] + 15.0, from[1]], [to[0] - 15.0, to[1]]];
            prop_assert!(ends.iter().flatten().zip(expected.iter().flatten()).all(|(one, other)| (one - other).abs() < 1e-9));
        }
    }

    #[test]
    fn the_nearest_values_that_do_not_descend_do_not_and_keep_their_sum(values in prop::collection::vec(-100.0..100.0f64, 0..12)) {
        let nearest = ascending(&values);
        prop_assert!(nearest.windows(2).all(|pair| pair[0] <= pair[1]));
        prop_assert!((nearest.iter().sum::<f64>() - values.iter().sum::<f64>()).abs() < 1e-9);
        let mut sorted = values;
        sorted.sort_by(f64::total_cmp);
        prop_assert_eq!(ascending(&sorted), sorted);
    }
}

#[test]
fn a_chain_is_a_straight_line() {
    let links = [0, 1, 2].map(|from| Link { ends: [from, from + 1], label: Some([50.0, 16.0]) });
    let placed = place(&[[30.0, 30.0]; 4], &links);
    assert!(placed.nodes.iter().all(|[_, y]| *y == 15.0));
    assert_eq!(placed.size, [4.0 * 30.0 + 3.0 * 50.0 + 6.0 * GUTTER, 30.0]);
}
