//! NaN that stays NaN.
//!
//! Of a NaN the runtime makes the number 0 by Relu, a bound by Clip, 0.0000004 by Sigmoid: what the graph cannot tell of an ion would
//! be told by a plausible number. ONNX, and the programs that graphs come from, give NaN.

use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, tensor_proto};
use tract_onnx::prelude::TractResult;
use tract_onnx::tract_core::internal::bail;

use super::bounds;

/// Operators of which the runtime was seen to make numbers of NaN, and those that it may join to a product.
const DROPPING: [&str; 14] = [
    "Celu",
    "Clip",
    "HardSigmoid",
    "HardSwish",
    "LeakyRelu",
    "Max",
    "Min",
    "PRelu",
    "ReduceMax",
    "ReduceMin",
    "Relu",
    "Sigmoid",
    "Swish",
    "Tanh",
];

/// Puts `Where(x == x, f(x), x)` in the place of each `f(x)` that drops NaN, where its x may be NaN for features that are
/// numbers.
///
/// Graphs whose numbers stay within float32 stay as they are.
///
/// # Errors
/// A cast to whole numbers of what may be NaN.
pub(super) fn keep(proto: &mut ModelProto) -> TractResult<()> {
    let Some(graph) = &mut proto.graph else { return Ok(()) };
    let nodes = std::mem::take(&mut graph.node);
    let certain = bounds::certain(graph, &nodes);
    let mut zero = false;
    for mut node in nodes {
        let doubtful: Vec<String> =
            node.input.iter().filter(|name| !name.is_empty() && !certain.contains(*name)).cloned().collect();
        let drops = !doubtful.is_empty() && DROPPING.contains(&node.op_type.as_str());
        if let ([output], true) = (&mut node.output[..], drops) {
            let end = std::mem::replace(output, format!("{output}/numbers"));
            zero |= guard(graph, node, &doubtful, &end);
            continue;
        }
        if !doubtful.is_empty() && casts_to_integers(&node) {
            bail!(
                "its node '{}' casts to whole numbers what may be no number (NaN), and would make one of it; leave the cast out",
                node.name
            );
        }
        graph.node.push(node);
    }
    if zero {
        graph.initializer.push(TensorProto {
            name: ZERO.into(),
            data_type: tensor_proto::DataType::Float as i32,
            float_data: vec![0.0],
            ..Default::default()
        });
    }
    Ok(())
}

/// Whether a node casts to a type that has no NaN.
fn casts_to_integers(node: &NodeProto) -> bool {
    use tensor_proto::DataType::{self, Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64};
    let to = node.attribute.iter().find(|attribute| attribute.name == "to").map(|attribute| attribute.i as i32);
    let integer = |to| matches!(to, Int8 | Int16 | Int32 | Int64 | Uint8 | Uint16 | Uint32 | Uint64);
    node.op_type == "Cast" && to.and_then(|to| DataType::try_from(to).ok()).is_some_and(integer)
}

/// Name of the constant that reductions need.
const ZERO: &str = "ionscape/nan/zero";

/// Adds a node, and behind it what gives `end` its output, or NaN where one of its doubtful inputs is; whether it needs [`ZERO`].
fn guard(graph: &mut GraphProto, node: NodeProto, doubtful: &[String], end: &str) -> bool {
    let mut value = node.output[0].clone();
    let reduction = node.op_type.starts_with("Reduce").then(|| (node.input[1..].to_vec(), node.attribute.clone()));
    graph.node.push(node);
    for (k, x) in doubtful.iter().enumerate() {
        let next = if k + 1 == doubtful.len() { end.to_string() } else { format!("{end}/{k}") };
        let [same, zero, marks, mean] = ["same", "zero", "marks", "mean"].map(|name| format!("{next}/{name}"));
        push(graph, "Equal", &[x, x], &same, vec![]);
        if let Some((axes, attributes)) = &reduction {
            // A mean over the same axes, of zeros and of what is NaN.
            push(graph, "CastLike", &[ZERO, x], &zero, vec![]);
            push(graph, "Where", &[&same, &zero, x], &marks, vec![]);
            let inputs: Vec<&str> = std::iter::once(marks.as_str()).chain(axes.iter().map(String::as_str)).collect();
            push(graph, "ReduceMean", &inputs, &mean, attributes.clone());
            push(graph, "Add", &[&value, &mean], &next, vec![]);
        } else {
            push(graph, "Where", &[&same, &value, x], &next, vec![]);
        }
        value = next;
    }
    reduction.is_some()
}

/// Adds a node whose name no node of the file has.
fn push(graph: &mut GraphProto, operator: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>) {
    graph.node.push(NodeProto {
        op_type: operator.into(),
        name: format!("ionscape/nan/{output}"),
        input: inputs.iter().map(|input| (*input).into()).collect(),
        output: vec![output.into()],
        attribute,
        ..Default::default()
    });
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use prost::Message;

    use super::*;
    use crate::model::{GraphBuilder, INPUT, Model, OUTPUT};

    const BASELINE: &[u8] = include_bytes!("../../examples/models/baseline.onnx");

    /// A model of the sum of two features.
    fn file(nodes: &[(&str, &[&str], &str)]) -> Vec<u8> {
        let mut metadata = Model::from_bytes("baseline.onnx", BASELINE).unwrap().metadata().clone();
        metadata.domain = None;
        let mut graph = GraphBuilder::default();
        graph.matrix("ones", array![[1.0], [1.0]].view());
        graph.scalar("half", 0.5);
        graph.scalar("many", 50.0);
        graph.scalar("two", 2.0);
        graph.scalar("huge", 1e30);
        graph.node("MatMul", &[INPUT, "ones"], "sum");
        nodes.iter().for_each(|(operator, inputs, output)| graph.node(operator, inputs, output));
        graph.finish(2, 1, &metadata).unwrap()
    }

    #[test]
    fn what_is_nan_within_a_graph_is_no_number_at_its_end() {
        let functions: [(&str, &[&str], f32); 11] = [
            ("Relu", &["root"], 2.0),
            ("LeakyRelu", &["root"], 2.0),
            ("PRelu", &["root", "half"], 2.0),
            ("Sigmoid", &["root"], 0.880797),
            ("HardSigmoid", &["root"], 0.9),
            ("HardSwish", &["root"], 5.0 / 3.0),
            ("Tanh", &["root"], 0.9640276),
            ("Celu", &["root"], 2.0),
            ("Clip", &["root", "half", "many"], 2.0),
            ("Max", &["half", "root", "half"], 2.0),
            ("Min", &["root", "many"], 2.0),
        ];
        for (operator, inputs, expected) in functions {
            let file = file(&[("Sqrt", &["sum"], "root"), (operator, inputs, OUTPUT)]);
            let model = Model::from_bytes("root.onnx", &file).unwrap();
            let value = model.predict(array![[1.0, 3.0]].view()).unwrap()[(0, 0)];
            assert!((value - expected).abs() < 1e-5, "{operator}: {value}");
            let message = model.predict(array![[1.0, 3.0], [-1.0, -3.0]].view()).unwrap_err().to_string();
            assert!(message.contains("member 0 gives NaN for finite features"), "{operator}: {message}");
        }
    }

    #[test]
    fn nan_that_the_graph_itself_replaces_is_no_failure() {
        let guarded: &[(&str, &[&str], &str)] = &[
            ("Sqrt", &["sum"], "root"),
            ("Relu", &["root"], "ramp"),
            ("Greater", &["sum", "half"], "above"),
            ("Where", &["above", "ramp", "half"], OUTPUT),
        ];
        let model = Model::from_bytes("guarded.onnx", &file(guarded)).unwrap();
        assert_eq!(model.predict(array![[1.0, 3.0], [-1.0, -3.0]].view()).unwrap(), array![[2.0], [0.5]]);
    }

    #[test]
    fn features_that_are_no_numbers_have_no_value() {
        let model = Model::from_bytes("tanh.onnx", &file(&[("Tanh", &["sum"], OUTPUT)])).unwrap();
        for x in [f32::NAN, f32::INFINITY] {
            let message = model.predict(array![[1.0, 3.0], [x, 3.0]].view()).unwrap_err().to_string();
            assert!(message.contains("member 0 gives NaN for non-finite features"), "{message}");
        }
    }

    #[test]
    fn numbers_that_leave_float32_are_no_numbers_at_the_end() {
        let difference: &[(&str, &[&str], &str)] = &[
            ("Mul", &["sum", "huge"], "large"),
            ("Mul", &["large", "large"], "larger"),
            ("Sub", &["larger", "larger"], "nothing"),
            ("Relu", &["nothing"], OUTPUT),
        ];
        let model = Model::from_bytes("difference.onnx", &file(difference)).unwrap();
        assert_eq!(model.predict(array![[1e-20, 0.0]].view()).unwrap(), array![[0.0]]);
        let message = model.predict(array![[1e-20, 0.0], [1.0, 3.0]].view()).unwrap_err().to_string();
        assert!(message.contains("member 0 gives NaN for finite features"), "{message}");
    }

    #[test]
    fn graphs_that_make_no_nan_stay_as_they_are() {
        let scaled: &[(&str, &[&str], &str)] = &[
            ("Div", &["sum", "many"], "scaled"),
            ("Pow", &["scaled", "two"], "square"),
            ("Tanh", &["square"], "a"),
            ("Exp", &["a"], "b"),
            ("Relu", &["b"], OUTPUT),
        ];
        let guarded: &[(&str, &[&str], &str)] = &[("Div", &["many", "sum"], "inverse"), ("Relu", &["inverse"], OUTPUT)];
        for (nodes, same) in [(scaled, true), (guarded, false)] {
            let before = ModelProto::decode(&file(nodes)[..]).unwrap();
            let mut after = before.clone();
            keep(&mut after).unwrap();
            assert_eq!(before == after, same);
        }
    }

    #[test]
    fn models_that_come_with_it_stay_as_they_are() {
        for entry in std::fs::read_dir("examples/models").unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "onnx") {
                let before = ModelProto::decode(&std::fs::read(&path).unwrap()[..]).unwrap();
                let mut after = before.clone();
                keep(&mut after).unwrap();
                assert!(before == after, "{}", path.display());
            }
        }
    }
}
