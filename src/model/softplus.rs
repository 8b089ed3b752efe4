//! Softplus of any number.
//!
//! tract computes `ln(1 + exp(x))` as it stands, which is infinite from x = 89 on.

use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto, tensor_proto};

/// Puts `max(x, 0) + ln(1 + exp(-|x|))` in the place of each Softplus.
pub(super) fn spell_all_out(proto: &mut ModelProto) {
    let Some(graph) = &mut proto.graph else { return };
    let nodes = std::mem::take(&mut graph.node);
    for node in nodes {
        match (node.op_type.as_str(), &node.input[..], &node.output[..]) {
            ("Softplus", [x], [y]) => spell_out(graph, x, y),
            _ => graph.node.push(node),
        }
    }
}

fn spell_out(graph: &mut GraphProto, x: &str, y: &str) {
    let name = |step: &str| format!("{y}/softplus/{step}");
    graph.initializer.push(TensorProto {
        name: name("one"),
        data_type: tensor_proto::DataType::Float as i32,
        float_data: vec![1.0],
        ..Default::default()
    });
    let mut node = |operator: &str, inputs: &[&str], output: &str| {
        graph.node.push(NodeProto {
            op_type: operator.into(),
            name: output.into(),
            input: inputs.iter().map(|input| (*input).into()).collect(),
            output: vec![output.into()],
            ..Default::default()
        });
    };
    let [one, size, negative, small, sum, tail, ramp] =
        ["one", "abs", "negative", "exp", "sum", "log", "ramp"].map(name);
    node("Abs", &[x], &size);
    node("Neg", &[&size], &negative);
    node("Exp", &[&negative], &small);
    node("Add", &[&small, &one], &sum);
    node("Log", &[&sum], &tail);
    node("Relu", &[x], &ramp);
    node("Add", &[&ramp, &tail], y);
}
