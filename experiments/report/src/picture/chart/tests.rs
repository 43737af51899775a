//! What charts draw, read back from their SVG.

use resvg::usvg::roxmltree::{Document, Node};

use super::band::{Band, Bands};
use super::curve::Curve;
use super::forest::{Estimate, Forest};
use super::heat::Heat;
use super::pareto::ParetoFront;
use super::scatter::Scatter;
use crate::picture::axis::Scale;
use crate::picture::canvas::Drawing;

/// Reads a chart back.
fn read<T>(drawing: &Drawing, ask: impl Fn(&[Node<'_, '_>]) -> T) -> T {
    let svg = drawing.standalone(&["protocol: seed 0".into()]);
    let document = Document::parse(&svg).unwrap();
    let nodes: Vec<Node<'_, '_>> = document.descendants().filter(Node::is_element).collect();
    assert!(nodes.iter().any(|node| node.text() == Some("protocol: seed 0")));
    ask(&nodes)
}

fn number(node: &Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).unwrap().parse().unwrap()
}

fn of_class<'a, 'd>(nodes: &[Node<'a, 'd>], tag: &str, class: &str) -> Vec<Node<'a, 'd>> {
    nodes.iter().filter(|node| node.has_tag_name(tag) && node.attribute("class") == Some(class)).copied().collect()
}

fn texts(nodes: &[Node<'_, '_>]) -> String {
    nodes.iter().filter(|node| node.has_tag_name("text")).filter_map(|node| node.text()).collect::<Vec<_>>().join(" | ")
}

#[test]
fn a_forest_puts_every_dot_and_interval_on_one_axis_left_of_the_ceiling() {
    let row = |name: &str, value, interval| Estimate { name: name.into(), value, interval };
    let rows = vec![row("high", Some(0.6), Some([0.5, 0.7])), row("low", Some(-0.2), None), row("none", None, None)];
    let forest = Forest { title: "CIFAR-10".into(), axis: "τ-b".into(), rows, low: -0.2, ceiling: Some(0.9) };
    read(&forest.draw(), |nodes| {
        insta::assert_snapshot!(texts(nodes), @"CIFAR-10 | −0.2 | 0 | 0.2 | 0.4 | 0.6 | 0.8 | 1.0 | τ-b | noise ceiling 0.900 | high | 0.600 [0.500, 0.700] | low | −0.200 | none | undefined | protocol: seed 0");
        let dots: Vec<f64> = of_class(nodes, "circle", "mark").iter().map(|dot| number(dot, "cx")).collect();
        let ceiling = number(&of_class(nodes, "line", "ceiling")[0], "x1");
        let bar = of_class(nodes, "line", "mark")[0];
        let [low, high] = ["x1", "x2"].map(|end| number(&bar, end));
        assert_eq!(dots.len(), 2, "what is undefined has no dot");
        // 0.8 of the axis lie between the dots, 0.3 from the first to the ceiling, 0.1 to either end of its interval.
        let unit = (dots[0] - dots[1]) / 0.8;
        for (found, expected) in [(ceiling - dots[0], 0.3), (dots[0] - low, 0.1), (high - dots[0], 0.1)] {
            assert!((found / unit - expected).abs() < 1e-3, "{found} of {unit}");
        }
    });
}

#[test]
fn a_cloud_has_each_point_at_its_place_in_the_colour_of_its_count() {
    let points = vec![Some([0.0, 10.0]), Some([1.0, 90.0]), None, Some([1.0, 90.0])];
    let across = Scale::over([0.0, 1.0].into_iter()).unwrap();
    let up = Scale::over([10.0, 90.0].into_iter()).unwrap();
    let cloud = Scatter {
        title: "x and C10".into(),
        subtitle: "τ-b 1.000".into(),
        axes: ["x (higher is better)".into(), "C10, %".into()],
        scales: [across, up],
        points,
        operator: "none",
        levels: &[0, 2, 2, 2],
        highest: 2,
    };
    read(&cloud.draw(), |nodes| {
        insta::assert_snapshot!(texts(nodes), @"x and C10 | τ-b 1.000 | 0 | 0.2 | 0.4 | 0.6 | 0.8 | 1.0 | x (higher is better) | 20 | 40 | 60 | 80 | C10, % | count of none: | 0 | 1 | 2 | protocol: seed 0");
        let levels = of_class(nodes, "path", "level");
        // 3 % of room at either side of the plot of 360 by 250 pixels; the same place is drawn once.
        let paths: Vec<&str> = levels.iter().map(|path| path.attribute("d").unwrap()).collect();
        assert_eq!(paths, ["M10-7h0", "", "M350-243h0"]);
        let marks = of_class(nodes, "circle", "level-mark");
        let colours = |nodes: &[Node<'_, '_>], name| nodes.iter().map(|node| node.attribute(name).unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(colours(&levels, "stroke"), colours(&marks, "fill"), "the legend shows the colours of the points");
    });
}

#[test]
fn a_matrix_is_as_strongly_coloured_as_proxies_agree() {
    let names = ["a", "b"].map(str::to_owned);
    let values = [vec![Some(1.0), Some(-0.25)], vec![Some(-0.004), None]];
    read(&Heat { title: "agreement", rows: &names, columns: &names, values: &values }.draw(), |nodes| {
        insta::assert_snapshot!(texts(nodes), @"agreement | a | b | a | 1.00 | −.25 | b | .00 | −1 | 0 | 1 | protocol: seed 0");
        let cells: Vec<(&str, f64)> = nodes
            .iter()
            .filter(|node| node.has_tag_name("rect") && node.attribute("width") == Some("39"))
            .map(|cell| (cell.attribute("fill").unwrap(), number(cell, "fill-opacity")))
            .collect();
        assert_eq!(cells, [("#2166ac", 1.0), ("#c2570c", 0.25), ("#c2570c", 0.0)]);
        assert_eq!(of_class(nodes, "rect", "undefined").len(), 1);
    });
}

#[test]
fn a_search_curve_is_a_staircase_over_the_steps() {
    let readings = vec![Some(3.0), None, Some(1.0), Some(2.0)];
    let best = vec![Some(3.0), Some(3.0), Some(1.0), Some(1.0)];
    let scale = Scale::over([1.0, 2.0, 3.0].into_iter()).unwrap();
    let curve = Curve { title: "κ".into(), axis: "κ (lower is better)".into(), scale, readings, best, found: Some(1.5) };
    read(&curve.draw(), |nodes| {
        insta::assert_snapshot!(texts(nodes), @"κ | 1 | 2 | 3 | 4 | step of the search | 1.0 | 1.5 | 2.0 | 2.5 | 3.0 | κ (lower is better) | each step | best so far | architecture found | protocol: seed 0");
        // The legend has a dot too.
        assert_eq!(of_class(nodes, "circle", "each").len(), 3 + 1);
        let stairs = of_class(nodes, "path", "mark")[0].attribute("d").unwrap();
        let heights: Vec<f64> = stairs.split('V').skip(1).map(|rest| rest.split('H').next().unwrap().parse().unwrap()).collect();
        assert!(heights[0] < heights[1] && heights[1] == heights[2], "a smaller κ stands lower: {stairs}");
    });
}

#[test]
fn a_front_is_a_staircase_from_the_cheapest_to_the_best_and_on_to_the_end() {
    let front = ParetoFront {
        title: "accuracy against latency".into(),
        axes: ["latency (lower is better)".into(), "accuracy (higher is better)".into()],
        scales: [Scale::linear(0.0, 4.0), Scale::linear(0.0, 100.0)],
        points: vec![[1.0, 50.0], [2.0, 40.0], [3.0, 90.0]],
        front: vec![[1.0, 50.0], [3.0, 90.0]],
        found: Some([3.0, 90.0]),
    };
    read(&front.draw(), |nodes| {
        insta::assert_snapshot!(texts(nodes), @"accuracy against latency | 0 | 0.5 | 1.0 | 1.5 | 2.0 | 2.5 | 3.0 | 3.5 | 4.0 | latency (lower is better) | 0 | 20 | 40 | 60 | 80 | 100 | accuracy (higher is better) | evaluated | Pareto front | architecture found | protocol: seed 0");
        // The legend has one of each too.
        let count = |class| of_class(nodes, "circle", class).len();
        assert_eq!([count("each"), count("mark"), count("ceiling")], [3 + 1, 2 + 1, 1 + 1]);
        let stairs = of_class(nodes, "path", "mark")[0].attribute("d").unwrap();
        let parts: Vec<f64> =
            stairs.split(['M', ' ', 'H', 'V']).filter(|part| !part.is_empty()).map(|part| part.parse().unwrap()).collect();
        let [x1, y1, x2, y2, end] = parts[..] else { panic!("{stairs}") };
        // A quarter, three quarters and all of 360 pixels; half and nine tenths of 240.
        assert_eq!(([x2 - x1, end - x2], y1 - y2), ([180.0, 90.0], 96.0));
    });
}

#[test]
fn lines_pass_through_their_points_and_only_what_has_a_deviation_has_a_band() {
    let band = |name: &str, deviation| Band { name: name.into(), points: vec![(1.0, 30.0, deviation), (2.0, 10.0, deviation)] };
    let draw = |bands: Vec<Band>| {
        let scales = [Scale::counting(2), Scale::linear(0.0, 40.0)];
        Bands { title: "error".into(), axes: ["epoch".into(), "%".into()], scales, bands }.draw()
    };
    read(&draw(vec![band("training", 0.0), band("test", 0.0)]), |nodes| {
        insta::assert_snapshot!(texts(nodes), @"error | 1 | 2 | epoch | 0 | 10 | 20 | 30 | 40 | % | training | test | protocol: seed 0");
        assert!(of_class(nodes, "path", "level-mark").is_empty());
        let lines = of_class(nodes, "path", "level");
        // Two lines with their marks in the legend; a quarter and three quarters of the plot of 400 by 230 pixels.
        let paths: Vec<&str> = lines.iter().map(|line| line.attribute("d").unwrap()).collect();
        assert_eq!(paths[0], paths[2]);
        let numbers: Vec<f64> = paths[0].split(['M', 'L', ' ']).filter(|text| !text.is_empty()).map(|text| text.parse().unwrap()).collect();
        assert_eq!((numbers[2] - numbers[0], numbers[3] - numbers[1]), (200.0, 115.0));
    });
    let alone = Band { name: "one epoch".into(), points: vec![(1.0, 30.0, 0.0)] };
    read(&draw(vec![alone]), |nodes| {
        let dot = of_class(nodes, "path", "level")[0];
        assert!(dot.attribute("d").unwrap().ends_with("h0") && dot.attribute("stroke-linecap") == Some("round"), "one point is a dot");
    });
    read(&draw(vec![band("search", 2.0)]), |nodes| assert_eq!(of_class(nodes, "path", "level-mark").len(), 1));
}
